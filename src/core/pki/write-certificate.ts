/** Makes certificates (RFC 5280 §4.1): ours, signed by ourselves, and those of tests. */
import { concat } from '../bytes/bytes.js';
import { utf8 } from '../bytes/text.js';
import { EXTENSIONS_TAG } from './certificate-extensions.js';
import { contextTag, der, derBits, derSequence, derUnsigned, Tag } from './der.js';
import { writeTime } from './der-time.js';
import { SHA1 } from './hashes.js';
import { derOid } from './object-identifiers.js';
import { type PrivateKey, publicKeyOf } from './private-key.js';
import type { PublicKey } from './public-key.js';
import { signerFor } from './signature-scheme.js';
import { encodeSpki } from './subject-public-key-info.js';

export interface CertificateContent {
  /** Names in DER (`nameFromText`). */
  subject: Uint8Array;
  issuer: Uint8Array;
  key: PublicKey;
  /** Seconds since 1970. */
  notBefore: number;
  notAfter: number;
  /** Each the DER of an Extension (`writeExtension`). */
  extensions: readonly Uint8Array[];
}

/** An Extension (§4.1.2.9). `oid`: hexadecimal of the content octets. */
export const writeExtension = (oid: string, value: Uint8Array, isCritical = false): Uint8Array =>
  derSequence(
    derOid(oid),
    ...(isCritical ? [der(Tag.BOOLEAN, Uint8Array.of(255))] : []),
    der(Tag.OCTET_STRING, value),
  );

/** subjectAltName (§4.2.1.6) of names in the DNS and addresses of 4 or 16 bytes. */
export const writeAlternativeNames = (
  dnsNames: readonly string[],
  addresses: readonly Uint8Array[] = [],
): Uint8Array =>
  writeExtension(
    '551d11',
    derSequence(
      ...dnsNames.map((name) => der(0x82, utf8(name))),
      ...addresses.map((address) => der(0x87, address)),
    ),
  );

/** subjectKeyIdentifier (§4.2.1.2, method 1). */
export function writeSubjectKeyId(key: PublicKey): Uint8Array {
  const id = SHA1.compute(keyBits(key));
  return writeExtension('551d0e', der(Tag.OCTET_STRING, id));
}

/** The content of the BIT STRING subjectPublicKey. */
function keyBits(key: PublicKey): Uint8Array {
  if (key.type === 'rsa') return derSequence(derUnsigned(key.modulus), derUnsigned(key.exponent));
  return key.type === 'ed25519' ? key.point : concat(Uint8Array.of(4), key.point);
}

/** DER of a certificate, signed with `issuerKey`. */
export function writeCertificate(
  content: CertificateContent,
  issuerKey: PrivateKey,
  random: (length: number) => Uint8Array,
): Uint8Array {
  // §4.1.2.2: positive, at most 20 bytes
  const serial = random(16).map((byte, i) => (i === 0 ? (byte & 0x7f) | 0x40 : byte));
  const { identifier, sign } = signerFor(issuerKey);
  const octets = derSequence(
    der(contextTag(0), derUnsigned(Uint8Array.of(2))),
    derUnsigned(serial),
    identifier,
    content.issuer,
    derSequence(writeTime(content.notBefore), writeTime(content.notAfter)),
    content.subject,
    encodeSpki(content.key),
    ...(content.extensions.length > 0
      ? [der(EXTENSIONS_TAG, derSequence(...content.extensions))]
      : []),
  );
  return derSequence(octets, identifier, derBits(sign(octets, random)));
}

/** §4.1.2.5: no end that is known. */
const NO_END = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
/** A beginning before any clock that is right; ours may not be at first start. */
const BEGINNING = Date.UTC(2025, 0) / 1000;

/** A certificate of ours that nobody else vouches for; `dnsNames` go into subjectAltName. */
export const writeSelfSigned = (
  key: PrivateKey,
  subject: Uint8Array,
  dnsNames: readonly string[],
  random: (length: number) => Uint8Array,
): Uint8Array =>
  writeCertificate(
    {
      subject,
      issuer: subject,
      key: publicKeyOf(key),
      notBefore: BEGINNING,
      notAfter: NO_END,
      extensions: [
        writeSubjectKeyId(publicKeyOf(key)),
        ...(dnsNames.length > 0 ? [writeAlternativeNames(dnsNames)] : []),
      ],
    },
    key,
    random,
  );
