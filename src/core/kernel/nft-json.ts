/**
 * Values in the JSON of `nft -j`: a fact about a packet is compared with a value, a list, a block, a
 * range or a set. Pure.
 *
 * Documents: libnftables-json(5).
 */
import { addressBytes, type IpAddress, parseAddress, prefixContains } from '../net/address.js';

export type Json = unknown;
export type JsonObject = Record<string, Json>;

/** Ends a rule whose meaning is not known. */
export class NotUnderstood extends Error {}

export const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const field = (value: Json, name: string): Json =>
  isObject(value) ? value[name] : undefined;

export const text = (value: Json): string => (typeof value === 'string' ? value : '');

/** A word of nft: a name that may end in a wildcard, or an address in any form. */
function isSame(fact: string, value: string): boolean {
  if (value.endsWith('*')) return fact.startsWith(value.slice(0, -1));
  return fact === (parseAddress(value) ?? value);
}

function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at >= 0 && a[at]! < b[at]!;
}

function isInRange(address: IpAddress, range: readonly Json[]): boolean {
  const [first, last] = range.map((end) => parseAddress(text(end)));
  if (!first || !last) throw new NotUnderstood('range of something else than addresses');
  const bytes = addressBytes(address);
  const [low, high] = [addressBytes(first), addressBytes(last)];
  return low.length === bytes.length && !isBefore(bytes, low) && !isBefore(high, bytes);
}

/** Blocks and ranges, which only addresses can be in. */
function isInBlock(address: IpAddress, value: Json): boolean {
  const prefix = field(value, 'prefix');
  const range = field(value, 'range');
  if (Array.isArray(range)) return isInRange(address, range);
  const base = parseAddress(text(field(prefix, 'addr')));
  const length = field(prefix, 'len');
  if (!base || typeof length !== 'number') throw new NotUnderstood(brief(value));
  return prefixContains({ address: base, length }, address);
}

/**
 * Is `fact` the value, or in it? `namedSet` gives the elements of a set by its name with the `@`.
 * Throws `NotUnderstood` for a value of another kind, and for the empty fact: that is a header which
 * the packet does not have.
 */
export function holds(value: Json, fact: string, namedSet: (name: string) => Json): boolean {
  if (fact === '') throw new NotUnderstood('header of the other family');
  if (typeof value === 'string' && value.startsWith('@')) {
    const elements = namedSet(value);
    return Array.isArray(elements) && holds(elements, fact, namedSet);
  }
  if (typeof value === 'string') return isSame(fact, value);
  if (Array.isArray(value)) return value.some((each) => holds(each, fact, namedSet));
  const inner = field(value, 'set') ?? field(field(value, 'elem'), 'val');
  if (inner !== undefined) return holds(inner, fact, namedSet);
  const address = parseAddress(fact);
  if (!address) throw new NotUnderstood(brief(value));
  return isInBlock(address, value);
}

/** Enough of a value to find it in the ruleset. */
export const brief = (value: Json): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
