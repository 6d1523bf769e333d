/** Addresses of a network device, as `ip -j addr show` tells them. Pure. */
import { type IpAddress, parseAddress } from '../net/address.js';

interface AddressInfo {
  local?: unknown;
  scope?: unknown;
  tentative?: unknown;
  dadfailed?: unknown;
  deprecated?: unknown;
  temporary?: unknown;
}

/** Not usable as the source of something new. */
const isUnfit = (info: AddressInfo): boolean =>
  info.scope !== 'global' || !!info.tentative || !!info.dadfailed || !!info.deprecated;

/**
 * Global addresses that may be a source, in the kernel's order; temporary ones (RFC 8981) come last,
 * as they do not stay. Throws when it is no answer of `ip -j`.
 */
export function parseDeviceAddresses(json: string): IpAddress[] {
  const devices: unknown = JSON.parse(json);
  if (!Array.isArray(devices)) throw new Error('ip -j addr: no list in its answer');
  const infos: AddressInfo[] = devices
    .flatMap((device) => (Array.isArray(device?.addr_info) ? device.addr_info : []))
    .filter((info: AddressInfo | null) => info && !isUnfit(info));
  const lasting = infos.filter((info) => !info.temporary);
  const passing = infos.filter((info) => info.temporary);
  return [...lasting, ...passing]
    .map((info) => parseAddress(String(info.local)))
    .filter((value) => value !== undefined);
}
