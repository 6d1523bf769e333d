/**
 * Resolves "the longest prefix wins" between exempt and held destinations into intervals that do not
 * overlap, as an nft interval set takes them.
 */
import {
  addressBits,
  addressBytes,
  addressFromBytes,
  familyOf,
  type IpAddress,
  type IpFamily,
  type Prefix,
} from '../net/address.js';

/** From the first address to the last one, both included. */
export interface Interval {
  first: IpAddress;
  last: IpAddress;
}

const toNumber = (address: IpAddress): bigint =>
  addressBytes(address).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

function toAddress(value: bigint, family: IpFamily): IpAddress {
  const bytes = new Uint8Array(family === 4 ? 4 : 16);
  for (let i = bytes.length - 1, left = value; i >= 0; i--, left >>= 8n)
    bytes[i] = Number(left & 255n);
  return addressFromBytes(bytes);
}

/** Number of the address behind the last one of the prefix. */
const endOf = (prefix: Prefix): bigint =>
  toNumber(prefix.address) + (1n << BigInt(addressBits(prefix.address) - prefix.length));

interface Block {
  start: bigint;
  end: bigint;
  length: number;
  isExempt: boolean;
}

/** Shorter prefixes first; where both lists have the same prefix, the held one is the later. */
const byWeight = (a: Block, b: Block): number =>
  a.length - b.length || Number(b.isExempt) - Number(a.isExempt);

const toBlock =
  (isExempt: boolean) =>
  (prefix: Prefix): Block => ({
    start: toNumber(prefix.address),
    end: endOf(prefix),
    length: prefix.length,
    isExempt,
  });

/**
 * Addresses of one family that are exempt: each address goes by the longest prefix that contains it,
 * and one that is in no list is held. In ascending order, without neighbours that touch.
 */
export function exemptIntervals(
  exempt: readonly Prefix[],
  held: readonly Prefix[],
  family: IpFamily,
): Interval[] {
  const ofFamily = (prefix: Prefix) => familyOf(prefix.address) === family;
  const blocks = [
    ...exempt.filter(ofFamily).map(toBlock(true)),
    ...held.filter(ofFamily).map(toBlock(false)),
  ].sort(byWeight);
  const borders = [...new Set(blocks.flatMap((block) => [block.start, block.end]))].sort((a, b) =>
    a < b ? -1 : a > b ? 1 : 0,
  );
  const spans: { start: bigint; end: bigint }[] = [];
  for (const [index, start] of borders.slice(0, -1).entries()) {
    const end = borders[index + 1]!;
    const heaviest = blocks.findLast((block) => block.start <= start && end <= block.end);
    if (!heaviest?.isExempt) continue;
    const last = spans.at(-1);
    if (last?.end === start) last.end = end;
    else spans.push({ start, end });
  }
  return spans.map((span) => ({
    first: toAddress(span.start, family),
    last: toAddress(span.end - 1n, family),
  }));
}

/** As an nft set element: `10.0.0.0-10.255.255.255`, or a single address. */
export const formatInterval = (interval: Interval): string =>
  interval.first === interval.last ? interval.first : `${interval.first}-${interval.last}`;
