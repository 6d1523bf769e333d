/** Mutations of text: words, lines and quotes, and for JSON of the tree. */
import { fromUtf8, utf8 } from '../../src/core/bytes/text.js';
import { MOST_BYTES, mutateBytes } from './bytes.js';
import type { Dice } from './dice.js';
import type { Mutate } from './target.js';

const words = [
  ...[
    '',
    ' ',
    '\t',
    '\n',
    '\r\n',
    ';',
    "'",
    '"',
    '\\',
    '\\\n',
    '#',
    '@',
    '/',
    ':',
    '::',
    '.',
    '..',
  ],
  ...['0', '-1', '1', '255', '256', '65535', '65536', '4294967295', '4294967296', '1e309', '0x'],
  ...['0xffffffff', '0x41490000', '99999999999999999999', 'NaN', '__proto__', 'constructor'],
  ...['src ', 'dst ', 'tmpl ', 'sel ', '198.18.0.1', '2001:db8::1', '::ffff:1.2.3.4', '1.2.3.4/33'],
  ...['config wan', 'option ', 'list ', 'é', '€', '\u{1f600}', '\ufffd', '\u0000', '\u001b[31m'],
];

const partsOf = (text: string): string[] =>
  text.match(/\s+|[A-Za-z0-9_.-]+|[^\sA-Za-z0-9_.-]/g) ?? [];

type TextMutation = (parts: string[], dice: Dice, other: string[]) => void;

const ofParts: readonly TextMutation[] = [
  (parts, dice) => void parts.splice(dice.below(parts.length), 1, dice.pick(words)),
  (parts, dice) => void parts.splice(dice.below(parts.length), 0, dice.pick(words)),
  (parts, dice) => void parts.splice(dice.below(parts.length), 1 + dice.below(4)),
  (parts, dice) => {
    const at = dice.below(parts.length);
    parts.splice(at, 0, ...parts.slice(at, at + 1 + dice.below(20)));
  },
  (parts, dice, other) => {
    const from = dice.below(other.length);
    const piece = other.slice(from, from + 1 + dice.below(20));
    parts.splice(dice.below(parts.length), dice.below(3), ...piece);
  },
  (parts, dice) => {
    const at = dice.below(parts.length);
    parts[at] = (parts[at] ?? '').slice(0, 20).repeat(dice.pick([2, 3, 50, 1000]));
  },
  (parts, dice) => {
    const [a, b] = [dice.below(parts.length), dice.below(parts.length)];
    [parts[a], parts[b]] = [parts[b] ?? '', parts[a] ?? ''];
  },
];

export const mutateText: Mutate = (input, dice, other) => {
  const parts = partsOf(fromUtf8(input));
  const others = partsOf(fromUtf8(other));
  for (let i = 1 + dice.below(4); i > 0; i--) dice.pick(ofParts)(parts, dice, others);
  return utf8(parts.join('').slice(0, MOST_BYTES));
};

type Json = unknown;

const values: readonly Json[] = [
  ...[null, true, false, 0, -1, 1, 1.5, 1e21, '', 'x', '198.18.0.1', '2001:db8::1', '@set', 'wan*'],
  ...[[], {}, [[]], [{}], { set: [] }, { range: [] }, { prefix: {} }, { elem: {} }],
];

const nested = (dice: Dice): Json => {
  let value: Json = dice.pick(values);
  for (let depth = dice.pick([3, 30, 300]); depth > 0; depth--)
    value = dice.oneIn(2) ? [value] : { set: value };
  return value;
};

/** Changes one node, found by walking down at random. */
function changeNode(node: Json, dice: Dice, other: Json): Json {
  if (typeof node === 'object' && node !== null && !dice.oneIn(4)) {
    const keys = Object.keys(node);
    if (keys.length > 0) return changeMember(node as Record<string, Json>, keys, dice, other);
  }
  if (dice.oneIn(6)) return nested(dice);
  return dice.oneIn(3) ? other : dice.pick(values);
}

function changeMember(node: Record<string, Json>, keys: string[], dice: Dice, other: Json): Json {
  const key = dice.pick(keys);
  const inside = typeof other === 'object' && other !== null ? Object.values(other) : [];
  const next = inside.length > 0 && !dice.oneIn(4) ? dice.pick(inside) : other;
  if (Array.isArray(node)) {
    const list = [...node];
    const at = Number(key);
    const way = dice.below(6);
    if (way === 0) list.splice(at, 1);
    else if (way === 1) list.splice(at, 0, ...list.slice(at, at + 2));
    else list[at] = changeNode(list[at], dice, next);
    return list;
  }
  const { [key]: old, ...rest } = node;
  if (dice.oneIn(6)) return rest;
  if (dice.oneIn(8)) return { ...rest, [dice.pick(keys)]: old };
  return { ...node, [key]: changeNode(old, dice, next) };
}

/** `undefined` for what is no JSON. */
export function asJson(input: Uint8Array, revive?: (key: string, value: unknown) => unknown): Json {
  try {
    return JSON.parse(fromUtf8(input), revive);
  } catch {
    return undefined;
  }
}

/** Mutates the tree of a JSON text; of what is none, the bytes. */
export const mutateJson: Mutate = (input, dice, other) => {
  let tree = asJson(input);
  if (tree === undefined) return mutateBytes(input, dice, other);
  for (let i = 1 + dice.below(3); i > 0; i--) tree = changeNode(tree, dice, asJson(other) ?? null);
  return utf8((JSON.stringify(tree) ?? '').slice(0, MOST_BYTES * 2));
};
