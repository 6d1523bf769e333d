/**
 * Distinguished names (RFC 5280 §4.1.2.4) in DER, and as text (RFC 4514): the last part of the name
 * comes first, `CN=gw,O=Example,C=CH`.
 */
import { fromHex, toHex } from '../bytes/hex.js';
import { fromUtf8, utf8 } from '../bytes/text.js';
import { DerReader, der, derSequence, Tag, tryDer } from './der.js';
import { derOid, dottedOid } from './object-identifiers.js';

interface Attribute {
  /** Hexadecimal of the object identifier. */
  oid: string;
  tag: number;
  value: Uint8Array;
}

/** Attributes of one part (RelativeDistinguishedName); nearly always one. */
type Part = readonly Attribute[];

const MAX_PARTS = 32;
const MAX_ATTRIBUTES = 8;

const DC = '0992268993f22c640119';
const EMAIL = '2a864886f70d010901';

/** RFC 4514 §3 and the usual others. */
const shortNames: Readonly<Record<string, string>> = {
  CN: '550403',
  SN: '550404',
  serialNumber: '550405',
  C: '550406',
  L: '550407',
  ST: '550408',
  STREET: '550409',
  O: '55040a',
  OU: '55040b',
  title: '55040c',
  GN: '55042a',
  UID: '0992268993f22c640101',
  DC,
  emailAddress: EMAIL,
};
const nameOfOid = new Map(Object.entries(shortNames).map(([name, oid]) => [oid, name]));
const oidOfName = new Map(
  Object.entries(shortNames).map(([name, oid]) => [name.toLowerCase(), oid]),
).set('e', EMAIL);

/** Parts in the order of the DER. Throws `DerError`. */
function readParts(bytes: Uint8Array): Part[] {
  const outer = new DerReader(bytes, 'name');
  const parts = outer.sequence();
  outer.end();
  return parts.each(Tag.SET, MAX_PARTS).map((part) =>
    part.each(Tag.SEQUENCE, MAX_ATTRIBUTES).map((fields) => {
      const oid = fields.oid();
      const { tag, content } = fields.any();
      fields.end();
      return { oid, tag, value: content };
    }),
  );
}

const latin1 = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/** Text of a string value; `undefined` for what is none. */
function textOf({ tag, value }: Attribute): string | undefined {
  if (tag === Tag.UTF8_STRING) return fromUtf8(value);
  if (tag === Tag.PRINTABLE_STRING || tag === Tag.IA5_STRING || tag === Tag.T61_STRING)
    return latin1(value);
  if (tag !== Tag.BMP_STRING || value.length % 2 !== 0) return undefined;
  return Array.from({ length: value.length / 2 }, (_, i) =>
    String.fromCharCode(value[2 * i]! * 256 + value[2 * i + 1]!),
  ).join('');
}

/** `\XX` for each byte of what could mislead a reader, a backslash before what means something. */
const escaped = (text: string): string =>
  text
    .replace(/[,+"\\<>;=]|^[ #]| $/g, '\\$&')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069'&]/g, (char) =>
      toHex(utf8(char)).replace(/../g, '\\$&'),
    );

function formatAttribute(attribute: Attribute): string {
  const name = nameOfOid.get(attribute.oid) ?? dottedOid(attribute.oid);
  const text = textOf(attribute);
  return `${name}=${text === undefined ? `#${toHex(attribute.value)}` : escaped(text)}`;
}

/** Characters that are shown of a name: a stranger's may be as long as its certificate. */
const MAX_SHOWN = 400;

/** For people. Bytes that are no name are shown in hexadecimal. */
export function formatName(bytes: Uint8Array): string {
  const parts = tryDer(() => readParts(bytes));
  if (!parts) return `#${toHex(bytes.slice(0, 64))}`;
  const text = parts
    .map((part) => part.map(formatAttribute).join('+'))
    .reverse()
    .join(',');
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** RFC 5280 §7.1: kind of string, case and runs of spaces make no difference. */
function comparable(bytes: Uint8Array): string | undefined {
  const parts = tryDer(() => readParts(bytes));
  const plain = (attribute: Attribute) =>
    textOf(attribute)?.trim().replace(/\s+/g, ' ').toLowerCase();
  // What is no text equals itself alone, and not a text that looks like its hexadecimal.
  const written = (part: Part) =>
    part
      .map((one) => {
        const text = plain(one);
        return text === undefined ? [one.oid, one.tag, toHex(one.value)] : [one.oid, text];
      })
      .sort();
  return parts && JSON.stringify(parts.map(written));
}

/** Do two names in DER mean the same? False when one is no name. */
export function sameName(a: Uint8Array, b: Uint8Array): boolean {
  const name = comparable(a);
  return name !== undefined && name === comparable(b);
}

/** A name of no parts says nothing. */
export const isEmptyName = (bytes: Uint8Array): boolean => bytes.length <= 2;

/** DER of a name in the form of RFC 4514; `undefined` when it is none. */
export function nameFromText(text: string): Uint8Array | undefined {
  const parts = text.match(/(?:\\.|[^,\\])+/gs) ?? [];
  if (parts.join(',') !== text || parts.length > MAX_PARTS) return undefined;
  const sets: Uint8Array[] = [];
  for (const part of parts.reverse()) {
    const attributes = (part.match(/(?:\\.|[^+\\])+/gs) ?? []).map(writeAttribute);
    if (attributes.length === 0 || attributes.includes(undefined)) return undefined;
    sets.push(der(Tag.SET, ...(attributes as Uint8Array[])));
  }
  return derSequence(...sets);
}

function writeAttribute(text: string): Uint8Array | undefined {
  const match = /^\s*([A-Za-z]+)\s*=\s*((?:\\.|[^\\])*?)\s*$/s.exec(text);
  const oid = match && oidOfName.get(match[1]!.toLowerCase());
  if (!match || !oid || match[2] === '') return undefined;
  const plain = match[2]!.replace(
    /((?:\\[0-9a-fA-F]{2})+)|\\(.)/gs,
    (_, hex: string | undefined, char: string) =>
      hex ? fromUtf8(fromHex(hex.replaceAll('\\', ''))) : char,
  );
  const isAscii = /^[ -~]*$/.test(plain);
  // RFC 5280 §4.1.2.4; names of the DNS and mail addresses are IA5String
  const wantsIa5 = oid === DC || oid === EMAIL;
  const isPrintable = /^[A-Za-z0-9 '()+,./:=?-]*$/.test(plain);
  const tag =
    wantsIa5 && isAscii ? Tag.IA5_STRING : isPrintable ? Tag.PRINTABLE_STRING : Tag.UTF8_STRING;
  return derSequence(derOid(oid), der(tag, utf8(plain)));
}
