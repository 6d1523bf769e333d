/**
 * The half of AutoVPN behind a proven path: trust in peers and IKE with them, put together. One for all
 * WANs; `index.ts` joins it with probing.
 */
import { equal } from '../../core/bytes/bytes.js';
import type { Tunnel } from '../../core/ike/daemon.js';
import type { Extension, SaView } from '../../core/ike/extension.js';
import { IdType } from '../../core/ike/identity.js';
import type { IpAddress } from '../../core/net/address.js';
import type {
  Authorization,
  AuthorizationClaim,
  KeysForClaim,
  PeerClaim,
  PluginService,
  ServiceContext,
  Trust as Vouched,
} from '../../core/plugin.js';
import { createExtension } from './ike/extension.js';
import { pairIn } from './ike/pair.js';
import { createPayloads } from './ike/payloads.js';
import { Proofs, vouchedFor } from './ike/proofs.js';
import { Secrets } from './ike/secrets.js';
import type { PathBook, PathUser } from './path.js';
import { createCommands } from './trust/commands.js';
import { type Fallback, fallbackFor } from './trust/fallback.js';
import type { TrustOptions } from './trust/options.js';
import { loadOwn } from './trust/own.js';
import { Trust } from './trust/trust.js';

export interface Association extends PathUser, Required<PluginService> {
  /** For the instances of all WANs. */
  keysFor(claim: PeerClaim): KeysForClaim;
  authorizes(claim: AuthorizationClaim): Authorization;
  renews(tunnel: Tunnel): boolean;
  trustIn(tunnel: Tunnel): Vouched;
  fallback(destination: IpAddress): Fallback;
}

type Context = Omit<ServiceContext, 'wans'>;

/** Throws, with a name of a file, for what can not be read. */
export function createAssociation(
  context: Context,
  options: TrustOptions,
  paths: PathBook,
): Association {
  const { log, tunnels, timers } = context;
  const own = loadOwn(context);
  let standing: () => readonly SaView[] = () => [];
  let end: (sa: SaView, why: string) => void = () => undefined;

  const isNamed = ({ type, data }: { type: number; data: Uint8Array }, name: Uint8Array) =>
    type === IdType.ID_DER_ASN1_DN && equal(data, name);

  const trust = new Trust({
    ...context,
    options,
    /** AV-133: tunnels, and IKE SAs without one. */
    banish(name, why) {
      tunnels.end(({ peer }) => isNamed(peer.identity, name), why);
      for (const sa of standing())
        if (pairIn(sa.facts) && sa.peer && isNamed(sa.peer.identity, name)) end(sa, why);
    },
    inUse: () => tunnels.all().map(({ peer }) => peer.identity.data),
  });
  const proofs = new Proofs({ own, trust, options });
  const secrets = new Secrets({ own, trust, options, timers, log });
  const payloads = createPayloads(options);
  const inner = createExtension({ trust, proofs, secrets, paths, options, payloads, timers, log });
  const extension: Extension = {
    ...inner,
    start(services) {
      standing = () => services.standing();
      end = (sa, why) => services.end(sa, why);
      inner.start?.(services);
    },
  };
  const peerOf = ({ peer }: Tunnel) =>
    peer.identity.type === IdType.ID_DER_ASN1_DN ? trust.table.find(peer.identity.data) : undefined;

  /** A tunnel that stands shall have new keys: its peer may speak for the address still (AV-159). */
  const renewedPair = ({ facts, identity, client, ours }: AuthorizationClaim) =>
    !facts && trust.authorizations.of(identity.data).includes(client.address)
      ? { ours: ours.address, theirs: client.address }
      : undefined;

  return {
    extensions: [extension],
    commands: createCommands({ trust, own, secrets, options, tunnels }),
    warnings: () => trust.warnings(),
    stop: () => trust.stop(),
    authentication: (path) => proofs.forPath(path),
    refuses: ({ theirs }) => trust.refusesAddress(theirs),
    keysFor: (claim) => proofs.keysFor(claim),
    authorizes(claim) {
      const pair = pairIn(claim.facts) ?? renewedPair(claim);
      return pair && claim.client.address === pair.theirs && claim.ours.address === pair.ours
        ? { kind: 'granted' }
        : { kind: 'refused', why: 'no path of it was proven for this pair' };
    },
    renews: (tunnel) => peerOf(tunnel) !== undefined,
    trustIn: (tunnel) => vouchedFor(peerOf(tunnel)),
    fallback: (destination) => fallbackFor(trust, options, destination),
  };
}
