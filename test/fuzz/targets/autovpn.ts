/** Probes of AutoVPN, as bytes and as messages that a gateway gets. */
import { utf8 } from '../../../src/core/bytes/text.js';
import { silentLogger } from '../../../src/core/log.js';
import { readQuoted } from '../../../src/core/net/ipv4.js';
import { readIcmpProbe } from '../../../src/plugins/autovpn/probing/icmp.js';
import { MemoryFile } from '../../../src/plugins/autovpn/probing/memory-file.js';
import { readUdpProbe } from '../../../src/plugins/autovpn/probing/udp.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { Gateway, g1, g2 } from '../../unit/autovpn/gateways.js';
import {
  completeVector,
  numbers,
  requestVector,
  responseVector,
  syn,
} from '../../unit/autovpn/samples.js';
import { type Target, taker } from '../target.js';
import { mutateJson } from '../text.js';

const probes = [requestVector, responseVector, completeVector];

/** Checksums that are right again, so that a mutation reaches what is behind them. */
function mended(packet: Uint8Array): Uint8Array {
  const copy = packet.slice();
  const sum = (from: number, to: number, at: number) => {
    if (to > copy.length || at + 2 > to || from >= to) return;
    copy[at] = 0;
    copy[at + 1] = 0;
    let total = 0;
    for (let i = from; i < to; i += 2) total += copy[i]! * 256 + (i + 1 < to ? copy[i + 1]! : 0);
    while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
    copy[at] = (~total >> 8) & 255;
    copy[at + 1] = ~total & 255;
  };
  if (copy.length < 28) return copy;
  copy[0] = 0x45;
  copy[2] = copy.length >> 8;
  copy[3] = copy.length & 255;
  sum(0, 20, 10);
  if (copy[9] === 17) {
    copy[24] = (copy.length - 20) >> 8;
    copy[25] = (copy.length - 20) & 255;
    copy[26] = 0;
    copy[27] = 0;
  } else {
    const structureAt = 28 + copy[25]! * 4;
    sum(structureAt, copy.length, structureAt + 2);
    sum(20, copy.length, 22);
  }
  return copy;
}

/** A gateway in both roles gets it; what it sends is all that may come of it. */
function gateway(input: Uint8Array): unknown {
  const clock = new SteppedClock();
  const one = new Gateway(clock, (input[0] ?? 0) & 1 ? g1 : g2);
  const isTaken = one.take(mended(input.subarray(1)));
  one.sees(input.subarray(1));
  one.stop();
  return [isTaken, Object.keys(one.counters.all())];
}

function memory(input: Uint8Array): unknown {
  const files = {
    read: () => input,
    writeAtomic: () => undefined,
    makeFolder: () => undefined,
  };
  const clock = { wallSeconds: () => 1_700_000_000 };
  const file = new MemoryFile({ files, clock, log: silentLogger, folder: '/etc/autoipsec' });
  return file.read().keys.length;
}

const memoryText = JSON.stringify({
  format: 'autovpn probing 1',
  savedSeconds: 1_699_999_000,
  keys: [{ id: '00000001', key: '0b'.repeat(32), sinceSeconds: 1_699_990_000 }],
  attempts: [{ key: '198.51.100.7', leftSeconds: 4711 }],
  completes: [{ nonce: '2021', count: 2 }],
  responses: [],
});

export const autovpnTargets: readonly Target[] = [
  taker('autovpn probe', probes, (input) => [
    readIcmpProbe(input, numbers),
    readUdpProbe(input, numbers),
    readIcmpProbe(mended(input), numbers),
    readUdpProbe(mended(input), numbers),
  ]),
  taker('autovpn quoted packet', [syn], readQuoted),
  taker(
    'autovpn gateway',
    probes.flatMap((probe) => [0, 1].map((role) => Uint8Array.of(role, ...probe))),
    gateway,
  ),
  taker('autovpn memory', [utf8(memoryText)], memory, {
    mutate: mutateJson,
  }),
];
