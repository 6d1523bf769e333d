/** What a person can ask and decide about peers, over the control channel (AV-3, AV-4, AV-A35). */
import { toHex } from '../../../core/bytes/hex.js';
import { printable, utf8 } from '../../../core/bytes/text.js';
import { ControlRefusal } from '../../../core/control/protocol.js';
import { formatName } from '../../../core/pki/distinguished-name.js';
import { SHA2_256 } from '../../../core/pki/hashes.js';
import type { PluginService, PluginTunnels } from '../../../core/plugin.js';
import type { Secrets } from '../ike/secrets.js';
import { cleanContact, contactBody } from './contact.js';
import { isFingerprintOf } from './fingerprint.js';
import type { TrustOptions } from './options.js';
import type { Own } from './own.js';
import type { Peer } from './peer.js';
import { mayHavePadEntry } from './states.js';
import type { Done } from './table.js';
import { nameOf, type Trust } from './trust.js';

export interface CommandParts {
  trust: Trust;
  own: Own;
  secrets: Pick<Secrets, 'make'>;
  options: TrustOptions;
  tunnels: PluginTunnels;
}

type Request = Readonly<Record<string, unknown>>;

/** Characters of an id: enough that no two peers of a table share one. */
const idDigits = 12;

/** Names a peer in commands: short, of its DN and so the same for ever; not to be taken for a fingerprint. */
const idOf = ({ name }: Peer): string => toHex(SHA2_256.compute(name)).slice(0, idDigits);

/** A peer as status shows it; the contact text is plain text of a stranger. */
export function peerReport(trust: Trust, peer: Peer, tunnels: number) {
  const { state, trustedBy, conflict, reason, address, contact, secret } = peer;
  return {
    id: idOf(peer),
    name: nameOf(peer),
    fingerprint: peer.fingerprint,
    state,
    ...(trustedBy ? { trustedBy } : {}),
    ...(reason ? { reason } : {}),
    ...(address ? { address } : {}),
    contact,
    firstSeen: peer.firstSeconds,
    lastSeen: peer.lastSeconds,
    hasSecret: secret !== undefined,
    authentication: secret ? 'shared secret' : 'certificate',
    hasPadEntry: mayHavePadEntry[state],
    addresses: trust.authorizations.of(peer.name),
    tunnels,
    ...(conflict
      ? {
          conflict: {
            fingerprint: conflict.fingerprint,
            address: conflict.address,
            lastSeen: conflict.seconds,
            count: conflict.count,
          },
        }
      : {}),
  };
}

export type PeerReport = ReturnType<typeof peerReport>;

export interface OwnReport {
  name: string;
  fingerprint: string;
  contact: string;
}

function textOf(request: Request, field: string): string | undefined {
  const value = request[field];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new ControlRefusal(`'${field}' must be text`);
  return value;
}

export function createCommands(parts: CommandParts): NonNullable<PluginService['commands']> {
  const { trust, own, secrets, options, tunnels } = parts;

  function peerOf(request: Request): Peer {
    const wanted = (textOf(request, 'peer') ?? '').trim();
    const digits = wanted.replaceAll(':', '').toLowerCase();
    const found = trust.table
      .all()
      .filter(
        (peer) => idOf(peer) === digits || peer.fingerprint === digits || nameOf(peer) === wanted,
      );
    if (found.length === 1) return found[0]!;
    const shown = printable(wanted, 80);
    throw new ControlRefusal(
      found.length > 1 ? `several peers are called '${shown}'` : `no peer '${shown}' is known`,
    );
  }

  const tunnelsOf = (peer: Peer): number =>
    tunnels.all().filter(({ peer: { identity } }) => toHex(identity.data) === toHex(peer.name))
      .length;

  function orRefuse(done: Done): void {
    if (!done.ok) throw new ControlRefusal(done.why);
  }

  return {
    'autovpn-peers': () => ({
      peers: trust.table.all().map((peer) => peerReport(trust, peer, tunnelsOf(peer))),
    }),
    'autovpn-own': (): OwnReport => ({
      name: printable(formatName(own.name), 400),
      fingerprint: own.fingerprint,
      contact: cleanContact(contactBody(options.contactDetails, options.contactMax)),
    }),
    'autovpn-trust'(request) {
      const peer = peerOf(request);
      if (!isFingerprintOf(textOf(request, 'fingerprint') ?? '', peer.fingerprint))
        throw new ControlRefusal(
          `that is not the fingerprint of ${nameOf(peer)}, nor its last 16 digits: nothing is changed`,
        );
      orRefuse(trust.table.mark(peer, 'Trusted'));
      return { trusted: true };
    },
    'autovpn-distrust'(request) {
      const peer = peerOf(request);
      const ended = tunnelsOf(peer);
      const reason = cleanContact(utf8(textOf(request, 'reason') ?? ''), 500);
      orRefuse(trust.table.mark(peer, 'Untrusted', reason));
      return { distrusted: true, ended };
    },
    'autovpn-remove'(request) {
      const peer = peerOf(request);
      const ended = tunnelsOf(peer);
      orRefuse(trust.table.remove(peer));
      return { removed: true, ended };
    },
    async 'autovpn-secret'(request) {
      orRefuse(await secrets.make(peerOf(request)));
      return { agreed: true };
    },
  };
}
