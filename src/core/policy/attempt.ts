/**
 * One attempt to key a pair: ask the plugins, then try their gateways in order until one tunnel
 * stands (§3.2.4, §3.2.5). The result says how it ended and for how long that holds; the class then
 * decides what it means.
 */
import type { Settings } from '../config/settings.js';
import type { IkeDaemon, Tunnel, TunnelFailure } from '../ike/daemon.js';
import { hostPrefix } from '../net/address.js';
import type { Gateway, OwnTunnel, Plan, Trust } from '../plugin.js';
import type { Pair } from './connection.js';
import { isBeyond } from './exemptions.js';
import type { Found } from './plugins.js';
import { outerAddress, type PolicyWan } from './wan.js';

/** After a DNS failure we ask again soon: it may be our own line that was not up yet. */
export const unknownSeconds = 60;
/** A settled verdict stands at least this long, whatever a stranger's TTL says. */
export const shortestVerdictSeconds = 30;

export type AttemptResult =
  | { kind: 'keyed'; tunnel: Tunnel; trust: Trust; plugin: string; why: string }
  /** The class decides: clear or deny (OE-24). */
  | { kind: 'failed'; why: string; lifespanSeconds: number; isRoutine?: boolean }
  /** Deny for both OE classes (OE-37). */
  | { kind: 'refused'; why: string; lifespanSeconds: number };

export interface AttemptEnvironment {
  ike: Pick<IkeDaemon, 'connect'>;
  settings: Pick<Settings, 'lifespans' | 'patienceMs'>;
  /** Told when the look-ups are through and the first gateway is tried (potential → pending). */
  gatewayFound(why: string): void;
}

/** OE-46: the facts behind a failed signature hold as long as the DNS answer they came from. */
function lifespanOf(
  failure: TunnelFailure,
  ttlSeconds: number,
  lifespans: Settings['lifespans'],
): number {
  switch (failure.kind) {
    case 'signature':
      return Math.min(ttlSeconds, lifespans.refusedSeconds);
    case 'refused':
      return lifespans.refusedSeconds;
    default:
      return lifespans.silentSeconds;
  }
}

const atLeast = (seconds: number): number => Math.max(shortestVerdictSeconds, seconds);

/** What a plan without gateways means; `undefined` for a plan to be carried out. */
function verdictWithoutKeying(
  plan: Plan,
  lifespans: Settings['lifespans'],
): AttemptResult | undefined {
  switch (plan.kind) {
    case 'none': {
      // SP-26 names 6 h, OE-55 the negative TTL: the earlier one ends the entry
      const seconds = Math.min(plan.ttlSeconds, lifespans.noRecordSeconds);
      // Most of the Internet has no records: nothing to tell a person
      return { kind: 'failed', why: plan.why, lifespanSeconds: atLeast(seconds), isRoutine: true };
    }
    case 'unknown':
      return { kind: 'failed', why: plan.why, lifespanSeconds: unknownSeconds };
    case 'refuse': {
      const seconds = Math.min(plan.ttlSeconds, lifespans.refusedSeconds);
      return { kind: 'refused', why: plan.why, lifespanSeconds: atLeast(seconds) };
    }
    case 'key':
      return undefined;
  }
}

/** Asks for the tunnel; `more`: what else IKE shall know. */
export async function tryGateway(
  env: Omit<AttemptEnvironment, 'gatewayFound'>,
  wan: PolicyWan,
  pair: Pair,
  gateway: Gateway,
  more: OwnTunnel['ike'] = {},
): Promise<{ tunnel: Tunnel } | { failure: TunnelFailure }> {
  const local = outerAddress(wan, gateway.address, pair.source);
  if (!local) {
    const why = `WAN ${wan.name} has no address of the family of ${gateway.address}`;
    return { failure: { kind: 'internal', why } };
  }
  if (!isBeyond(wan.settings, gateway.address))
    return { failure: { kind: 'refused', why: 'no gateway on the Internet has such an address' } };
  if (wan.addresses.includes(gateway.address))
    return { failure: { kind: 'refused', why: 'the gateway is this router itself' } };
  const { address: remote, ...proofs } = gateway;
  const result = await env.ike.connect({
    ...proofs,
    ...more,
    local,
    remote,
    ours: hostPrefix(pair.source),
    theirs: hostPrefix(pair.destination),
    patienceMs: env.settings.patienceMs,
  });
  return result.ok ? { tunnel: result.tunnel } : { failure: result.failure };
}

async function tryGateways(
  env: AttemptEnvironment,
  wan: PolicyWan,
  pair: Pair,
  plan: Found<Plan & { kind: 'key' }>,
): Promise<AttemptResult> {
  const reasons: string[] = [];
  let lifespanSeconds = env.settings.lifespans.silentSeconds;
  // OE-40: a failure only after every gateway was tried
  for (const gateway of plan.gateways) {
    const outcome = await tryGateway(env, wan, pair, gateway);
    if ('tunnel' in outcome)
      return {
        kind: 'keyed',
        tunnel: outcome.tunnel,
        trust: plan.trust,
        plugin: plan.plugin,
        why: plan.why,
      };
    reasons.push(`gateway ${gateway.address}: ${outcome.failure.why}`);
    lifespanSeconds = lifespanOf(outcome.failure, plan.ttlSeconds, env.settings.lifespans);
  }
  return { kind: 'failed', why: reasons.join('; '), lifespanSeconds: atLeast(lifespanSeconds) };
}

/** Never rejects, and ends in bounded time: look-ups and gateways have their own limits. */
export async function attempt(
  env: AttemptEnvironment,
  wan: PolicyWan,
  pair: Pair,
): Promise<AttemptResult> {
  try {
    const plan = await wan.plugins.plan({ source: pair.source, destination: pair.destination });
    const verdict = verdictWithoutKeying(plan, env.settings.lifespans);
    if (verdict || plan.kind !== 'key') return verdict as AttemptResult;
    env.gatewayFound(plan.why);
    return await tryGateways(env, wan, pair, plan);
  } catch (error) {
    // OE-39: an internal error ends by class too, never in a stuck hold
    const why = `internal error: ${String(error)}`;
    return { kind: 'failed', why, lifespanSeconds: unknownSeconds };
  }
}
