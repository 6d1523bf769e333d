/** Identities in IDi and IDr payloads (RFC 7296 §3.5). */
import { equal } from '../bytes/bytes.js';
import { toHex } from '../bytes/hex.js';
import { fromUtf8, printable, utf8 } from '../bytes/text.js';
import { addressBytes, addressFromBytes, familyOf, type IpAddress } from '../net/address.js';

/** ID types by number; others stay numbers. */
export const IdType = {
  ID_IPV4_ADDR: 1,
  ID_FQDN: 2,
  ID_RFC822_ADDR: 3,
  ID_IPV6_ADDR: 5,
  ID_DER_ASN1_DN: 9,
  ID_KEY_ID: 11,
  /** RFC 7619 §2.2: of one that does not say who it is; no data. */
  ID_NULL: 13,
} as const;

export interface Identity {
  /** IANA "IKEv2 Identification Payload ID Types". */
  type: number;
  data: Uint8Array;
}

export const addressIdentity = (value: IpAddress): Identity => ({
  type: familyOf(value) === 4 ? IdType.ID_IPV4_ADDR : IdType.ID_IPV6_ADDR,
  data: addressBytes(value),
});

export const nullIdentity: Identity = { type: IdType.ID_NULL, data: new Uint8Array(0) };

export const fqdnIdentity = (name: string): Identity => ({
  type: IdType.ID_FQDN,
  data: utf8(name),
});

/** The address in an ID_IPV4_ADDR or ID_IPV6_ADDR of the right length. */
export function identityAddress(id: Identity): IpAddress | undefined {
  const fits =
    (id.type === IdType.ID_IPV4_ADDR && id.data.length === 4) ||
    (id.type === IdType.ID_IPV6_ADDR && id.data.length === 16);
  return fits ? addressFromBytes(id.data) : undefined;
}

/** The name in an ID_FQDN, lower case, without a final dot. */
export function identityFqdn(id: Identity): string | undefined {
  if (id.type !== IdType.ID_FQDN) return undefined;
  return fromUtf8(id.data).toLowerCase().replace(/\.$/, '');
}

/** Equal bytes, or names that differ in case or a final dot only. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  if (a.type !== b.type) return false;
  return (
    equal(a.data, b.data) || (a.type === IdType.ID_FQDN && identityFqdn(a) === identityFqdn(b))
  );
}

/** For people: `192.0.2.1`, `@gw.example.org`, or type and bytes. */
export function formatIdentity(id: Identity): string {
  const address = identityAddress(id);
  if (address) return address;
  if (id.type === IdType.ID_FQDN) return `@${printable(fromUtf8(id.data))}`;
  return `ID ${id.type} ${toHex(id.data.slice(0, 32))}`;
}
