/** The generic payload header (RFC 7296 §3.2) and the chain of payloads it makes. */
import { concat } from '../../bytes/bytes.js';
import { ownLength, type Read, rest, splitRecords, struct, u8, u16 } from '../../bytes/struct.js';
import { PayloadType } from '../registries/payload-types.js';

const generic = struct('payload', {
  nextPayload: u8,
  flags: u8,
  length: ownLength(u16),
  body: rest,
});

/** Length of the generic header. */
export const GENERIC_LENGTH = 4;

/** A message of ours has less than ten; some room for vendor IDs and certificates of others. */
const MAX_PAYLOADS = 64;

const CRITICAL = 0x80;

/** A payload whose body nobody has looked into. */
export interface RawPayload {
  type: number;
  isCritical: boolean;
  body: Uint8Array;
}

export interface Chain {
  payloads: RawPayload[];
  /** Type of what would follow: 0, or for an SK payload the type of the first one inside. */
  next: number;
}

/** Writes payloads one behind the other. `last` goes into the last header's Next Payload. */
export function writeChain(payloads: readonly RawPayload[], last: number): Uint8Array {
  return concat(
    ...payloads.map((payload, index) =>
      generic.write({
        nextPayload: payloads[index + 1]?.type ?? last,
        flags: payload.isCritical ? CRITICAL : 0,
        body: payload.body,
      }),
    ),
  );
}

/** Splits a chain whose first payload has type `first`; looks at lengths only. */
export function readChain(first: number, bytes: Uint8Array): Read<Chain> {
  const records = splitRecords('payloads', bytes, MAX_PAYLOADS);
  if (!records.ok) return records;
  const payloads: RawPayload[] = [];
  let type = first;
  for (const record of records.value) {
    const one = generic.read(record);
    if (!one.ok) return one;
    if (type === PayloadType.none)
      return { ok: false, error: `payloads: ${record.length} bytes after the last payload` };
    payloads.push({ type, isCritical: (one.value.flags & CRITICAL) !== 0, body: one.value.body });
    type = one.value.nextPayload;
    if (isEncrypted(payloads.at(-1)!.type)) break;
  }
  return endOfChain(payloads, type, records.value.length);
}

/** SK and SKF are the last of their message; their Next Payload speaks of what is inside. */
const isEncrypted = (type: number): boolean => type === PayloadType.SK || type === PayloadType.SKF;

function endOfChain(payloads: RawPayload[], next: number, records: number): Read<Chain> {
  if (payloads.length < records)
    return { ok: false, error: `payloads: ${records - payloads.length} after the encrypted one` };
  const last = payloads.at(-1);
  if (next !== PayloadType.none && !(last && isEncrypted(last.type)))
    return { ok: false, error: `payloads: type ${next} announced, nothing follows` };
  return { ok: true, value: { payloads, next } };
}
