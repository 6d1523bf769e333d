/**
 * Predicts source NAT on a WAN from what `nft -j` lists: which address will a packet carry outside?
 * Reads what fw4 and ordinary hand-made rulesets write; a condition that is not understood counts as
 * not matching, and is told once to `doubt`. Pure.
 *
 * Documents: libnftables-json(5).
 */
import { familyOf, type IpAddress, parseAddress } from '../net/address.js';
import {
  brief,
  field,
  holds,
  isObject,
  type Json,
  type JsonObject,
  NotUnderstood,
  text,
} from './nft-json.js';

export interface NatPacket {
  device: string;
  source: IpAddress;
  destination: IpAddress;
  isOwn: boolean;
  /** Device it came in on; not known for a pair that no packet has asked for. */
  inputDevice: string | undefined;
}

export type NatResult = { kind: 'none' } | { kind: 'masquerade' } | { kind: 'snat'; to: IpAddress };

interface Chain {
  key: string;
  family: string;
  priority: number;
  isSourceNat: boolean;
}

/** What is of interest in a ruleset, by family, table and name. */
export interface NatRuleset {
  chains: Chain[];
  rules: Map<string, Json[][]>;
  sets: Map<string, Json>;
}

/** Jumps within jumps; the kernel allows 16 as well. */
const maxDepth = 16;

const keyOf = (item: Json, name: Json): string =>
  `${text(field(item, 'family'))} ${text(field(item, 'table'))} ${text(name)}`;

/** Items of an `nft -j` answer: `[kind, item]`. Throws when it is no such answer. */
function items(json: string): [string, JsonObject][] {
  const list = field(JSON.parse(json), 'nftables');
  if (!Array.isArray(list)) throw new Error('nft -j: no list of objects in its answer');
  return list.flatMap((entry) =>
    isObject(entry)
      ? Object.entries(entry).filter((pair): pair is [string, JsonObject] => isObject(pair[1]))
      : [],
  );
}

const isSourceNat = (chain: JsonObject): boolean =>
  chain.type === 'nat' && chain.hook === 'postrouting';

/** `[family, table]` of the tables that have a source NAT chain, from `nft -j list chains`. */
export function natTables(json: string): [string, string][] {
  const tables = items(json)
    .filter(([kind, item]) => kind === 'chain' && isSourceNat(item))
    .map(([, item]) => `${text(item.family)} ${text(item.table)}`);
  return [...new Set(tables)].map((name) => {
    const [family, ...table] = name.split(' ');
    return [family!, table.join(' ')];
  });
}

/** Joins the answers of `nft -j list table …` into one ruleset. */
export function parseRuleset(answers: readonly string[]): NatRuleset {
  const ruleset: NatRuleset = { chains: [], rules: new Map(), sets: new Map() };
  for (const [kind, item] of answers.flatMap(items)) {
    if (kind === 'chain')
      ruleset.chains.push({
        key: keyOf(item, item.name),
        family: text(item.family),
        priority: typeof item.prio === 'number' ? item.prio : 0,
        isSourceNat: isSourceNat(item),
      });
    else if (kind === 'set') ruleset.sets.set(keyOf(item, item.name), item.elem);
    else if (kind === 'rule' && Array.isArray(item.expr)) {
      const key = keyOf(item, item.chain);
      ruleset.rules.set(key, [...(ruleset.rules.get(key) ?? []), item.expr]);
    }
  }
  return ruleset;
}

/** What a rule or chain leads to: a result, the way back to the caller, or the next rule. */
type Outcome = NatResult | 'return' | 'next';

class Evaluation {
  constructor(
    private readonly ruleset: NatRuleset,
    private readonly packet: NatPacket,
    private readonly doubt: (what: string) => void,
  ) {}

  chain(key: string, depth: number): NatResult | undefined {
    if (depth > maxDepth) return undefined;
    for (const expressions of this.ruleset.rules.get(key) ?? []) {
      const outcome = this.rule(key, expressions, depth);
      if (outcome === 'return') return undefined;
      if (outcome !== 'next') return outcome;
    }
    return undefined;
  }

  private rule(key: string, expressions: readonly Json[], depth: number): Outcome {
    try {
      for (const expression of expressions) {
        const outcome = this.expression(key, expression, depth);
        if (outcome === 'no match') return 'next';
        if (outcome !== 'go on') return outcome;
      }
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      this.doubt(`${key}: ${error.message}`);
    }
    return 'next';
  }

  private expression(key: string, expression: Json, depth: number): Outcome | 'go on' | 'no match' {
    const [kind, value] = Object.entries(isObject(expression) ? expression : {})[0] ?? [''];
    switch (kind) {
      case 'counter':
      case 'log':
      case 'comment':
        return 'go on';
      case 'match':
        return this.matches(key, value) ? 'go on' : 'no match';
      case 'vmap':
        return this.verdictMap(key, value, depth);
      case 'masquerade':
        return { kind: 'masquerade' };
      case 'snat':
        return { kind: 'snat', to: snatAddress(value) };
      case 'xt':
        // a rule of iptables-nft
        if (field(value, 'name') === 'MASQUERADE') return { kind: 'masquerade' };
        throw new NotUnderstood(`xt ${text(field(value, 'name'))}`);
      case 'accept':
      case 'drop':
        return { kind: 'none' };
      case 'return':
        return 'return';
      case 'continue':
        return 'next';
      case 'jump':
      case 'goto':
        return this.jump(key, kind, text(field(value, 'target')), depth);
      default:
        throw new NotUnderstood(`'${kind}'`);
    }
  }

  private jump(key: string, kind: 'jump' | 'goto', target: string, depth: number): Outcome {
    const [family, table] = key.split(' ');
    const result = this.chain(`${family} ${table} ${target}`, depth + 1);
    return result ?? (kind === 'goto' ? 'return' : 'next');
  }

  private verdictMap(key: string, map: Json, depth: number): Outcome | 'go on' | 'no match' {
    const value = this.factOf(field(map, 'key'));
    const data = field(map, 'data');
    const rows = isObject(data) ? data.set : this.namedSet(key, data);
    if (!Array.isArray(rows)) throw new NotUnderstood('vmap');
    for (const row of rows) {
      if (!Array.isArray(row) || !this.isOneOf(key, value, row[0])) continue;
      return this.expression(key, row[1], depth);
    }
    return 'no match';
  }

  private matches(key: string, match: Json): boolean {
    const operator = text(field(match, 'op'));
    if (!['==', '!=', 'in'].includes(operator)) throw new NotUnderstood(`operator '${operator}'`);
    const left = field(match, 'left');
    const right = field(match, 'right');
    const isNegated = operator === '!=';
    const meta = field(field(left, 'meta'), 'key');
    if (meta === 'iifname' || meta === 'iif') return this.cameFrom(key, right) !== isNegated;
    return this.isOneOf(key, this.factOf(left), right) !== isNegated;
  }

  private cameFrom(key: string, right: Json): boolean {
    const { inputDevice, isOwn, device } = this.packet;
    if (isOwn) return false;
    if (inputDevice !== undefined) return this.isOneOf(key, inputDevice, right);
    // What is forwarded to a WAN did not come from there
    if (right === device) return false;
    throw new NotUnderstood('iifname of a packet that nobody has seen');
  }

  private factOf(left: Json): string {
    const { packet } = this;
    const isIpv4 = familyOf(packet.source) === 4;
    const meta = text(field(field(left, 'meta'), 'key'));
    if (meta === 'oifname' || meta === 'oif') return packet.device;
    if (meta === 'nfproto') return isIpv4 ? 'ipv4' : 'ipv6';
    if (meta === 'protocol') return isIpv4 ? 'ip' : 'ip6';
    const payload = field(left, 'payload');
    const protocol = text(field(payload, 'protocol'));
    const name = text(field(payload, 'field'));
    // A rule on the other family's header does not match, which an empty fact never does either
    if (protocol === 'ip' || protocol === 'ip6') {
      const isOurs = (protocol === 'ip') === isIpv4;
      if (name === 'saddr') return isOurs ? packet.source : '';
      if (name === 'daddr') return isOurs ? packet.destination : '';
    }
    throw new NotUnderstood(brief(left));
  }

  private namedSet(key: string, name: Json): Json {
    const [family, table] = key.split(' ');
    return this.ruleset.sets.get(`${family} ${table} ${text(name).slice(1)}`);
  }

  private isOneOf(key: string, fact: string, right: Json): boolean {
    return holds(right, fact, (name) => this.namedSet(key, name));
  }
}

/** A fixed address, or the first of a range (the kernel may take another one of it). */
function snatAddress(snat: Json): IpAddress {
  const value = field(snat, 'addr');
  const range = field(value, 'range');
  const address = parseAddress(text(Array.isArray(range) ? range[0] : value));
  if (!address) throw new NotUnderstood('snat to something else than an address');
  return address;
}

/** The first base chain, in the order of priority, that translates the source decides. */
export function sourceNatOf(
  ruleset: NatRuleset,
  packet: NatPacket,
  doubt: (what: string) => void = () => undefined,
): NatResult {
  const families = ['inet', familyOf(packet.source) === 4 ? 'ip' : 'ip6'];
  const chains = ruleset.chains
    .filter((chain) => chain.isSourceNat && families.includes(chain.family))
    .sort((a, b) => a.priority - b.priority);
  for (const chain of chains) {
    const result = new Evaluation(ruleset, packet, doubt).chain(chain.key, 0);
    if (result && result.kind !== 'none') return result;
  }
  return { kind: 'none' };
}
