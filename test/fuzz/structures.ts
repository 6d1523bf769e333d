/** Mutations that know a format: they break one thing and keep the lengths around it right. */
import { concat, uintBytes } from '../../src/core/bytes/bytes.js';
import {
  GENERIC_LENGTH,
  type RawPayload,
  readChain,
  writeChain,
} from '../../src/core/ike/payloads/generic.js';
import { HEADER_LENGTH } from '../../src/core/ike/payloads/header.js';
import { mutateBytes } from './bytes.js';
import type { Dice } from './dice.js';
import type { Mutate } from './target.js';

const payloadTypes = [
  0, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 53, 54, 200,
];

/** Items of a list dropped, doubled, swapped, or taken from another one. */
function changeList<T>(list: T[], dice: Dice, others: readonly T[], change: (item: T) => T): T[] {
  const at = dice.below(list.length);
  const item = list[at];
  if (item === undefined) return [...others];
  const from = dice.below(list.length);
  switch (dice.below(8)) {
    case 0:
      return list.filter((_, i) => i !== at);
    case 1:
      return [
        ...list.slice(0, at),
        ...Array.from({ length: dice.pick([1, 2, 70]) }, () => item),
        ...list.slice(at),
      ];
    case 2:
      return list.map((each, i) => (i === at ? list[from]! : i === from ? item : each));
    case 3:
      return others.length > 0 ? list.toSpliced(at, dice.below(2), dice.pick(others)) : list;
    default:
      return list.map((each, i) => (i === at ? change(each) : each));
  }
}

/**
 * Walks records of two bytes and a length in 16 bits (payloads, proposals, transforms, selectors),
 * changes the inside of one, and gives it its right length again.
 */
export const mutateRecords: Mutate = (input, dice, other) => {
  const records = recordsOf(input);
  if (records.length === 0) return mutateBytes(input, dice, other);
  const others = recordsOf(other);
  const change = (record: Uint8Array) => {
    const inside = record.subarray(GENERIC_LENGTH);
    const mutate = dice.oneIn(3) && inside.length > 8 ? insideRecord : mutateBytes;
    const body = mutate(inside, dice, other);
    const length = uintBytes((GENERIC_LENGTH + body.length) & 0xffff, 2);
    return concat(record.subarray(0, 2), length, body);
  };
  return concat(...changeList(records, dice, others, change));
};

/** Proposals have 4 bytes and an SPI before their transforms; selectors 4 before their list. */
const insideRecord: Mutate = (input, dice, other) => {
  const skipped = 4 + (input[2]! <= 16 && dice.oneIn(2) ? input[2]! : 0);
  return concat(input.subarray(0, skipped), mutateRecords(input.subarray(skipped), dice, other));
};

function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at + GENERIC_LENGTH <= bytes.length && records.length < 200; ) {
    const length = Math.max(GENERIC_LENGTH, bytes[at + 2]! * 256 + bytes[at + 3]!);
    records.push(bytes.subarray(at, Math.min(bytes.length, at + length)));
    at += length;
  }
  return records;
}

/** The body of a payload of this type. */
export function mutateBody(
  type: number,
  body: Uint8Array,
  dice: Dice,
  other: Uint8Array,
): Uint8Array {
  const isSelectors = type === 44 || type === 45;
  const lead = isSelectors ? 4 : 0;
  if (type !== 33 && !isSelectors) return mutateBytes(body, dice, other);
  if (dice.oneIn(4)) return mutateBytes(body, dice, other);
  return concat(body.subarray(0, lead), mutateRecords(body.subarray(lead), dice, other));
}

/** A chain of payloads behind one byte with the type of the first. */
export const mutateChain: Mutate = (input, dice, other) => {
  const chain = readChain(input[0] ?? 0, input.subarray(1));
  if (!chain.ok) return mutateBytes(input, dice, other);
  const [foreign] = [readChain(other[0] ?? 0, other.subarray(1))];
  const others = foreign.ok ? foreign.value.payloads : [];
  const payloads = changePayloads(chain.value.payloads, dice, others, other);
  const bytes = writeChain(payloads, dice.oneIn(30) ? dice.pick(payloadTypes) : 0);
  return concat(Uint8Array.of(payloads[0]?.type ?? 0), bytes);
};

function changePayloads(
  payloads: RawPayload[],
  dice: Dice,
  others: readonly RawPayload[],
  other: Uint8Array,
): RawPayload[] {
  const change = (one: RawPayload): RawPayload => {
    if (dice.oneIn(8)) return { ...one, type: dice.pick(payloadTypes) };
    if (dice.oneIn(12)) return { ...one, isCritical: !one.isCritical };
    return { ...one, body: mutateBody(one.type, one.body, dice, other) };
  };
  let out = changeList(payloads, dice, others, change);
  while (dice.oneIn(3)) out = changeList(out, dice, others, change);
  return out.slice(0, 200).map((one) => ({ ...one, body: one.body.slice(0, 60_000) }));
}

/** A whole message: header and chain, with the lengths right most of the time. */
export const mutateMessage: Mutate = (input, dice, other) => {
  if (input.length < HEADER_LENGTH) return mutateBytes(input, dice, other);
  const chainOf = (bytes: Uint8Array) =>
    concat(bytes.subarray(16, 17), bytes.subarray(HEADER_LENGTH));
  const chain = mutateChain(chainOf(input), dice, chainOf(other));
  const head = input.slice(0, HEADER_LENGTH);
  if (dice.oneIn(5)) head[dice.below(24)] = dice.next() & 255;
  head[16] = chain[0]!;
  const length = HEADER_LENGTH + chain.length - 1;
  head.set(uintBytes(dice.oneIn(20) ? dice.next() >>> 0 : length, 4), 24);
  return concat(head, chain.subarray(1));
};

/** A header whose length field is made right after any mutation of the bytes. */
export const withLength =
  (at: number, width: 2 | 4, isLittle = false): Mutate =>
  (input, dice, other) => {
    const out = mutateBytes(input, dice, other).slice();
    if (out.length < at + width) return out;
    const bytes = uintBytes(out.length, width);
    out.set(isLittle ? bytes.reverse() : bytes, at);
    return out;
  };

/** Attributes of netlink (length and type of 16 bits, little-endian, padded) behind `lead` bytes. */
export const mutateNetlink =
  (lead: number): Mutate =>
  (input, dice, other) => {
    const attributes = attributesOf(input.subarray(lead));
    const others = attributesOf(other.subarray(lead));
    const change = (one: Uint8Array) => {
      const body = mutateBytes(one.subarray(4), dice, other).slice(0, 60_000);
      const padding = new Uint8Array((4 - (body.length & 3)) & 3);
      const length = uintBytes(4 + body.length, 2).reverse();
      return concat(length, one.subarray(2, 4), body, padding);
    };
    const out = concat(input.subarray(0, lead), ...changeList(attributes, dice, others, change));
    if (out.length < 16) return out;
    out.set(uintBytes(out.length, 4).reverse(), 0);
    if (dice.oneIn(6)) out[dice.below(Math.min(lead, out.length))] = dice.next() & 255;
    return out;
  };

function attributesOf(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = Math.max(4, bytes[at]! + bytes[at + 1]! * 256);
    const end = Math.min(bytes.length, at + ((length + 3) & ~3));
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}

interface DerNode {
  tag: number;
  /** Children of a constructed value, or of an OCTET STRING or BIT STRING that holds DER. */
  children?: DerNode[];
  /** What stands before the children: the unused bits of a BIT STRING. */
  lead: Uint8Array;
  content: Uint8Array;
}

function derNodes(bytes: Uint8Array, depth: number): DerNode[] | undefined {
  const nodes: DerNode[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    const first = bytes[at + 1];
    if (first === undefined) return undefined;
    const size = first < 0x80 ? 0 : first & 0x7f;
    if (size > 3) return undefined;
    let length = size === 0 ? first : 0;
    for (let i = 0; i < size; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
    const start = at + 2 + size;
    if (start + length > bytes.length) return undefined;
    nodes.push(derNode(tag, bytes.subarray(start, start + length), depth));
    at = start + length;
  }
  return nodes;
}

function derNode(tag: number, content: Uint8Array, depth: number): DerNode {
  const lead = tag === 3 ? content.subarray(0, 1) : content.subarray(0, 0);
  const mayHold = depth < 12 && ((tag & 0x20) !== 0 || tag === 3 || tag === 4);
  const children = mayHold ? derNodes(content.subarray(lead.length), depth + 1) : undefined;
  return { tag, lead, content, ...(children && children.length > 0 && { children }) };
}

function writeDer(nodes: readonly DerNode[]): Uint8Array {
  return concat(
    ...nodes.map(({ tag, lead, children, content }) => {
      const body = children ? concat(lead, writeDer(children)) : content;
      const n = body.length;
      const length =
        n < 0x80
          ? [n]
          : n < 0x100
            ? [0x81, n]
            : n < 0x10000
              ? [0x82, n >> 8, n & 255]
              : [0x83, n >> 16, (n >> 8) & 255, n & 255];
      return concat(Uint8Array.of(tag, ...length), body);
    }),
  );
}

const derTags = [
  1, 2, 3, 4, 5, 6, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x30, 0x31, 0xa0, 0xa1, 0xa3, 0x80, 0x82,
];

function changeDer(nodes: DerNode[], dice: Dice, other: DerNode[]): DerNode[] {
  const change = (node: DerNode): DerNode => {
    if (node.children && !dice.oneIn(4))
      return { ...node, children: changeDer(node.children, dice, other) };
    if (dice.oneIn(6)) return { ...node, tag: dice.pick(derTags) };
    if (dice.oneIn(10)) return deep(node, dice.pick([3, 40, 400]));
    const { children: _, ...leaf } = node;
    return { ...leaf, content: mutateBytes(node.content, dice, other[0]?.content ?? node.content) };
  };
  const foreign = other.flatMap((node) => [node, ...(node.children ?? [])]);
  return changeList(nodes, dice, foreign, change);
}

const deep = (node: DerNode, depth: number): DerNode =>
  depth === 0
    ? node
    : {
        tag: 0x30,
        lead: new Uint8Array(0),
        content: node.content,
        children: [deep(node, depth - 1)],
      };

/** The tree of a DER value, written with right lengths again. */
export const mutateDer: Mutate = (input, dice, other) => {
  const nodes = derNodes(input, 0);
  if (!nodes) return mutateBytes(input, dice, other);
  return writeDer(changeDer(nodes, dice, derNodes(other, 0) ?? [])).slice(0, 100_000);
};
