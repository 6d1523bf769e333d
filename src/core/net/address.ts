/**
 * IP addresses and prefixes as values. An `IpAddress` is its canonical text (RFC 5952 for IPv6), so
 * equal addresses are equal strings: they can be map keys, command words and log text as they are.
 */

/** Canonical text of an IPv4 or IPv6 address. Only `parseAddress` and `addressFromBytes` make one. */
export type IpAddress = string & { readonly __kind: 'IpAddress' };

export type IpFamily = 4 | 6;

/** An address block; bits behind `length` are zero in `address`. */
export interface Prefix {
  address: IpAddress;
  /** 0..32 or 0..128 */
  length: number;
}

export const familyOf = (address: IpAddress): IpFamily => (address.includes(':') ? 6 : 4);

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

function parseIpv4(text: string): number[] | undefined {
  const parts = IPV4.exec(text)
    ?.slice(1)
    .map((part) => (part.length > 1 && part.startsWith('0') ? 256 : Number(part)));
  return parts?.every((part) => part <= 255) ? parts : undefined;
}

/** Groups of an IPv6 half (`a:b:c`) as bytes; the last half may end in dotted IPv4. */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (group.includes('.') && isLast && index === groups.length - 1) {
      const tail = parseIpv4(group);
      if (!tail) return undefined;
      bytes.push(...tail);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else return undefined;
  }
  return bytes;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  const fits = halves.length === 2 ? missing >= 2 : missing === 0;
  return fits ? [...head, ...new Array<number>(missing).fill(0), ...tail] : undefined;
}

/** Start and length of the longest run of two or more zero groups (the first one wins). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

function formatIpv6(bytes: ArrayLike<number>): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  const run = longestZeroRun(groups);
  if (run.start < 0) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

/** Reads an address in any usual text form; `undefined` when it is none. No zone (`%eth0`). */
export function parseAddress(text: string): IpAddress | undefined {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return bytes && addressFromBytes(bytes);
}

/** Like `parseAddress`, for constants and text that was checked already. Throws. */
export function address(text: string): IpAddress {
  const value = parseAddress(text);
  if (value === undefined) throw new Error(`not an IP address: '${text}'`);
  return value;
}

/** 4 or 16 bytes in network order. Throws on another length. */
export function addressFromBytes(bytes: ArrayLike<number>): IpAddress {
  if (bytes.length === 4) return Array.from(bytes).join('.') as IpAddress;
  if (bytes.length === 16) return formatIpv6(bytes) as IpAddress;
  throw new Error(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
}

/** 4 or 16 bytes in network order. */
export function addressBytes(value: IpAddress): Uint8Array {
  return Uint8Array.from((familyOf(value) === 4 ? parseIpv4(value) : parseIpv6(value)) ?? []);
}

export const addressBits = (value: IpAddress): number => (familyOf(value) === 4 ? 32 : 128);

/** True when the first `length` bits are equal. */
function sameBits(a: Uint8Array, b: Uint8Array, length: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = length & 7;
  return rest === 0 || ((a[whole]! ^ b[whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

export function prefixContains(prefix: Prefix, value: IpAddress): boolean {
  return (
    familyOf(prefix.address) === familyOf(value) &&
    sameBits(addressBytes(prefix.address), addressBytes(value), prefix.length)
  );
}

/** True when every address of `inner` is in `outer`. */
export const prefixCovers = (outer: Prefix, inner: Prefix): boolean =>
  inner.length >= outer.length && prefixContains(outer, inner.address);

/** `addr` or `addr/len`; host bits are cleared. `undefined` when it is neither. */
export function parsePrefix(text: string): Prefix | undefined {
  const [head = '', tail, more] = text.split('/');
  const base = parseAddress(head);
  if (!base || more !== undefined || (tail !== undefined && !/^\d{1,3}$/.test(tail)))
    return undefined;
  const length = tail === undefined ? addressBits(base) : Number(tail);
  if (length > addressBits(base)) return undefined;
  return { address: maskAddress(base, length), length };
}

/** Like `parsePrefix`, for constants. Throws. */
export function prefix(text: string): Prefix {
  const value = parsePrefix(text);
  if (!value) throw new Error(`not an address block: '${text}'`);
  return value;
}

/** `value` with all bits behind `length` cleared. */
export function maskAddress(value: IpAddress, length: number): IpAddress {
  const bytes = addressBytes(value);
  for (let i = 0; i < bytes.length; i++) {
    const keep = Math.min(8, Math.max(0, length - 8 * i));
    bytes[i] = bytes[i]! & (0xff00 >> keep);
  }
  return addressFromBytes(bytes);
}

export const formatPrefix = (value: Prefix): string => `${value.address}/${value.length}`;

/** The prefix that holds just this address. */
export const hostPrefix = (value: IpAddress): Prefix => ({
  address: value,
  length: addressBits(value),
});

/** The value of the longest matching prefix in a table; `undefined` when none matches. */
export function longestMatch<T extends { prefix: Prefix }>(
  table: readonly T[],
  value: IpAddress,
): T | undefined {
  let best: T | undefined;
  for (const row of table) {
    if (!prefixContains(row.prefix, value)) continue;
    if (!best || row.prefix.length > best.prefix.length) best = row;
  }
  return best;
}

/** Owner name in the reverse tree: `65.0.1.192.in-addr.arpa`, or nibbles under `ip6.arpa`. */
export function reverseName(value: IpAddress): string {
  const bytes = Array.from(addressBytes(value)).reverse();
  if (bytes.length === 4) return `${bytes.join('.')}.in-addr.arpa`;
  const nibbles = bytes.flatMap((byte) => [byte & 15, byte >> 4]);
  return `${nibbles.map((nibble) => nibble.toString(16)).join('.')}.ip6.arpa`;
}
