/**
 * As initiator: from a destination to the gateways that may encrypt for it
 * (draft-richardson-ipsec-opportunistic §3.2.4), or the reason why there are none.
 */

import { formatIdentity, fqdnIdentity } from '../../core/ike/identity.js';
import { type IpAddress, reverseName } from '../../core/net/address.js';
import { keyId } from '../../core/pki/public-key.js';
import type { Gateway, Plan } from '../../core/plugin.js';
import { byPrecedence, type Candidate, gatewayText } from './candidate.js';
import type { Delegations, Finding, Lookups } from './lookups.js';
import { weakest } from './lookups.js';
import type { OeDnsOptions } from './options.js';
import { objection, trustOf } from './trust.js';

/** Gateways tried at most for one destination. */
const maxGateways = 4;

interface InitiatorEnvironment {
  lookups: Lookups;
  options: OeDnsOptions;
  random(length: number): Uint8Array;
}

const smallest = (findings: readonly Finding[]): number =>
  Math.min(
    86400,
    ...findings.filter((each) => each.kind !== 'failed').map((each) => each.ttlSeconds),
  );

const sentence = (found: Finding): string => `${found.question}: ${found.why}`;

/** OE-37: what is there but can not be believed or read. */
function refusal(
  found: Delegations,
  destination: IpAddress,
  { requiresDnssec }: OeDnsOptions,
): Plan | undefined {
  const bogus = found.findings.find((each) => each.status === 'bogus');
  if (bogus) {
    const why = `${bogus.question}: the DNSSEC signature is wrong, somebody may forge the answer`;
    return { kind: 'refuse', ttlSeconds: bogus.ttlSeconds, why };
  }
  if (found.candidates.length > 0 || found.malformed.length === 0) return undefined;
  // OE-84: unsigned records count as if they were not there
  if (requiresDnssec && found.textStatus !== 'secure') return undefined;
  // OE-163: owner name and reason
  const why = `TXT ${reverseName(destination)}: the record is malformed (${found.malformed[0]})`;
  return { kind: 'refuse', ttlSeconds: smallest(found.findings), why };
}

/** OE-36: no record, no usable record, or no answer. */
function nothing(found: Delegations, destination: IpAddress, objections: string[]): Plan {
  const failed = found.findings.find((each) => each.kind === 'failed');
  if (failed) return { kind: 'unknown', why: `no answer from DNS, ${sentence(failed)}` };
  const ignored = found.findings.find((each) => each.why.startsWith('record ignored'));
  const reason =
    objections[0] ?? (ignored ? sentence(ignored) : `no record at ${reverseName(destination)}`);
  return { kind: 'none', ttlSeconds: smallest(found.findings), why: reason };
}

type Resolved =
  | { ok: true; gateways: Gateway[]; candidate: Candidate; ttlSeconds: number }
  | { ok: false; why: string; kind: 'none' | 'unknown' | 'refuse'; ttlSeconds: number };

export function createInitiator(env: InitiatorEnvironment) {
  /** Addresses and keys of one candidate; look-ups only for what the record does not say. */
  async function resolve(candidate: Candidate): Promise<Resolved> {
    const { gateway, keyName } = candidate;
    const [keys, where] = await Promise.all([
      candidate.key ? undefined : env.lookups.keys(keyName ? { fqdn: keyName } : gateway),
      'address' in gateway ? undefined : env.lookups.addresses(gateway.fqdn),
    ]);
    const asked = [...(keys?.findings ?? []), ...(where?.findings ?? [])];
    const bogus = asked.find((each) => each.status === 'bogus');
    const ttlSeconds = smallest(asked);
    const unanswered = asked.find((each) => each.kind === 'failed');
    const fail = (why: string): Resolved => {
      const kind = bogus ? 'refuse' : unanswered ? 'unknown' : 'none';
      return {
        ok: false,
        why: unanswered ? `${why}; ${sentence(unanswered)}` : why,
        kind,
        ttlSeconds,
      };
    };
    if (bogus) return fail(`${bogus.question}: the DNSSEC signature is wrong`);
    const known = candidate.key ? [candidate.key] : (keys?.keys ?? []);
    if (known.length === 0) return fail(`no key for ${gatewayText(gateway)} in the DNS (OE-35)`);
    const addresses = 'address' in gateway ? [gateway.address] : (where?.addresses ?? []);
    if (addresses.length === 0) return fail(`no address for ${gatewayText(gateway)} in the DNS`);
    const used = asked.filter((each) => each.kind === 'records').map((each) => each.status);
    const status = weakest([candidate.status, ...used]);
    // IK-6: the same demand on the addresses and the key as on the record
    if (status !== 'secure' && env.options.requiresDnssec)
      return fail(`key or address of ${gatewayText(gateway)} is not vouched for by DNSSEC`);
    const identity = 'fqdn' in gateway && { identity: fqdnIdentity(gateway.fqdn) };
    const gateways = addresses.map((address) => ({ address, keys: known, ...identity }));
    return { ok: true, gateways, candidate: { ...candidate, status }, ttlSeconds };
  }

  async function plan(destination: IpAddress): Promise<Plan> {
    const found = await env.lookups.delegations(destination);
    const refused = refusal(found, destination, env.options);
    if (refused) return refused;
    const objections: string[] = [];
    const usable = found.candidates.filter((candidate) => {
      const why = objection(candidate, destination, env.options);
      if (why) objections.push(why);
      return !why;
    });
    if (usable.length === 0) return nothing(found, destination, objections);
    const ordered = byPrecedence(preferred(usable), env.random).slice(0, 2 * maxGateways);
    const resolved = await Promise.all(ordered.map(resolve));
    return conclude(found, resolved);
  }

  return { plan };
}

/** IK-8: where both record types give something usable IPSECKEY wins. */
function preferred(usable: readonly Candidate[]): readonly Candidate[] {
  const fromIpseckey = usable.filter((each) => each.record === 'IPSECKEY');
  return fromIpseckey.length > 0 ? fromIpseckey : usable;
}

function conclude(found: Delegations, resolved: readonly Resolved[]): Plan {
  const good = resolved.filter((each) => each.ok);
  const ttlSeconds = Math.min(smallest(found.findings), ...resolved.map((each) => each.ttlSeconds));
  if (good.length === 0) {
    const failures = resolved.filter((each) => !each.ok);
    const why = failures.map((each) => each.why).join('; ');
    const kinds = failures.map((each) => each.kind);
    if (kinds.includes('refuse')) return { kind: 'refuse', ttlSeconds, why };
    return kinds.includes('unknown') ? { kind: 'unknown', why } : { kind: 'none', ttlSeconds, why };
  }
  const status = weakest(good.map((each) => each.candidate.status));
  const first = good[0]!.candidate;
  return {
    kind: 'key',
    gateways: merge(good.flatMap((each) => each.gateways)).slice(0, maxGateways),
    ttlSeconds,
    trust: trustOf(status),
    why: `a ${first.record} record names ${gatewayText(first.gateway)} as gateway`,
  };
}

/** OE-114: several records for one gateway with different keys are one gateway with all of them. */
function merge(gateways: readonly Gateway[]): Gateway[] {
  const merged = new Map<string, Gateway>();
  for (const gateway of gateways) {
    const name = `${gateway.address} ${gateway.identity ? formatIdentity(gateway.identity) : ''}`;
    const present = merged.get(name);
    const keys = [...(present?.keys ?? []), ...(gateway.keys ?? [])];
    const unique = [...new Map(keys.map((key) => [keyId(key), key])).values()];
    merged.set(name, { ...(present ?? gateway), keys: unique });
  }
  return [...merged.values()];
}
