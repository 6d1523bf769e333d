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
import type { PolicyWan } from './wan.js';

export interface Grant {
  plugin: string;
  trust: Trust;
  why: string;
}

interface ResponderEnvironment {
  log: Logger;
  kernel: Pick<Kernel, 'isConfigured'>;
  settings(): Settings;
  wans: readonly PolicyWan[];
}

/** Grants kept at most; the oldest goes first. */
const maxGrants = 1000;

const grantKey = (identity: Identity, address: IpAddress): string =>
  `${formatIdentity(identity)} ${address}`;

const isHost = (prefix: Prefix): boolean => prefix.length === addressBits(prefix.address);

type OwnerClaim = Parameters<IkeOwner['authorize']>[0];

export interface Responder {
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
    return { ok: true, keys: found.keys };
  }

  /** Reasons of ours that no plugin can overrule. */
  async function ownRefusal(claim: OwnerClaim, wan: PolicyWan): Promise<string | undefined> {
    const pair = { source: claim.ours.address, destination: claim.theirs.address };
    if (!isHost(claim.ours) || !isHost(claim.theirs))
      return 'only single addresses can be spoken for (OE-101)';
    const match = classOf(env.settings().policies, wan.settings.defaultClass, pair);
    if (!accepts(match.class))
      return `policy '${match.section}' has ${pair.destination} as ${match.class}`;
    // OE-156: an opportunistic peer never gets what a configured tunnel covers
    if (await env.kernel.isConfigured(pair.source, pair.destination))
      return `a configured tunnel covers ${pair.destination}`;
    return undefined;
  }

  async function authorize(claim: OwnerClaim): Promise<ClientResult> {
    const wan = wanOf(claim.local);
    const grant = grants.get(grantKey(claim.identity, claim.address));
    if (!wan || !grant) return { ok: false, why: 'the peer was not asked for its keys here' };
    const why = await ownRefusal(claim, wan);
    if (why) return { ok: false, why };
    const answer = await wan.plugins.authorize(grant.plugin, {
      ...claim,
      client: claim.theirs,
    });
    return answer.kind === 'granted' ? { ok: true } : { ok: false, why: answer.why };
  }

  return {
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
