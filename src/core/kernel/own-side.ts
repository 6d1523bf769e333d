/**
 * Which addresses are on our side: our own, and those behind us. The kernel's routes know; a peer's
 * word does not count.
 */
import { addressBits, type IpAddress, parsePrefix } from '../net/address.js';
import type { Processes } from '../platform/platform.js';
import { CommandError, runText } from './commands.js';

interface Route {
  /** `local`, `broadcast`, `multicast`, …; a route to other hosts has none. */
  type?: unknown;
  dst?: unknown;
  dev?: unknown;
}

/** Shorter than a quarter of the address: a default route, or one in pieces as VPNs have it. */
function isNearlyDefault(route: Route, address: IpAddress): boolean {
  const text = String(route.dst);
  const prefix = parsePrefix(text.includes('/') ? text : `${text}/${addressBits(address)}`);
  return !prefix || prefix.length < addressBits(address) / 4;
}

/** Judges the answer of `ip -j route get fibmatch`. Throws when it is none. */
export function isOwnSide(
  json: string,
  address: IpAddress,
  wanDevices: readonly string[],
): boolean {
  const routes: unknown = JSON.parse(json);
  if (!Array.isArray(routes)) throw new Error('ip -j route: no list in its answer');
  const route = routes[0] as Route | undefined;
  if (!route) return false;
  if (route.type !== undefined && route.type !== 'unicast') return route.type === 'local';
  if (typeof route.dev !== 'string' || wanDevices.includes(route.dev)) return false;
  return !isNearlyDefault(route, address);
}

/** Rejects when `ip` can not be asked; an address without a route is not on our side. */
export async function readOwnSide(
  processes: Processes,
  address: IpAddress,
  wanDevices: readonly string[],
): Promise<boolean> {
  try {
    const answer = await runText(processes, ['ip', '-j', 'route', 'get', 'fibmatch', address]);
    return isOwnSide(answer, address, wanDevices);
  } catch (error) {
    if (error instanceof CommandError && /unreachable|No route|prohibited/i.test(error.said))
      return false;
    throw error;
  }
}
