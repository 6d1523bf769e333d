/**
 * Which addresses are on our side: our own, and those behind us. The kernel's routes know; a peer's
 * word does not count.
 */
import { addressBits, type IpAddress } from '../net/address.js';
import { type Route, routeTypes } from './route-codec.js';

/** Judges the route that the kernel has for `address`. `wanInterfaces` are kernel indices. */
export function isOwnSide(
  route: Route | undefined,
  address: IpAddress,
  wanInterfaces: readonly number[],
): boolean {
  if (route?.type === routeTypes.local) return true;
  if (route?.type !== routeTypes.unicast || route.interfaces.length === 0) return false;
  if (route.interfaces.some((index) => wanInterfaces.includes(index))) return false;
  // Shorter than a quarter of the address: a default route, or one in pieces as VPNs have it.
  return route.prefixLength >= addressBits(address) / 4;
}
