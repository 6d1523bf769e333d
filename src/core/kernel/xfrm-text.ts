/**
 * Reads what `ip xfrm state`, `ip xfrm policy` and `ip xfrm monitor` print (iproute2 5 to 6). Each
 * record begins in the first column and goes on in indented lines. Unknown words are skipped: the
 * format grows with every version.
 */
import { type IpAddress, type Prefix, parseAddress, parsePrefix } from '../net/address.js';

export interface XfrmState {
  source: IpAddress;
  destination: IpAddress;
  /** `esp`, `ah`, `comp` … */
  protocol: string;
  spi: number;
  reqid: number;
  bytes: number;
  packets: number;
  /** Wall clock seconds when it was made; 0 when not told. */
  addedSeconds: number;
  /** Wall clock seconds of the last use that the kernel tells, 0 for none. */
  usedSeconds: number;
}

export interface XfrmPolicy {
  source: Prefix;
  destination: Prefix;
  /** True when it is about one protocol, port or ICMP type only. */
  isNarrow: boolean;
  direction: string;
  action: 'allow' | 'block';
  priority: number;
  /** Value and mask of the mark it asks for; 0 and 0 when it asks for none. */
  mark: { value: number; mask: number };
  /** XFRM interface, 0 for none. */
  interfaceId: number;
  /** Reqids of its templates. */
  reqids: readonly number[];
  /** Wall clock seconds of the last use, 0 for never. */
  usedSeconds: number;
  /** As printed, for a command that names it: `src … dst … [proto … …]`. */
  selector: string;
}

/** Splits into records, without empty ones. */
export function splitRecords(text: string): string[] {
  const records: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    if (/^\s/.test(line) && records.length > 0) records[records.length - 1] += `\n${line}`;
    else records.push(line);
  }
  return records;
}

/** The word after `name`, anywhere in the record. */
const wordAfter = (record: string, name: string): string | undefined =>
  new RegExp(`(?:^|\\s)${name} (\\S+)`).exec(record)?.[1];

/** A decimal or 0x number that may be followed by the other form in brackets; 0 when absent. */
function numberAfter(record: string, name: string): number {
  const word = wordAfter(record, name) ?? '';
  const value = Number.parseInt(word, /^0x/i.test(word) ? 16 : 10);
  return Number.isFinite(value) ? value : 0;
}

/** `2026-11-21 08:25:52` (printed in UTC, as we ask `ip` to) as seconds since 1970. */
function secondsOf(text: string | undefined): number {
  const parts = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text ?? '');
  if (!parts) return 0;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) / 1000;
}

const stamp = '(\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d)';

/** The later of the first use and, on newer kernels and tools, the last use. */
function usedSeconds(record: string): number {
  const first = new RegExp(`\\buse ${stamp}`).exec(record)?.[1];
  const last = new RegExp(`\\blastused ${stamp}`).exec(record)?.[1];
  return Math.max(secondsOf(first), secondsOf(last));
}

function parseState(record: string): XfrmState | undefined {
  const head = /^(?:Expired |Updated |Deleted )?src (\S+) dst (\S+)/.exec(record);
  const source = parseAddress(head?.[1] ?? '');
  const destination = parseAddress(head?.[2] ?? '');
  const spi = /\sspi 0x([0-9a-f]+)/i.exec(record)?.[1];
  if (!source || !destination || spi === undefined) return undefined;
  const current = /lifetime current:\s+(\d+)\(bytes\), (\d+)\(packets\)/.exec(record);
  return {
    source,
    destination,
    protocol: wordAfter(record, 'proto') ?? '',
    spi: Number.parseInt(spi, 16),
    reqid: numberAfter(record, 'reqid'),
    bytes: Number(current?.[1] ?? 0),
    packets: Number(current?.[2] ?? 0),
    addedSeconds: secondsOf(new RegExp(`\\badd ${stamp}`).exec(record)?.[1]),
    usedSeconds: usedSeconds(record),
  };
}

function parseMark(record: string): XfrmPolicy['mark'] {
  const match = /\smark (0x[0-9a-f]+|\d+)\/(0x[0-9a-f]+|\d+)/i.exec(record);
  return match ? { value: Number(match[1]), mask: Number(match[2]) } : { value: 0, mask: 0 };
}

const templatesOf = (record: string): string[] => record.split('tmpl src ').slice(1);

function parsePolicy(record: string): XfrmPolicy | undefined {
  const firstLine = record.split('\n', 1)[0]!.replace(/^(Updated|Deleted) /, '');
  const head = /^src (\S+) dst (\S+)(.*)$/.exec(firstLine);
  const source = parsePrefix(head?.[1] ?? '');
  const destination = parsePrefix(head?.[2] ?? '');
  const direction = /\n\s+dir (\S+)/.exec(record)?.[1];
  if (!source || !destination || !direction) return undefined;
  const templates = templatesOf(record);
  const narrower = head![3]!.replace(/\buid \d+/, '').trim();
  return {
    source,
    destination,
    isNarrow: narrower !== '',
    direction,
    action: /\saction block/.test(record) ? 'block' : 'allow',
    priority: numberAfter(record, 'priority'),
    mark: parseMark(record),
    interfaceId: numberAfter(record, 'if_id'),
    reqids: templates.map((template) => numberAfter(template, 'reqid')),
    usedSeconds: usedSeconds(record),
    selector: `src ${head![1]} dst ${head![2]}${narrower ? ` ${narrower}` : ''}`,
  };
}

const parseAll = <T>(text: string, parse: (record: string) => T | undefined): T[] =>
  splitRecords(text)
    .map(parse)
    .filter((value) => value !== undefined);

export const parseStates = (text: string): XfrmState[] => parseAll(text, parseState);

/** Policies of sockets are left out. */
export const parsePolicies = (text: string): XfrmPolicy[] => parseAll(text, parsePolicy);

export type XfrmEvent =
  | { kind: 'expired'; limit: 'soft' | 'hard'; state: XfrmState }
  | { kind: 'acquire'; source: IpAddress; destination: IpAddress; reqids: readonly number[] }
  /** A policy came, changed or went; all of them when it is not told which. */
  | { kind: 'policy'; policy: XfrmPolicy | undefined };

function parseAcquire(record: string): XfrmEvent | undefined {
  const selector = /\n\s+sel src (\S+) dst (\S+)/.exec(record);
  const source = parsePrefix(selector?.[1] ?? '');
  const destination = parsePrefix(selector?.[2] ?? '');
  if (!source || !destination) return undefined;
  const reqids = templatesOf(record).map((template) => numberAfter(template, 'reqid'));
  return {
    kind: 'acquire',
    source: source.address,
    destination: destination.address,
    reqids,
  };
}

/** One record of `ip xfrm monitor acquire expire policy`; `undefined` for what is none of these. */
export function parseEvent(record: string): XfrmEvent | undefined {
  if (record.startsWith('acquire')) return parseAcquire(record);
  if (record.startsWith('Expired')) {
    const state = parseState(record);
    const hard = /\shard (\d)/.exec(record)?.[1];
    if (state && hard !== undefined)
      return { kind: 'expired', limit: hard === '0' ? 'soft' : 'hard', state };
    // `Expired src … dir …`: a policy reached a limit
    return { kind: 'policy', policy: parsePolicy(record.replace(/^Expired /, '')) };
  }
  if (record.startsWith('Flushed policy')) return { kind: 'policy', policy: undefined };
  const policy = parsePolicy(record);
  return policy && { kind: 'policy', policy };
}
