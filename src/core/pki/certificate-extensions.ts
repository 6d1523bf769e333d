/**
 * Extensions of certificates (RFC 5280 §4.2), as far as they decide whether a certificate proves a
 * peer. One that is critical and not in the table refuses the whole certificate.
 */
import { toHex } from '../bytes/hex.js';
import { contextTag, DerError, DerReader, Tag } from './der.js';
import { dottedOid } from './object-identifiers.js';

/** Bits of keyUsage (§4.2.1.3), the first one highest. */
export const KeyUsage = {
  digitalSignature: 0x80,
  nonRepudiation: 0x40,
  keyCertSign: 0x04,
} as const;

export interface Extensions {
  /** May sign certificates (basicConstraints). */
  isAuthority: boolean;
  /** How many authorities may stand between it and a peer's certificate; any number when absent. */
  pathLength?: number;
  /** Bits of `KeyUsage`; every use when absent. */
  keyUsage?: number;
  /** Hexadecimal object identifiers; every purpose when absent. */
  extendedKeyUsage?: readonly string[];
  /** Hexadecimal key identifiers. */
  subjectKeyId?: string;
  authorityKeyId?: string;
  /** subjectAltName, as it stands there. */
  dnsNames: readonly string[];
  emails: readonly string[];
  /** 4 or 16 bytes each. */
  addresses: readonly Uint8Array[];
}

const MAX_EXTENSIONS = 32;
const MAX_NAMES = 64;

type Reader = (into: Extensions, value: DerReader) => void;

/** Hexadecimal of the object identifier: 2.5.29.n. */
const readers: Readonly<Record<string, Reader>> = {
  // §4.2.1.9
  '551d13': (into, value) => {
    const fields = value.sequence();
    into.isAuthority = fields.isNext(Tag.BOOLEAN) && fields.boolean();
    if (fields.isNext(Tag.INTEGER)) into.pathLength = fields.smallUnsigned();
    fields.end();
  },
  // §4.2.1.3
  '551d0f': (into, value) => {
    into.keyUsage = value.read(Tag.BIT_STRING)[1] ?? 0;
  },
  // §4.2.1.12
  '551d25': (into, value) => {
    const fields = value.sequence();
    const purposes: string[] = [];
    while (!fields.isAtEnd && purposes.length < MAX_NAMES) purposes.push(fields.oid());
    fields.end();
    into.extendedKeyUsage = purposes;
  },
  // §4.2.1.6
  '551d11': readAlternativeNames,
  // §4.2.1.2
  '551d0e': (into, value) => {
    into.subjectKeyId = toHex(value.read(Tag.OCTET_STRING));
  },
  // §4.2.1.1
  '551d23': (into, value) => {
    const id = value.sequence().optional(0x80);
    if (id) into.authorityKeyId = toHex(id);
  },
};

/** §4.2.1.10: what we can not check must not be passed over, even where it is not critical. */
const nameConstraints = '551d1e';

function readAlternativeNames(into: Extensions, value: DerReader): void {
  const names = value.sequence();
  const found = { dnsNames: [] as string[], emails: [] as string[], addresses: [] as Uint8Array[] };
  for (let count = 0; !names.isAtEnd; count++) {
    if (count === MAX_NAMES) throw new DerError(`certificate: more than ${MAX_NAMES} names`);
    const { tag, content } = names.any();
    const text = () => Array.from(content, (byte) => String.fromCharCode(byte)).join('');
    if (tag === 0x81) found.emails.push(text());
    if (tag === 0x82) found.dnsNames.push(text());
    if (tag === 0x87) found.addresses.push(content);
  }
  Object.assign(into, found);
}

/** `[3]` of a TBSCertificate; absent in certificates of version 1. Throws `DerError`. */
export function readExtensions(content: Uint8Array | undefined): Extensions {
  const into: Extensions = { isAuthority: false, dnsNames: [], emails: [], addresses: [] };
  if (!content) return into;
  const outer = new DerReader(content, 'certificate extensions');
  const list = outer.sequence();
  outer.end();
  const seen = new Set<string>();
  for (const fields of list.each(Tag.SEQUENCE, MAX_EXTENSIONS)) {
    const oid = fields.oid();
    const isCritical = fields.isNext(Tag.BOOLEAN) && fields.boolean();
    const value = new DerReader(fields.read(Tag.OCTET_STRING), `extension ${dottedOid(oid)}`);
    fields.end();
    if (seen.has(oid)) throw new DerError(`extension ${dottedOid(oid)} twice`);
    seen.add(oid);
    const reader = readers[oid];
    if (reader) {
      reader(into, value);
      value.end();
    } else if (isCritical || oid === nameConstraints)
      throw new DerError(`extension ${dottedOid(oid)} is critical and not known here`);
  }
  return into;
}

/** The tag of the extensions in a TBSCertificate. */
export const EXTENSIONS_TAG = contextTag(3);
