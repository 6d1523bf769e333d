/** The facts that the kernel room stands on, each shown on a real kernel with captures. */
import { lost, manyPairs, update } from './proofs-cache.js';
import { errands, guarded, unmarked } from './proofs-guard.js';
import { burst, clear, deny, firstPacket } from './proofs-hold.js';
import { ownSide } from './proofs-routes.js';
import {
  carries,
  cbcStates,
  crossFamily,
  foreign,
  ingress,
  kinds,
  limited,
  rekey,
  renewal,
  shapes,
  stop,
} from './proofs-tunnel.js';
import type { Proof } from './stage.js';

export const proofs: Record<string, Proof> = {
  'hold forwarded masqueraded IPv4': firstPacket('alice', 4, true),
  'hold forwarded routed IPv4': firstPacket('alice', 4, false),
  'hold own IPv4': firstPacket('gwa', 4, false),
  'hold own masqueraded IPv4': firstPacket('gwa', 4, true),
  'hold forwarded masqueraded IPv6': firstPacket('alice', 6, true),
  'hold forwarded routed IPv6': firstPacket('alice', 6, false),
  'hold own IPv6': firstPacket('gwa', 6, false),
  'burst forwarded masqueraded IPv4': burst('alice', 4, true),
  'burst forwarded routed IPv6': burst('alice', 6, false),
  'burst own IPv4': burst('gwa', 4, false),
  'clear forwarded IPv4': clear('alice', 4),
  'clear own IPv6': clear('gwa', 6),
  'deny forwarded IPv4': deny('alice', 4),
  'deny forwarded IPv6': deny('alice', 6),
  'deny own IPv4': deny('gwa', 4),
  'guard masqueraded IPv4': guarded('alice', 4, true, false),
  'guard masqueraded IPv4, wrong prediction': guarded('alice', 4, true, true),
  'guard routed IPv4': guarded('alice', 4, false, false),
  'guard routed IPv6, wrong prediction': guarded('alice', 6, false, true),
  'guard own IPv4': guarded('gwa', 4, false, false),
  'guard own IPv6': guarded('gwa', 6, false, false),
  'errands of the router IPv4': errands(4),
  'errands of the router IPv6': errands(6),
  'no mark leaves': unmarked,
  'OE-157 inner source outside the selector is dropped and counted': ingress,
  'kinds of states': kinds,
  'ESP with extended sequence numbers': carries(4, { extendedSequence: true }),
  'ESP with AES-CBC, SHA-384 and extended sequence numbers': carries(4, {
    extendedSequence: true,
    ...cbcStates('sha384', 192, 48),
  }),
  'ESP with AES-CBC and SHA-512': carries(4, cbcStates('sha512', 256, 64)),
  'ESP with AES-CBC and SHA-1': carries(4, cbcStates('sha1', 96, 20)),
  'one SA for several shapes of traffic': shapes,
  'transport mode IPv4': carries(4, { mode: 'transport', extendedSequence: true }),
  'transport mode IPv6': carries(6, { mode: 'transport' }),
  'tunnel IPv4 in IPv6': crossFamily(6, 4),
  'tunnel IPv6 in IPv4': crossFamily(4, 6),
  'renewal without loss, and last use': renewal,
  'OE-131 after a rekey, what leaves carries the SPI of the younger SA': rekey,
  'OE-19 a limit of packets is told, and nothing goes clear behind it': limited({
    softPackets: 3,
    hardPackets: 12,
  }),
  'OE-19 a limit of bytes is told, and nothing goes clear behind it': limited({
    softBytes: 300,
    hardBytes: 1200,
  }),
  'OE-19 a limit of time is told, and nothing goes clear behind it': limited({
    softSeconds: 2,
    hardSeconds: 5,
  }),
  'configured policy seen and kept': foreign,
  'table removed by others comes back': lost,
  'own side': ownSide,
  'many pairs': manyPairs,
  'update keeps pairs': update,
  'stop leaves nothing of ours': stop,
};

/** Parts of the names of those that `npm run rare` runs: what no scenario of the lab shows, and the last one. */
export const briefly = [
  'OE-157',
  'OE-19',
  'wrong prediction',
  'configured',
  'table removed',
  'stop leaves',
];
