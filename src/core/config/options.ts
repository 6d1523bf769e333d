/**
 * The kinds of options. Each makes an `Option` from its name, default and help; the sentence about
 * what is allowed is made here, so that documentation, errors and checks can not disagree.
 */
import {
  formatPrefix,
  type IpAddress,
  type Prefix,
  parseAddress,
  parsePrefix,
} from '../net/address.js';
import type { Option, Parsed } from './schema.js';

/** What every kind is told. */
export interface About<T> {
  uci: string;
  default: T;
  help: string;
}

/** Reads one value; `undefined` when it is not allowed. */
type Reader<T> = (text: string) => T | undefined;

function single<T>(
  about: About<T>,
  allowed: string,
  read: Reader<T>,
  show: (value: T) => string = String,
): Option<T> {
  const parse = (values: readonly string[]): Parsed<T> => {
    const value = values.length === 1 ? read(values[0]!) : undefined;
    return value === undefined ? { ok: false, allowed } : { ok: true, value };
  };
  return { ...about, allowed, defaultText: show(about.default), isList: false, parse };
}

function list<T>(
  about: About<readonly T[]>,
  allowed: string,
  read: Reader<T>,
  show: (value: T) => string = String,
): Option<readonly T[]> {
  const parse = (values: readonly string[]): Parsed<readonly T[]> => {
    const read1 = values.map(read);
    const good = read1.filter((value) => value !== undefined);
    return good.length === values.length ? { ok: true, value: good } : { ok: false, allowed };
  };
  const defaultText = about.default.map(show).join(' ');
  return { ...about, allowed, defaultText, isList: true, parse };
}

const TRUE = ['1', 'on', 'true', 'yes', 'enabled'];
const FALSE = ['0', 'off', 'false', 'no', 'disabled'];

/** A switch, in the words that OpenWrt's `config_get_bool` takes. */
export const flag = (about: About<boolean>): Option<boolean> =>
  single(
    about,
    '0 or 1',
    (text) => (TRUE.includes(text) ? true : FALSE.includes(text) ? false : undefined),
    (value) => (value ? '1' : '0'),
  );

/** A whole number, decimal or with `0x` hexadecimal; `undefined` for anything else. */
function readInteger(text: string): number | undefined {
  return /^(0x[0-9a-fA-F]{1,12}|\d{1,15})$/.test(text) ? Number(text) : undefined;
}

/** A whole number between `min` and `max`, in `unit` where it has one. */
export function number(
  about: About<number> & { min: number; max: number; unit?: string; hex?: boolean },
): Option<number> {
  const { min, max, unit, hex, ...rest } = about;
  const show = (value: number) => (hex ? `0x${value.toString(16)}` : String(value));
  const allowed = `${show(min)}..${show(max)}${unit ? ` ${unit}` : ''}`;
  const read = (text: string) => {
    const value = readInteger(text);
    return value !== undefined && value >= min && value <= max ? value : undefined;
  };
  return single(rest, allowed, read, show);
}

/** Whole seconds, from 0 to a week where no other range is given. */
export const seconds = (about: About<number> & { min?: number; max?: number }): Option<number> =>
  number({ min: 0, max: 604800, unit: 'seconds', ...about });

/** Seconds in UCI, with up to three decimals; milliseconds as the value. Range in seconds. */
export function secondsAsMs(about: About<number> & { min: number; max: number }): Option<number> {
  const { min, max, ...rest } = about;
  const read = (text: string) => {
    const ms = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : undefined;
    return ms !== undefined && ms >= min * 1000 && ms <= max * 1000 ? ms : undefined;
  };
  return single(rest, `${min}..${max} seconds`, read, (ms) => String(ms / 1000));
}

/** A packet mark of exactly one bit. */
export const markBit = (about: About<number>): Option<number> =>
  single(
    about,
    'one bit between 0x1 and 0x80000000',
    (text) => {
      const value = readInteger(text);
      const fits = value !== undefined && value >= 1 && value <= 0x80000000;
      return fits && Number.isInteger(Math.log2(value)) ? value : undefined;
    },
    (value) => `0x${value.toString(16)}`,
  );

/** One of a few words. */
export const choice = <T extends string>(about: About<T> & { of: readonly T[] }): Option<T> => {
  const { of, ...rest } = about;
  return single(rest, of.join(', '), (text) => of.find((word) => word === text));
};

/** An IPv4 or IPv6 address, or empty. */
export const optionalAddress = (about: About<IpAddress | ''>): Option<IpAddress | ''> =>
  single(about, 'an IPv4 or IPv6 address', parseAddress);

export const addresses = (about: About<readonly IpAddress[]>): Option<readonly IpAddress[]> =>
  list(about, 'IPv4 or IPv6 addresses', parseAddress);

export const prefixes = (about: About<readonly Prefix[]>): Option<readonly Prefix[]> =>
  list(
    about,
    'addresses or address blocks, like 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32',
    parsePrefix,
    formatPrefix,
  );

const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** A host name in its canonical form: lower case, no final dot. `undefined` when it is none. */
export function parseFqdn(text: string): string | undefined {
  const name = text.replace(/\.$/, '').toLowerCase();
  const labels = name.split('.');
  const isName = labels.length >= 2 && labels.every((label) => LABEL.test(label));
  // An all-numeric last label would be an address
  return isName && name.length <= 253 && !/^\d+$/.test(labels.at(-1)!) ? name : undefined;
}

/** A full host name with at least one dot, or empty. */
export const fqdn = (about: About<string>): Option<string> =>
  single(about, 'a full host name like gw.example.org', parseFqdn);

/** Text of a pattern that `allowed` describes in words. */
export function text(about: About<string> & { allowed: string; pattern: RegExp }): Option<string> {
  const { allowed, pattern, ...rest } = about;
  return single(rest, allowed, (value) => (pattern.test(value) ? value : undefined));
}

/** Words in order, as for names of plugins. */
export const words = (about: About<readonly string[]>): Option<readonly string[]> =>
  list(about, 'names of letters, digits and dashes', (word) =>
    /^[A-Za-z0-9-]{1,32}$/.test(word) ? word : undefined,
  );

/** Values that `isAllowed` knows; `allowed` describes them. */
export function checkedList(
  about: About<readonly string[]> & { allowed: string; isAllowed(value: string): boolean },
): Option<readonly string[]> {
  const { allowed, isAllowed, ...rest } = about;
  return list(rest, allowed, (value) => (isAllowed(value) ? value : undefined));
}
