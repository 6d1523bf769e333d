/** Identities in IDi and IDr payloads (RFC 7296 §3.5). */
import { equal } from '../bytes/bytes.js';
import { toHex } from '../bytes/hex.js';
import { fromUtf8, printable, utf8 } from '../bytes/text.js';
import { addressBytes, addressFromBytes, familyOf, type IpAddress } from '../net/address.js';
import { formatName, sameName } from '../pki/distinguished-name.js';

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

export const mailIdentity = (address: string): Identity => ({
  type: IdType.ID_RFC822_ADDR,
  data: utf8(address),
});

/** `name`: DER of a distinguished name. */
export const nameIdentity = (name: Uint8Array): Identity => ({
  type: IdType.ID_DER_ASN1_DN,
  data: name,
});

export const keyIdentity = (data: Uint8Array): Identity => ({ type: IdType.ID_KEY_ID, data });

/** The address in an ID_IPV4_ADDR or ID_IPV6_ADDR of the right length. */
export function identityAddress(id: Identity): IpAddress | undefined {
  const fits =
    (id.type === IdType.ID_IPV4_ADDR && id.data.length === 4) ||
    (id.type === IdType.ID_IPV6_ADDR && id.data.length === 16);
  return fits ? addressFromBytes(id.data) : undefined;
}

/** A name in the DNS, lower case, without a final dot. */
export const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** The name in an ID_FQDN, lower case, without a final dot. */
export const identityFqdn = (id: Identity): string | undefined =>
  id.type === IdType.ID_FQDN ? plainName(fromUtf8(id.data)) : undefined;

/** A mail address with its domain in lower case; what is before the `@` is as it is. */
export const mailbox = (address: string): string =>
  address.replace(/@[^@]*$/, (domain) => plainName(domain));

/** The address in an ID_RFC822_ADDR. */
export const identityMailbox = (id: Identity): string | undefined =>
  id.type === IdType.ID_RFC822_ADDR ? mailbox(fromUtf8(id.data)) : undefined;

/** Equal bytes, or names that differ in what makes no difference to names of their type. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  if (a.type !== b.type) return false;
  if (equal(a.data, b.data)) return true;
  switch (a.type) {
    case IdType.ID_FQDN:
      return identityFqdn(a) === identityFqdn(b);
    case IdType.ID_RFC822_ADDR:
      return identityMailbox(a) === identityMailbox(b);
    case IdType.ID_DER_ASN1_DN:
      return sameName(a.data, b.data);
    default:
      return false;
  }
}

/**
 * For people: `192.0.2.1`, `@gw.example.org`, `who@example.org`, `CN=gw,O=Example`, `key id 0011`,
 * `anonymous`, or type and bytes.
 */
export function formatIdentity(id: Identity): string {
  const address = identityAddress(id);
  if (address) return address;
  const hex = toHex(id.data.slice(0, 32));
  switch (id.type) {
    case IdType.ID_FQDN:
      return `@${printable(fromUtf8(id.data))}`;
    case IdType.ID_RFC822_ADDR:
      return printable(fromUtf8(id.data));
    case IdType.ID_DER_ASN1_DN:
      return printable(formatName(id.data));
    case IdType.ID_KEY_ID:
      return `key id ${hex}`;
    case IdType.ID_NULL:
      return 'anonymous';
    default:
      return `ID ${id.type} ${hex}`;
  }
}
