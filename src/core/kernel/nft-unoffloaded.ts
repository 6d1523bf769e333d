/**
 * Text for `nft -f -` that keeps traffic out of every flowtable. Pure.
 *
 * A connection can be in one flowtable only. Ours stands before those of others and is on no device, so
 * that a connection in it has no short way at all.
 */
import { familyOf, formatPrefix, type IpFamily, type Prefix } from '../net/address.js';
import { tableName } from './nft-table.js';

/** Traffic of a tunnel, with addresses as they are on the WAN. */
export interface TunnelTraffic {
  ours: Prefix;
  theirs: Prefix;
}

const chain = `${tableName} unoffloaded`;
/** Before the chains of the firewall (0). */
const priority = -200;
const families: readonly IpFamily[] = [4, 6];

const setName = (family: IpFamily): string => `unoffloaded${family}`;

/** Connections that began inside, by what comes back for them; then those that began outside. */
const pairsIn = (ip: string): string[] => [
  `ct reply ${ip} daddr . ct reply ${ip} saddr`,
  `ct original ${ip} daddr . ct original ${ip} saddr`,
];

function setLines(family: IpFamily, traffic: readonly TunnelTraffic[]): string[] {
  const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const name = `${tableName} ${setName(family)}`;
  const pairs = traffic
    .filter(({ theirs }) => familyOf(theirs.address) === family)
    .map(({ ours, theirs }) => `${formatPrefix(ours)} . ${formatPrefix(theirs)}`);
  return [
    `add set ${name} { type ${type} . ${type}; flags interval; }`,
    `flush set ${name}`,
    ...(pairs.length > 0 ? [`add element ${name} { ${[...new Set(pairs)].join(', ')} }`] : []),
  ];
}

/** Puts this traffic in the place of that of before; works also the first time. */
export function unoffloadedText(traffic: readonly TunnelTraffic[]): string {
  const rules = families.flatMap((family) =>
    pairsIn(family === 4 ? 'ip' : 'ip6').map(
      (pair) =>
        `add rule ${chain} meta l4proto { tcp, udp } ${pair} @${setName(family)} flow add @unoffloaded`,
    ),
  );
  const lines = [
    ...families.flatMap((family) => setLines(family, traffic)),
    `add flowtable ${chain} { hook ingress priority 0; }`,
    `add chain ${chain} { type filter hook forward priority ${priority}; policy accept; }`,
    `flush chain ${chain}`,
    ...rules,
  ];
  return `${lines.join('\n')}\n`;
}
