/**
 * The answers to peers that call (§3.3): which keys could prove them, and whether they may speak for
 * the address they name. What was granted is kept shortly, so that the tunnel that follows knows by
 * whom and how far its peer is vouched for.
 */
import type { Settings } from '../config/settings.js';
import type { ClientResult, IkeOwner, KeysResult } from '../ike/daemon.js';
import { formatIdentity, type Identity } from '../ike/identity.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import { addressBits, type IpAddress, type Prefix } from '../net/address.js';
import type { Trust } from '../plugin.js';
import { accepts, classOf } from './connection-class.js';
import type { Connections } from './connections.js';
import { isBeyond } from './exemptions.js';
import type { PolicyWan } from './wan.js';

export interface Grant {
  plugin: string;
  trust: Trust;
  why: string;
}

interface ResponderEnvironment {
  log: Logger;
  kernel: Pick<Kernel, 'isConfigured' | 'isOwnSide' | 'translate'>;
  table: Pick<Connections, 'tunnelCount'>;
  settings(): Settings;
  wans: readonly PolicyWan[];
}

/** Grants kept at most; the oldest goes first. */
const maxGrants = 1000;

/** Tunnels that peers may make in all, and one peer; each takes about 10 KB, most of it in the kernel. */
const maxTunnels = 1000;
const maxPeerTunnels = 256;

const grantKey = (identity: Identity, address: IpAddress): string =>
  `${formatIdentity(identity)} ${address}`;

const isHost = (prefix: Prefix): boolean => prefix.length === addressBits(prefix.address);

type OwnerClaim = Parameters<IkeOwner['authorize']>[0];

export interface Responder {
  called: NonNullable<IkeOwner['called']>;
  keysFor: IkeOwner['keysFor'];
  authorize: IkeOwner['authorize'];
  grantOf(identity: Identity, address: IpAddress): Grant;
}

export function createResponder(env: ResponderEnvironment): Responder {
  const grants = new Map<string, Grant>();

  const wanOf = (local: IpAddress) => env.wans.find((wan) => wan.addresses.includes(local));

  async function keysFor(claim: Parameters<IkeOwner['keysFor']>[0]): Promise<KeysResult> {
    const wan = wanOf(claim.local);
    if (!wan) return { ok: false, why: `${claim.local} is not the address of a WAN of ours` };
    const found = await wan.plugins.keysFor(claim);
    if (found.kind === 'refused') return { ok: false, why: found.why };
    const key = grantKey(claim.identity, claim.address);
    grants.delete(key);
    grants.set(key, { plugin: found.plugin, trust: found.trust, why: 'the peer asked for it' });
    if (grants.size > maxGrants) grants.delete(grants.keys().next().value!);
    return { ...found, ok: true };
  }

  /** Each address of the pair must be on its own side, or a peer takes traffic that is not his. */
  async function wrongSide(claim: OwnerClaim, wan: PolicyWan): Promise<string | undefined> {
    const source = claim.ours.address;
    const destination = claim.theirs.address;
    if (!isBeyond(wan.settings, destination)) return `${destination} is no address beyond a WAN`;
    const isOwn = wan.addresses.includes(source);
    const [isHisOurs, isOursOurs, translated] = await Promise.all([
      env.kernel.isOwnSide(destination),
      isOwn || env.kernel.isOwnSide(source),
      env.kernel.translate({ wan: wan.name, source, destination, isOwn }),
    ]);
    if (isHisOurs) return `${destination} is on our side`;
    if (!isOursOurs) return `${source} is not on our side`;
    // OE-134: what NAT hides is not to be reached around it
    return translated === source ? undefined : `${source} is hidden behind NAT`;
  }

  /** Reasons of ours that no plugin can overrule, and that cost nothing. */
  function refusalBySettings(claim: OwnerClaim, wan: PolicyWan): string | undefined {
    const pair = { source: claim.ours.address, destination: claim.theirs.address };
    if (!isHost(claim.ours) || !isHost(claim.theirs) || !claim.isWholePair)
      return 'only all traffic of single addresses can be spoken for (OE-101)';
    if (!claim.isRekey && env.table.tunnelCount() >= maxTunnels)
      return `${maxTunnels} tunnels are the limit`;
    if (!claim.isRekey && env.table.tunnelCount(claim.address) >= maxPeerTunnels)
      return `${maxPeerTunnels} tunnels with one peer are the limit`;
    const match = classOf(env.settings().policies, wan.settings.defaultClass, pair);
    if (!accepts(match.class))
      return `policy '${match.section}' has ${pair.destination} as ${match.class}`;
    return undefined;
  }

  /** Likewise, for which the kernel must be asked. */
  async function refusalByKernel(claim: OwnerClaim, wan: PolicyWan): Promise<string | undefined> {
    const destination = claim.theirs.address;
    const [misplaced, isConfigured] = await Promise.all([
      wrongSide(claim, wan),
      env.kernel.isConfigured(claim.ours.address, destination),
    ]);
    // OE-156: an opportunistic peer never gets what a configured tunnel covers
    return misplaced ?? (isConfigured ? `a configured tunnel covers ${destination}` : undefined);
  }

  /** Of long ago it may have made room for others; then the keys are looked up anew. */
  async function grantFor(claim: OwnerClaim): Promise<Grant | undefined> {
    const key = grantKey(claim.identity, claim.address);
    if (!grants.has(key)) await keysFor(claim);
    return grants.get(key);
  }

  /** Never rejects: the peer is refused, and the reason is told. */
  function authorize(claim: OwnerClaim): Promise<ClientResult> {
    return judge(claim).catch((error) => {
      env.log.error(`authorization of ${claim.address}: ${String(error)}`);
      return { ok: false, why: `internal error: ${String(error)}`, isOurFault: true };
    });
  }

  async function judge(claim: OwnerClaim): Promise<ClientResult> {
    const wan = wanOf(claim.local);
    if (!wan) return { ok: false, why: `${claim.local} is no address of a WAN of ours any more` };
    const grant = await grantFor(claim);
    if (!grant) return { ok: false, why: 'its keys can not be found any more' };
    const atOnce = refusalBySettings(claim, wan);
    if (atOnce) return { ok: false, why: atOnce };
    const [why, answer] = await Promise.all([
      refusalByKernel(claim, wan),
      wan.plugins.authorize(grant.plugin, { ...claim, client: claim.theirs }),
    ]);
    if (why) return { ok: false, why };
    return answer.kind === 'granted' ? { ok: true } : { ok: false, why: answer.why };
  }

  return {
    called: (peer) => wanOf(peer.local)?.plugins.called(peer.address),
    keysFor,
    authorize,
    grantOf: (identity, address) =>
      grants.get(grantKey(identity, address)) ?? {
        plugin: '',
        trust: 'unauthenticated',
        why: 'the peer asked for it',
      },
  };
}
