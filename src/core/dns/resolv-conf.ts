/** `resolv.conf(5)`: which name servers this machine asks. */
import { type IpAddress, parseAddress } from '../net/address.js';

/** Ours: more would only wait longer; libc takes three. */
const MAX_SERVERS = 8;

/**
 * Addresses of the `nameserver` lines, in order, each once. A link-local address with a zone
 * (`fe80::1%eth0`) is passed over: it means nothing without its interface.
 */
export function parseResolvConf(text: string): IpAddress[] {
  const servers = new Set<IpAddress>();
  for (const line of text.split('\n')) {
    const [keyword, value] = line.trim().split(/\s+/);
    const server = keyword === 'nameserver' && value ? parseAddress(value) : undefined;
    if (server && servers.size < MAX_SERVERS) servers.add(server);
  }
  return [...servers];
}
