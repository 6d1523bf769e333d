/** IPSECKEY record data (RFC 4025 §2; EdDSA: RFC 9373). */
import { concat } from '../bytes/bytes.js';
import { type Read, rest, struct, u8 } from '../bytes/struct.js';
import { addressBytes, addressFromBytes, familyOf, type IpAddress } from '../net/address.js';
import { readDnsKey, writeDnsKey } from '../pki/dns-key.js';
import type { KeyType, PublicKey } from '../pki/public-key.js';
import { readName, writeName } from './name.js';
import { parsed, refused } from './read.js';

export type IpseckeyGateway =
  /** The owner of the record is its own gateway. */
  | { kind: 'none' }
  | { kind: 'address'; address: IpAddress }
  /** Letters as published, no final dot. */
  | { kind: 'name'; name: string };

export interface IpseckeyRecord {
  /** 0..255, lower first. */
  precedence: number;
  gateway: IpseckeyGateway;
  /** Number of the IANA registry; 0: no key. */
  algorithm: number;
  /** Bytes in the form of the algorithm. */
  publicKey: Uint8Array;
}

/** Up to where the layout does not depend on the gateway's type. */
const head = struct('IPSECKEY', { precedence: u8, gatewayType: u8, algorithm: u8, rest });

interface GatewayField {
  value: IpseckeyGateway;
  /** Where the public key starts. */
  end: number;
}

const readGatewayAddress =
  (size: number) =>
  (bytes: Uint8Array): Read<GatewayField> => {
    if (bytes.length < size) return refused(`needs ${size} bytes, ${bytes.length} left`);
    const address = addressFromBytes(bytes.subarray(0, size));
    return parsed({ value: { kind: 'address', address }, end: size });
  };

function readGatewayName(bytes: Uint8Array): Read<GatewayField> {
  const name = readName(bytes, 0, false);
  if (!name.ok) return name;
  return parsed({ value: { kind: 'name', name: name.value.value }, end: name.value.end });
}

/** Gateway field by gateway type (RFC 4025 §2.5). */
const gatewayReaders: Readonly<Record<number, (bytes: Uint8Array) => Read<GatewayField>>> = {
  0: () => parsed({ value: { kind: 'none' }, end: 0 }),
  1: readGatewayAddress(4),
  2: readGatewayAddress(16),
  3: readGatewayName,
};

export function readIpseckey(data: Uint8Array): Read<IpseckeyRecord> {
  const start = head.read(data);
  if (!start.ok) return start;
  const { precedence, gatewayType, algorithm, rest: tail } = start.value;
  const readGateway = gatewayReaders[gatewayType];
  if (!readGateway) return refused(`IPSECKEY.gatewayType: is ${gatewayType}, 0 to 3 are known`);
  const gateway = readGateway(tail);
  if (!gateway.ok) return refused(`IPSECKEY.gateway: ${gateway.error}`);
  const publicKey = tail.slice(gateway.value.end);
  if (algorithm !== 0 && publicKey.length === 0)
    return refused(`IPSECKEY.publicKey: algorithm ${algorithm} needs 1 byte, 0 left`);
  if (algorithm === 0 && publicKey.length > 0)
    return refused(`IPSECKEY.publicKey: algorithm 0 has none, ${publicKey.length} left`);
  return parsed({ precedence, gateway: gateway.value.value, algorithm, publicKey });
}

/** Number of the gateway's type, and its bytes. */
export function writeGateway(gateway: IpseckeyGateway): { type: number; bytes: Uint8Array } {
  if (gateway.kind === 'none') return { type: 0, bytes: new Uint8Array() };
  if (gateway.kind === 'name') return { type: 3, bytes: writeName(gateway.name) };
  const type = familyOf(gateway.address) === 4 ? 1 : 2;
  return { type, bytes: addressBytes(gateway.address) };
}

export function writeIpseckey(record: IpseckeyRecord): Uint8Array {
  const gateway = writeGateway(record.gateway);
  return head.write({
    precedence: record.precedence,
    gatewayType: gateway.type,
    algorithm: record.algorithm,
    rest: concat(gateway.bytes, record.publicKey),
  });
}

/** Algorithm numbers of keys we can use (IANA IPSECKEY registry). DSA (1) is not among them. */
const keyTypes: Readonly<Record<number, KeyType>> = { 2: 'rsa', 3: 'ecdsa-p256', 4: 'ed25519' };

/** The key of a record; `undefined` when it has none (algorithm 0). */
export function ipseckeyPublicKey(record: IpseckeyRecord): Read<PublicKey | undefined> {
  if (record.algorithm === 0) return parsed(undefined);
  const type = keyTypes[record.algorithm];
  if (!type) return refused(`IPSECKEY.algorithm: is ${record.algorithm}, 2 to 4 are usable`);
  return readDnsKey(type, record.publicKey);
}

/** Algorithm number and key data for a record that publishes `key`. */
export function ipseckeyKeyFields(key: PublicKey): Pick<IpseckeyRecord, 'algorithm' | 'publicKey'> {
  const found = Object.entries(keyTypes).find(([, type]) => type === key.type)!;
  return { algorithm: Number(found[0]), publicKey: writeDnsKey(key) };
}

/** A record that can be used, with its key read. */
export interface UsableIpseckey {
  precedence: number;
  gateway: IpseckeyGateway;
  /** Absent for algorithm 0. */
  key?: PublicKey;
}

/** Sorts a set of record data: a bad record is ignored with its reason, its siblings count. */
export function readIpseckeySet(set: readonly Uint8Array[]): {
  usable: UsableIpseckey[];
  ignored: string[];
} {
  const usable: UsableIpseckey[] = [];
  const ignored: string[] = [];
  for (const data of set) {
    const record = readIpseckey(data);
    const key = record.ok ? ipseckeyPublicKey(record.value) : record;
    if (!record.ok || !key.ok) {
      ignored.push(key.ok ? '' : key.error);
      continue;
    }
    const { precedence, gateway } = record.value;
    usable.push({ precedence, gateway, ...(key.value && { key: key.value }) });
  }
  return { usable, ignored };
}
