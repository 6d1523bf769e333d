/**
 * Our table in netfilter, as text for `nft -f -` (1.0.6 and later). Pure.
 *
 * What is forwarded is held in prerouting, before NAT and before the XFRM look-up; what the router
 * makes is held in a `route` output chain, where a changed mark makes the kernel look up route and
 * policy again. Three sets for each WAN and family hold the verdicts on pairs of addresses and
 * answer without the daemon; a pair in none of them goes to the WAN's queue. The queue has no
 * `bypass`: while nobody listens, unknown pairs wait for the sender's next try.
 *
 * A guard behind source NAT drops what the verdict wants encrypted or denied and what would leave in
 * clear all the same: a tunnel that is gone, a translated source that was predicted wrong, a route
 * that changed between the two hooks.
 */
import type { IpAddress, IpFamily } from '../net/address.js';
import { familyOf } from '../net/address.js';
import { exemptIntervals, formatInterval } from './intervals.js';
import type { HoldRules, Verdict, WanDevice } from './kernel.js';
import { pathChains, pathSets } from './nft-path.js';

export const tableName = 'inet autoipsec';

export interface TableSettings {
  /** One bit of the packet mark. */
  markBit: number;
  firstQueue: number;
}

export const verdicts: readonly Verdict[] = ['pass', 'encrypt', 'deny'];
const families: readonly IpFamily[] = [4, 6];

/** Most pairs of one verdict, family and WAN: about 8 MB of kernel memory when full. */
const maxPairs = 65_536;

/** Behind mangle (-150), where multi-WAN tools set marks that choose a route; before DNAT (-100). */
const holdPriority = -140;
/** Behind source NAT (100), which also looks up the XFRM policy for the translated source. */
const guardPriority = 150;

export const setName = (verdict: Verdict, family: IpFamily, wanIndex: number): string =>
  `${verdict}${family}_${wanIndex}`;

const holdChain = (wan: WanDevice): string => `hold_${wan.index}`;
const guardChain = (wan: WanDevice): string => `guard_${wan.index}`;

/** Traffic of configured tunnels, which passes by; its rules are kept by `nft-configured.ts`. */
export const configuredChain = 'configured';

interface Chain {
  name: string;
  /** `type … hook …;` of a base chain. */
  base?: string;
  rules: readonly string[];
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

/** Device names come from configuration or ubus; nft takes them in quotes. */
function quotedDevice(device: string): string {
  if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,15}$/.test(device) || device.includes('*'))
    throw new Error(`network device '${device}': not a name that nft can take`);
  return `"${device}"`;
}

/** DNS to the servers that the daemon itself may be asking. */
const nameServerRules: readonly string[] = [
  'ip daddr @names4 meta l4proto { tcp, udp } th dport { 53, 853 } accept',
  'ip6 daddr @names6 meta l4proto { tcp, udp } th dport { 53, 853 } accept',
];

/** What never waits, whoever made it. */
const exemptRules: readonly string[] = [
  'fib daddr type { local, broadcast, anycast, multicast } accept',
  'ip daddr { 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/3 } accept',
  'ip6 daddr { ::/127, fe80::/10, ff00::/8 } accept',
  'meta l4proto { esp, ah } accept',
  'ip daddr @exempt4 accept',
  'ip6 daddr @exempt6 accept',
  ...nameServerRules,
];

/** What never waits when the router made it: IKE, DNS (a resolver may run here), DHCP, discovery. */
const ownExemptRules: readonly string[] = [
  'udp sport { 500, 4500 } accept',
  'meta l4proto { tcp, udp } th dport { 53, 853 } accept',
  'udp dport { 67, 68, 546, 547 } accept',
  'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } accept',
];

const pairs: Record<IpFamily, string> = {
  4: 'ip saddr . ip daddr',
  6: 'ip6 saddr . ip6 daddr',
};

const eachFamily = (rule: (family: IpFamily) => readonly string[]): string[] =>
  families.flatMap((family) => rule(family));

function holdRules(wan: WanDevice, settings: TableSettings): string[] {
  return [
    ...eachFamily((family) => [
      `${pairs[family]} @${setName('pass', family, wan.index)} accept`,
      `${pairs[family]} @${setName('encrypt', family, wan.index)} accept`,
      `${pairs[family]} @${setName('deny', family, wan.index)} goto refuse`,
    ]),
    wan.isOpen ? 'accept' : `queue num ${settings.firstQueue + wan.index}`,
  ];
}

/** The pair as it was where the packet was held, before NAT, by the connection tracking. */
const trackedPair = (direction: 'original' | 'reply', family: IpFamily): string => {
  const ip = family === 4 ? 'ip' : 'ip6';
  return `ct direction ${direction} ct ${direction} ${ip} saddr . ct ${direction} ${ip} daddr`;
};

function guardRules(wan: WanDevice): string[] {
  return eachFamily((family) => {
    const encrypt = setName('encrypt', family, wan.index);
    const deny = setName('deny', family, wan.index);
    return [
      `${pairs[family]} @${encrypt} counter name leaks drop`,
      ...(['original', 'reply'] as const).flatMap((direction) => [
        `${trackedPair(direction, family)} @${encrypt} counter name leaks drop`,
        `${trackedPair(direction, family)} @${deny} counter name leaks drop`,
      ]),
    ];
  });
}

const refuseRules = (rejects: boolean): string[] =>
  rejects
    ? [
        'meta nfproto ipv4 counter name denied reject with icmp type admin-prohibited',
        'meta nfproto ipv6 counter name denied reject with icmpv6 type admin-prohibited',
      ]
    : ['counter name denied drop'];

function prerouting(rules: HoldRules): Chain {
  const hold = rules.wans.map((wan) => {
    const device = quotedDevice(wan.device);
    return `iifname != ${device} fib daddr . mark oifname ${device} goto ${holdChain(wan)}`;
  });
  return {
    name: 'prerouting',
    base: `type filter hook prerouting priority ${holdPriority}; policy accept;`,
    rules: ['jump exempt', `jump ${configuredChain}`, ...hold],
  };
}

function output(rules: HoldRules, mark: string): Chain {
  const hold = rules.wans.map(
    (wan) => `oifname ${quotedDevice(wan.device)} goto ${holdChain(wan)}`,
  );
  // `rt ipsec exists`: a policy applies already, ours or a configured one (SP-1).
  return {
    name: 'output',
    base: `type route hook output priority ${holdPriority}; policy accept;`,
    rules: [
      `meta mark & ${mark} != 0 accept`,
      'rt ipsec exists accept',
      'jump own_exempt',
      'jump exempt',
      `jump ${configuredChain}`,
      ...hold,
    ],
  };
}

function postrouting(rules: HoldRules, settings: TableSettings): Chain {
  const mark = hex(settings.markBit);
  const others = hex(~settings.markBit >>> 0);
  const guards = rules.wans.map(
    (wan) => `oifname ${quotedDevice(wan.device)} rt ipsec missing goto ${guardChain(wan)}`,
  );
  return {
    name: 'postrouting',
    base: `type filter hook postrouting priority ${guardPriority}; policy accept;`,
    rules: [`meta mark & ${mark} != 0 meta mark set meta mark & ${others}`, ...guards],
  };
}

/** Chains in the order in which they can be written: a chain comes after those it jumps to. */
function chainsOf(rules: HoldRules, settings: TableSettings): Chain[] {
  const mark = hex(settings.markBit);
  return [
    { name: 'exempt', rules: exemptRules },
    { name: 'own_exempt', rules: ownExemptRules },
    { name: 'refuse', rules: refuseRules(rules.rejectsDenied) },
    ...rules.wans.flatMap((wan) => [
      { name: holdChain(wan), rules: holdRules(wan, settings) },
      {
        name: guardChain(wan),
        // `iif 0`: made here, and not what is forwarded with such a port
        rules: [
          'meta l4proto { esp, ah } accept',
          'iif 0 jump own_exempt',
          ...nameServerRules,
          ...guardRules(wan),
        ],
      },
    ]),
    prerouting(rules),
    output(rules, mark),
    postrouting(rules, settings),
    ...pathChains(rules.wans, settings.firstQueue, quotedDevice, `meta mark & ${mark} != 0`),
  ];
}

const addressType = (family: IpFamily): string => (family === 4 ? 'ipv4_addr' : 'ipv6_addr');

function addSets(rules: HoldRules): string[] {
  const shared = families.flatMap((family) => [
    `add set ${tableName} exempt${family} { type ${addressType(family)}; flags interval; }`,
    `add set ${tableName} names${family} { type ${addressType(family)}; }`,
  ]);
  const ofWans = rules.wans.flatMap((wan) =>
    families.flatMap((family) =>
      verdicts.map((verdict) => {
        const pair = `${addressType(family)} . ${addressType(family)}`;
        const name = setName(verdict, family, wan.index);
        return `add set ${tableName} ${name} { type ${pair}; flags timeout; size ${maxPairs}; }`;
      }),
    ),
  );
  const counters = ['leaks', 'denied'].map((name) => `add counter ${tableName} ${name}`);
  return [...shared, ...ofWans, ...pathSets(rules.wans, tableName), ...counters];
}

/** Replaces all elements of a set. */
function fillSet(name: string, elements: readonly string[]): string[] {
  const flush = `flush set ${tableName} ${name}`;
  if (elements.length === 0) return [flush];
  return [flush, `add element ${tableName} ${name} { ${elements.join(', ')} }`];
}

function fillSets(rules: HoldRules): string[] {
  const ofFamily = (family: IpFamily) => (server: IpAddress) => familyOf(server) === family;
  return families.flatMap((family) => [
    ...fillSet(
      `exempt${family}`,
      exemptIntervals(rules.exemptDestinations, rules.heldDestinations, family).map(formatInterval),
    ),
    ...fillSet(`names${family}`, [...new Set(rules.nameServers.filter(ofFamily(family)))]),
  ]);
}

/** Chains and sets of WANs that are no more; their rules are gone by then. */
function removeWans(wans: readonly WanDevice[]): string[] {
  return wans.flatMap((wan) => [
    `delete chain ${tableName} ${holdChain(wan)}`,
    `delete chain ${tableName} ${guardChain(wan)}`,
    ...families.flatMap((family) =>
      verdicts.map((verdict) => `delete set ${tableName} ${setName(verdict, family, wan.index)}`),
    ),
  ]);
}

/**
 * One transaction that makes the table as `rules` say, whether or not it is there: pairs that are
 * remembered stay, and packets that are held stay held. `previous` are the rules in force.
 */
export function tableText(rules: HoldRules, settings: TableSettings, previous?: HoldRules): string {
  const chains = chainsOf(rules, settings);
  const gone = (previous?.wans ?? []).filter(
    (old) => !rules.wans.some((wan) => wan.index === old.index),
  );
  const lines = [
    `add table ${tableName}`,
    ...addSets(rules),
    `add chain ${tableName} ${configuredChain}`,
    ...chains.map((chain) =>
      chain.base === undefined
        ? `add chain ${tableName} ${chain.name}`
        : `add chain ${tableName} ${chain.name} { ${chain.base} }`,
    ),
    ...[
      ...chains.map((chain) => chain.name),
      ...gone.flatMap((wan) => [holdChain(wan), guardChain(wan)]),
    ].map((name) => `flush chain ${tableName} ${name}`),
    ...fillSets(rules),
    ...chains.flatMap((chain) =>
      chain.rules.map((rule) => `add rule ${tableName} ${chain.name} ${rule}`),
    ),
    ...removeWans(gone),
  ];
  return `${lines.join('\n')}\n`;
}

/** Takes the table away; works also when there is none. */
export const removeTableText = `add table ${tableName}\ndelete table ${tableName}\n`;
