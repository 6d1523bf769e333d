/**
 * As responder (draft-richardson-ipsec-opportunistic §3.3): the keys that could prove a caller, and
 * whether a proven gateway may speak for a client.
 */
import type { DnssecStatus } from '../../core/dns/resolver.js';
import { formatIdentity, identityAddress, identityFqdn } from '../../core/ike/identity.js';
import type { IpAddress } from '../../core/net/address.js';
import { keyId, type PublicKey } from '../../core/pki/public-key.js';
import type {
  Authorization,
  AuthorizationClaim,
  KeysForClaim,
  PeerClaim,
} from '../../core/plugin.js';
import type { Candidate } from './candidate.js';
import type { GatewayName } from './delegation.js';
import type { Delegations, Lookups } from './lookups.js';
import type { OeDnsOptions } from './options.js';
import { objection, trustOf } from './trust.js';

/** Records of a client that are looked into; each may cost four questions. */
const maxCandidates = 4;

const refused = (why: string) => ({ kind: 'refused', why }) as const;

/** OE-59, SP-22: an address must be the one it calls from; a name stands for itself. */
function nameOf(claim: PeerClaim): GatewayName | undefined {
  const address = identityAddress(claim.identity);
  if (address) return address === claim.address ? { address } : undefined;
  const fqdn = identityFqdn(claim.identity);
  return fqdn ? { fqdn } : undefined;
}

const isKeyOf = (key: PublicKey, claim: AuthorizationClaim): boolean =>
  claim.key !== undefined && keyId(key) === keyId(claim.key);

const sameGateway = (named: GatewayName, claimed: GatewayName): boolean =>
  'address' in named
    ? 'address' in claimed && named.address === claimed.address
    : 'fqdn' in claimed && named.fqdn === claimed.fqdn;

export function createResponder(env: { lookups: Lookups; options: OeDnsOptions }) {
  async function keysFor(claim: PeerClaim): Promise<KeysForClaim> {
    const name = nameOf(claim);
    const who = formatIdentity(claim.identity);
    if (!name) return refused(`identity ${who} is not the address ${claim.address} it calls from`);
    // The answers are wanted next, and the resolver remembers them
    if (claim.client && claim.client.address !== claim.address)
      void env.lookups.delegations(claim.client.address);
    const found = await env.lookups.keys(name);
    const bogus = found.findings.find((each) => each.status === 'bogus');
    if (bogus) return refused(`${bogus.question}: the DNSSEC signature is wrong`);
    if (found.keys.length === 0) {
      const reasons = found.findings.map((each) => `${each.question}: ${each.why}`);
      return refused(`no key of ${who} in the DNS (${reasons.join('; ')})`);
    }
    if (found.status !== 'secure' && env.options.requiresDnssec)
      return refused(`the key of ${who} is not vouched for by DNSSEC`);
    const { keys, ttlSeconds } = found;
    return { kind: 'keys', keys, trust: trustOf(found.status), ttlSeconds };
  }

  const isTrusted = (status: DnssecStatus): boolean =>
    status === 'secure' || (status === 'insecure' && !env.options.requiresDnssec);

  /** A name as gateway may also be meant as the address it has now. */
  async function isAt(candidate: Candidate, claim: AuthorizationClaim): Promise<boolean> {
    if ('address' in candidate.gateway) return candidate.gateway.address === claim.address;
    const { addresses, findings } = await env.lookups.addresses(candidate.gateway.fqdn);
    const used = findings.filter((each) => each.kind === 'records');
    return addresses.includes(claim.address) && used.every((each) => isTrusted(each.status));
  }

  /** Without a key in the record it is the one at its `@name`, or the gateway's. */
  async function hasKey(candidate: Candidate, claim: AuthorizationClaim): Promise<boolean> {
    const { keyName, gateway } = candidate;
    const found = await env.lookups.keys(keyName ? { fqdn: keyName } : gateway);
    return isTrusted(found.status) && found.keys.some((key) => isKeyOf(key, claim));
  }

  /** OE-64: gateway and key of the record are those of the caller. */
  async function matches(candidate: Candidate, claim: AuthorizationClaim): Promise<boolean> {
    const claimed = nameOf(claim);
    const isNamed = claimed !== undefined && sameGateway(candidate.gateway, claimed);
    if (!isNamed && !(await isAt(candidate, claim))) return false;
    // the gateway's own key is what the caller was proven by
    return !!candidate.key || (isNamed && !candidate.keyName) || hasKey(candidate, claim);
  }

  /** SP-7, OE-108: a caller may speak for the address it calls from, unless others share it. */
  function isItsOwnClient(claim: AuthorizationClaim): boolean {
    if (claim.client.address !== claim.address) return false;
    return !claim.isBehindNat || identityAddress(claim.identity) === claim.address;
  }

  /** Candidates that may count, those first that need no look-up. */
  function worthAsking(found: Delegations, claim: AuthorizationClaim): Candidate[] {
    return found.candidates
      .filter((each) => !objection(each, claim.client.address, env.options))
      .filter((each) => !each.key || isKeyOf(each.key, claim))
      .sort((a, b) => Number(!a.key) - Number(!b.key))
      .slice(0, maxCandidates);
  }

  async function authorize(claim: AuthorizationClaim): Promise<Authorization> {
    const client = claim.client.address;
    if (isItsOwnClient(claim)) return { kind: 'granted' };
    const found = await env.lookups.delegations(client);
    const bogus = found.findings.find((each) => each.status === 'bogus');
    if (bogus) return refused(`${bogus.question}: the DNSSEC signature is wrong`);
    for (const candidate of worthAsking(found, claim))
      if (await matches(candidate, claim)) return { kind: 'granted' };
    const reason =
      found.candidates.map((each) => objection(each, client, env.options)).find((why) => why) ??
      (found.candidates.length > 0
        ? 'its records name another gateway or key'
        : 'it has no record');
    return refused(`${claim.address} may not speak for ${client}: ${reason}`);
  }

  /** SP-6: most callers are known by their address. */
  const called = (address: IpAddress): void => void env.lookups.keys({ address });

  return { called, keysFor, authorize };
}
