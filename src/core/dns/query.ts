/** Queries as a stub resolver sends them: one question, at most an OPT record (RFC 1035 §4, RFC 6891). */
import { concat } from '../bytes/bytes.js';
import { reserved, struct, u16 } from '../bytes/struct.js';
import { readName, writeName } from './name.js';

/** What we can take in one datagram without fragments on any usual path (DNS flag day 2020). */
export const UDP_PAYLOAD_BYTES = 1232;

/** RFC 1035 §4.1.1 */
export const HEADER_BYTES = 12;
export const CLASS_IN = 1;
/** RFC 6891 §6.1.1 */
export const TYPE_OPT = 41;

const RECURSION_DESIRED = 0x0100;
/** In a query: we understand the bit in the answer (RFC 6840 §5.7). */
const AUTHENTIC_DATA = 0x0020;
const CHECKING_DISABLED = 0x0010;
/** In the flags of an OPT record (RFC 3225 §3). */
const DNSSEC_OK = 0x8000;

export interface Query {
  /** 16 bits */
  id: number;
  /** As it goes out: letters may be of mixed case. */
  name: string;
  type: number;
  /** CD: the resolver shall hand out what it can not validate. */
  checkingDisabled: boolean;
  /** With an OPT record: large answers and DNSSEC. Off for servers that refuse it. */
  edns: boolean;
}

/** RFC 1035 §4.1.1 */
const header = struct('header', {
  id: u16,
  flags: u16,
  questions: u16,
  answers: reserved(2),
  authorities: reserved(2),
  additionals: u16,
});

/** What follows the name of a question (RFC 1035 §4.1.2). */
const questionEnd = struct('question', { type: u16, class: u16 });

/** RFC 6891 §6.1.2: the root's name, and the data are no options. */
const optRecord = struct('opt', {
  name: reserved(1),
  type: u16,
  udpPayloadBytes: u16,
  extendedRcode: reserved(1),
  version: reserved(1),
  flags: u16,
  dataLength: reserved(2),
});
const opt = optRecord.write({
  type: TYPE_OPT,
  udpPayloadBytes: UDP_PAYLOAD_BYTES,
  flags: DNSSEC_OK,
});

/** Throws on a name that `parseName` refuses. */
export function writeQuery({ id, name, type, checkingDisabled, edns }: Query): Uint8Array {
  const flags = RECURSION_DESIRED | AUTHENTIC_DATA | (checkingDisabled ? CHECKING_DISABLED : 0);
  return concat(
    header.write({ id, flags, questions: 1, additionals: edns ? 1 : 0 }),
    writeName(name),
    questionEnd.write({ type, class: CLASS_IN }),
    ...(edns ? [opt] : []),
  );
}

/** The question section of a query that `writeQuery` made: name, type and class. */
export function questionOf(query: Uint8Array): Uint8Array {
  const name = readName(query, HEADER_BYTES, false);
  return name.ok ? query.slice(HEADER_BYTES, name.value.end + 4) : new Uint8Array();
}
