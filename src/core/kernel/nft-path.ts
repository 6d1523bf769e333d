/**
 * Rules of our table for plugins that look at packets on their way (`packet-path.ts`). Pure.
 *
 * Taken packets go to a queue before connection tracking (-200) and destination NAT (-100), and so also
 * before any rule that drops what is invalid to it. The queue has `bypass`: while nobody listens, they
 * go on. Of watched flows only copies are made (`log group`), so that nothing waits for the daemon; of a
 * pair of addresses that was looked at, packets cost one look into a set.
 */
import type { WanDevice } from './kernel.js';
import type { PacketKind } from './packet-path.js';

const takePriority = -310;
/** Behind connection tracking, before destination NAT: with addresses as they are on the wire. */
const watchPriority = -145;

/** Queues for taken packets stand behind those for held ones, one for each of 16 WANs. */
export const takeQueue = (firstQueue: number, wanIndex: number): number =>
  firstQueue + 16 + wanIndex;

/** Groups of NFLOG have the numbers of the queues. */
export const watchGroup = (firstQueue: number, wanIndex: number): number => firstQueue + wanIndex;

/** Prefixes of copies; what is not `answered` is a first packet. */
export const answeredPrefix = 'answered';

/** Pairs of one WAN that were looked at; above it further ones are not looked at until some age. */
const maxWatched = 16_384;
const watchedTime = '10m';
/** First packets that are copied, in a second: a flood of SYNs must not reach the daemon. */
const firstPackets = '100/second burst 200 packets';
const copyBytes = 128;

/** Flows whose first packet was copied a moment ago. */
const maxStarted = 4096;
const startedTime = '1m';

const startedSet = (wanIndex: number): string => `started_${wanIndex}`;
export const watchedSet = (wanIndex: number): string => `watched_${wanIndex}`;
export const watchChain = (wanIndex: number): string => `watch_${wanIndex}`;

export interface PathChain {
  name: string;
  base?: string;
  rules: readonly string[];
}

const condition = (kind: PacketKind): string =>
  kind.protocol === 'icmp'
    ? `ip protocol icmp icmp type ${kind.type} icmp code ${kind.code}`
    : // the first 32 bits behind the UDP header
      `meta nfproto ipv4 udp dport ${kind.destinationPort} @th,64,32 0x${kind.firstWord.toString(16).padStart(8, '0')}`;

function takeRules(wan: WanDevice, device: string, firstQueue: number): string[] {
  const queue = `queue num ${takeQueue(firstQueue, wan.index)} bypass`;
  return (wan.takes ?? []).map(
    (kind) => `iifname ${device} meta ipsec missing ${condition(kind)} ${queue}`,
  );
}

/** TCP by its flags, all else by what the connection tracking says. */
function watchRules(wan: WanDevice, firstQueue: number): string[] {
  const group = `group ${watchGroup(firstQueue, wan.index)} snaplen ${copyBytes}`;
  const pair = 'ip saddr . ip daddr';
  const flow = `${startedSet(wan.index)} { ip saddr . th sport . ip daddr . th dport }`;
  const first = `limit rate ${firstPackets} add @${flow} log prefix "first" ${group}`;
  // Not a flow of before: of that nobody has the first packet
  const isStarted = `ip saddr . th sport . ip daddr . th dport @${startedSet(wan.index)}`;
  const answered = `${isStarted} ct direction original ct state established add @${watchedSet(wan.index)} { ${pair} } log prefix "${answeredPrefix}" ${group}`;
  return [
    `${pair} @${watchedSet(wan.index)} accept`,
    ...(wan.watches ?? []).flatMap((protocol) =>
      protocol === 6
        ? [
            `tcp flags & (fin | syn | rst | ack) == syn ${first}`,
            `tcp flags & (fin | syn | rst | ack) == ack ${answered}`,
          ]
        : [`ip protocol ${protocol} ct state new ${first}`, `ip protocol ${protocol} ${answered}`],
    ),
  ];
}

const isWatched = (wan: WanDevice): boolean => (wan.watches ?? []).length > 0;

/** `quoted` gives a device as nft takes it; `ours` is the match on our mark. */
export function pathChains(
  wans: readonly WanDevice[],
  firstQueue: number,
  quoted: (device: string) => string,
  ours: string,
): PathChain[] {
  const takes = wans.flatMap((wan) => takeRules(wan, quoted(wan.device), firstQueue));
  const kinds = [...new Set(wans.flatMap((wan) => (wan.takes ?? []).map(condition)))];
  const protocols = (wan: WanDevice) => `{ ${[...new Set(wan.watches)].join(', ')} }`;
  const chain = (name: string, hook: string, priority: number, rules: string[]): PathChain[] => {
    const base = `type filter hook ${hook} priority ${priority}; policy accept;`;
    return rules.length === 0 ? [] : [{ name, base, rules }];
  };
  return [
    ...chain('take', 'prerouting', takePriority, takes),
    // Messages of ours quote flows of others, and must not be translated with them
    ...chain(
      'untracked',
      'output',
      takePriority,
      kinds.map((each) => `${ours} ${each} notrack`),
    ),
    ...wans.filter(isWatched).map((wan) => ({
      name: watchChain(wan.index),
      rules: watchRules(wan, firstQueue),
    })),
    ...chain(
      'watch',
      'prerouting',
      watchPriority,
      wans
        .filter(isWatched)
        .map(
          (wan) =>
            `iifname ${quoted(wan.device)} ip protocol ${protocols(wan)} meta ipsec missing goto ${watchChain(wan.index)}`,
        ),
    ),
  ];
}

export const pathSets = (wans: readonly WanDevice[], table: string): string[] =>
  wans
    .filter(isWatched)
    .flatMap((wan) => [
      `add set ${table} ${watchedSet(wan.index)} { type ipv4_addr . ipv4_addr; flags dynamic,timeout; timeout ${watchedTime}; size ${maxWatched}; }`,
      `add set ${table} ${startedSet(wan.index)} { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags dynamic,timeout; timeout ${startedTime}; size ${maxStarted}; }`,
    ]);
