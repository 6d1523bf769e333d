// Who has which address. Reverse zones need addresses whose zones a resolver does not answer by
// itself: 198.18.0.0/15 and 2001:2::/48, both set aside for benchmarks (RFC 2544, RFC 5180).

/** LAN hosts, each with its router; `number` chooses the networks. */
export const sites = {
  sga: { host: 'alice', number: 1, hostPart: 65, wanPart: 4, wanDevice: 'wan-a' },
  sgb: { host: 'bob', number: 2, hostPart: 66, wanPart: 5, wanDevice: 'wan-b' },
};

/** Hosts right at the Internet: carol publishes nothing, dns serves the zones. */
export const singles = {
  carol: { address: '198.18.3.67', gateway: '198.18.3.1', length: 24, device: 'to-carol' },
  dns: { address: '198.19.53.53', gateway: '198.19.53.1', length: 24, device: 'to-dns' },
};
const singles6 = {
  carol: { address: '2001:2:0:3::67', gateway: '2001:2:0:3::1' },
  dns: { address: '2001:2:0:53::53', gateway: '2001:2:0:53::1' },
};

/** All addresses of a site; a masqueraded LAN has private ones. */
export function siteAddresses(router, isMasqueraded) {
  const { host, number, hostPart, wanPart, wanDevice } = sites[router];
  const lan = isMasqueraded ? `192.168.${number}` : `198.18.${number}`;
  return {
    router,
    host,
    wanDevice,
    isMasqueraded,
    4: {
      host: `${lan}.${hostPart}`,
      hostPrefix: `${lan}.`,
      lanGateway: `${lan}.1`,
      lan: `${lan}.0/24`,
      wan: `198.19.${number}.${wanPart}`,
      wanGateway: `198.19.${number}.1`,
      length: 24,
    },
    6: {
      host: `2001:2:0:${number}::${hostPart}`,
      hostPrefix: `2001:2:0:${number}::`,
      lanGateway: `2001:2:0:${number}::1`,
      lan: `2001:2:0:${number}::/64`,
      wan: `2001:2:0:1${number}::${wanPart}`,
      wanGateway: `2001:2:0:1${number}::1`,
      length: 64,
    },
  };
}

export function singleAddresses(name) {
  return { 4: singles[name], 6: { ...singles[name], ...singles6[name], length: 64 } };
}

/** The zones that hold all of it, the last one with names of hosts. */
export const zones = {
  reverse4: '198.in-addr.arpa',
  reverse6: '2.0.0.0.1.0.0.2.ip6.arpa',
  names: 'lab.example',
};

/** Name in the reverse DNS, without a final dot. */
export function reverseName(address) {
  if (!address.includes(':')) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const [head, tail = ''] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const nibbles = [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join('');
  return `${[...nibbles].reverse().join('.')}.ip6.arpa`;
}
