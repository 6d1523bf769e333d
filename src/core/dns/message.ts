/**
 * Responses (RFC 1035 §4, EDNS0 RFC 6891), read as far as a stub needs them; every length is checked
 * before use. Record data stay as on the wire, so one bad record does not spoil its siblings.
 */
import type { Read } from '../bytes/struct.js';
import { canonicalName, readName } from './name.js';
import { CLASS_IN, HEADER_BYTES, TYPE_OPT } from './query.js';
import { parsed, refused } from './read.js';
import { RecordType } from './resolver.js';

/** Largest message over TCP: its length field has 16 bits. */
export const MAX_MESSAGE_BYTES = 65535;
/** Records of all sections together; a real answer has a handful. */
export const MAX_RECORDS = 500;

/** A record of class IN. */
export interface ResourceRecord {
  /** Canonical name. */
  owner: string;
  type: number;
  ttlSeconds: number;
  /** As on the wire; names in it may be compressed. */
  data: Uint8Array;
  /** Canonical name a CNAME record leads to. */
  target?: string;
}

export interface Response {
  /** With the upper bits of an OPT record. */
  rcode: number;
  truncated: boolean;
  authenticData: boolean;
  answers: ResourceRecord[];
  /** For how long a negative answer holds (RFC 2308 §5), when an SOA record says it. */
  negativeSeconds?: number;
}

const uint16 = (bytes: Uint8Array, at: number) => (bytes[at]! << 8) | bytes[at + 1]!;
const uint32 = (bytes: Uint8Array, at: number) => uint16(bytes, at) * 65536 + uint16(bytes, at + 2);

/** The id of a message, or `undefined` when it is too short to have one. */
export const messageId = (bytes: Uint8Array): number | undefined =>
  bytes.length < HEADER_BYTES ? undefined : uint16(bytes, 0);

/** A TTL with its top bit set counts as 0 (RFC 2181 §8). */
const ttl = (value: number) => (value >= 0x80000000 ? 0 : value);

interface RawRecord {
  owner: string;
  type: number;
  class: number;
  /** TTL, or the flags of an OPT record. */
  word: number;
  dataAt: number;
  end: number;
}

function readRecord(message: Uint8Array, at: number): Read<RawRecord> {
  const name = readName(message, at, true);
  if (!name.ok) return refused(`owner: ${name.error}`);
  const fixed = name.value.end;
  const left = message.length - fixed;
  if (left < 10) return refused(`record: needs 10 bytes, ${left} left`);
  const length = uint16(message, fixed + 8);
  if (length > left - 10) return refused(`rdata: needs ${length} bytes, ${left - 10} left`);
  return parsed({
    owner: canonicalName(name.value.value),
    type: uint16(message, fixed),
    class: uint16(message, fixed + 2),
    word: uint32(message, fixed + 4),
    dataAt: fixed + 10,
    end: fixed + 10 + length,
  });
}

/** The name that fills the rdata of a CNAME record. */
function readTarget(message: Uint8Array, record: RawRecord): Read<string> {
  const name = readName(message, record.dataAt, true);
  if (!name.ok) return refused(`cname: ${name.error}`);
  if (name.value.end !== record.end)
    return refused(`cname: ends at ${name.value.end}, its rdata at ${record.end}`);
  return parsed(canonicalName(name.value.value));
}

/** MINIMUM of an SOA record: the last of five numbers behind two names (RFC 1035 §3.3.13). */
function readMinimum(message: Uint8Array, record: RawRecord): Read<number> {
  const primary = readName(message, record.dataAt, true);
  if (!primary.ok) return refused(`soa.mname: ${primary.error}`);
  const mailbox = readName(message, primary.value.end, true);
  if (!mailbox.ok) return refused(`soa.rname: ${mailbox.error}`);
  const left = record.end - mailbox.value.end;
  if (left !== 20) return refused(`soa: needs 20 bytes of numbers, has ${left}`);
  return parsed(uint32(message, record.end - 4));
}

/** Adds one record of a section to the response. */
function take(
  response: Response,
  message: Uint8Array,
  record: RawRecord,
  section: number,
): Read<true> {
  if (section === 2 && record.type === TYPE_OPT) response.rcode |= (record.word >>> 24) << 4;
  if (record.class !== CLASS_IN) return parsed(true);
  if (section === 0) {
    const entry: ResourceRecord = {
      owner: record.owner,
      type: record.type,
      ttlSeconds: ttl(record.word),
      data: message.slice(record.dataAt, record.end),
    };
    if (record.type === RecordType.CNAME) {
      const target = readTarget(message, record);
      if (!target.ok) return target;
      entry.target = target.value;
    }
    response.answers.push(entry);
  }
  if (section === 1 && record.type === RecordType.SOA) {
    const minimum = readMinimum(message, record);
    if (!minimum.ok) return minimum;
    response.negativeSeconds = Math.min(ttl(record.word), ttl(minimum.value));
  }
  return parsed(true);
}

function checkHeader(message: Uint8Array, question: Uint8Array): string | undefined {
  const size = message.length;
  if (size < HEADER_BYTES) return `header: needs ${HEADER_BYTES} bytes, ${size} left`;
  if (size > MAX_MESSAGE_BYTES) return `message: has ${size} bytes, ${MAX_MESSAGE_BYTES} allowed`;
  if ((message[2]! & 0xf8) !== 0x80) return 'header: is no response to a standard query';
  if (uint16(message, 4) !== 1) return `question: needs 1, has ${uint16(message, 4)}`;
  // An exact comparison: whoever guesses must hit the letters' case as well.
  const same = question.every((byte, i) => message[HEADER_BYTES + i] === byte);
  return same ? undefined : 'question: is not the one we asked';
}

/**
 * Reads a response to the query whose question section is `question`. A truncated one is not read
 * further, since its last record may be cut anywhere.
 */
export function readResponse(message: Uint8Array, question: Uint8Array): Read<Response> {
  const wrong = checkHeader(message, question);
  if (wrong !== undefined) return refused(wrong);
  const response: Response = {
    rcode: message[3]! & 15,
    truncated: (message[2]! & 2) !== 0,
    authenticData: (message[3]! & 0x20) !== 0,
    answers: [],
  };
  if (response.truncated) return parsed(response);
  const counts = [6, 8, 10].map((at) => uint16(message, at));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total > MAX_RECORDS) return refused(`message: has ${total} records, ${MAX_RECORDS} allowed`);
  let at = HEADER_BYTES + question.length;
  for (const [section, count] of counts.entries()) {
    for (let i = 0; i < count; i++) {
      const record = readRecord(message, at);
      if (!record.ok) return record;
      const taken = take(response, message, record.value, section);
      if (!taken.ok) return taken;
      at = record.value.end;
    }
  }
  return parsed(response);
}
