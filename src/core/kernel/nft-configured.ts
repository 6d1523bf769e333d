/**
 * Rules that let the traffic of configured tunnels pass by the hold (SP-1), also while the daemon is
 * not there to ask. Pure.
 */
import { familyOf, formatPrefix, type Prefix } from '../net/address.js';
import { configuredChain, tableName } from './nft-table.js';

/** What all of one policy's traffic has in common. */
export interface ConfiguredTraffic {
  source: Prefix;
  destination: Prefix;
}

/** A router with more policies than this is asked about each pair instead. */
const maxRules = 256;

function ruleOf({ source, destination }: ConfiguredTraffic): string {
  const ip = familyOf(source.address) === 4 ? 'ip' : 'ip6';
  return `${ip} saddr ${formatPrefix(source)} ${ip} daddr ${formatPrefix(destination)} accept`;
}

/** Replaces the rules. Policies that differ in other things give one rule. */
export function configuredText(traffic: readonly ConfiguredTraffic[]): string {
  const rules = [...new Set(traffic.map(ruleOf))].slice(0, maxRules);
  const lines = [
    `flush chain ${tableName} ${configuredChain}`,
    ...rules.map((rule) => `add rule ${tableName} ${configuredChain} ${rule}`),
  ];
  return `${lines.join('\n')}\n`;
}
