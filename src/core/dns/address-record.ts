/** A and AAAA record data (RFC 1035 §3.4.1, RFC 3596 §2.2): the address and nothing else. */
import type { Read } from '../bytes/struct.js';
import { addressFromBytes, type IpAddress } from '../net/address.js';
import { parsed, refused } from './read.js';
import { RecordType } from './resolver.js';

const layouts = {
  [RecordType.A]: { name: 'A', bytes: 4 },
  [RecordType.AAAA]: { name: 'AAAA', bytes: 16 },
} as const;

export function readAddressRecord(
  type: typeof RecordType.A | typeof RecordType.AAAA,
  data: Uint8Array,
): Read<IpAddress> {
  const layout = layouts[type];
  if (data.length === layout.bytes) return parsed(addressFromBytes(data));
  return refused(`${layout.name}.address: needs ${layout.bytes} bytes, has ${data.length}`);
}
