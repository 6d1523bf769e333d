/**
 * X.509 certificates (RFC 5280 §4.1): read, and checked for what one can see in one alone. Whether
 * somebody vouches for it is `certificate-chain.ts`.
 */

import { toHex } from '../bytes/hex.js';
import type { Read } from '../bytes/struct.js';
import { EXTENSIONS_TAG, type Extensions, readExtensions } from './certificate-extensions.js';
import { contextTag, DerError, DerReader, Tag } from './der.js';
import { readTime } from './der-time.js';
import { SHA2_256 } from './hashes.js';
import { fromPem } from './pem.js';
import type { PublicKey } from './public-key.js';
import { rsaKeyProblem } from './rsa.js';
import { readScheme } from './signature-scheme.js';
import { readSpki } from './subject-public-key-info.js';

export interface Certificate extends Extensions {
  /** DER, whole. */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, lower case hexadecimal. */
  readonly fingerprint: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** Names in DER; `formatName` makes text of them. */
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  /** Seconds since 1970, both included. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly key: PublicKey;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  readonly signed: { octets: Uint8Array; identifier: Uint8Array; signature: Uint8Array };
}

/** A chain of three with RSA keys of 4096 bits has about 6 KB in all. */
const MAX_BYTES = 8192;

/** Reads DER of a stranger. */
export function parseCertificate(bytes: Uint8Array): Read<Certificate> {
  try {
    if (bytes.length > MAX_BYTES)
      throw new DerError(`certificate: ${bytes.length} bytes, ${MAX_BYTES} allowed`);
    return { ok: true, value: read(bytes.slice()) };
  } catch (error) {
    if (error instanceof DerError) return { ok: false, error: error.message };
    throw error;
  }
}

function read(bytes: Uint8Array): Certificate {
  const outer = new DerReader(bytes, 'certificate');
  const fields = outer.sequence();
  outer.end();
  const tbs = fields.any();
  const identifier = fields.any().bytes;
  const signature = fields.bits();
  fields.end();
  if (tbs.tag !== Tag.SEQUENCE) throw new DerError('certificate: TBSCertificate is no SEQUENCE');
  const signed = { octets: tbs.bytes, identifier, signature };
  return {
    bytes,
    fingerprint: toHex(SHA2_256.compute(bytes)),
    signed,
    ...readBody(tbs.content, identifier),
  };
}

/** TBSCertificate. */
function readBody(content: Uint8Array, identifier: Uint8Array) {
  const fields = new DerReader(content, 'certificate');
  const version = fields.isNext(contextTag(0)) ? fields.within(contextTag(0)).smallUnsigned() : 0;
  if (version > 2) throw new DerError(`certificate: version ${version + 1}`);
  const serial = toHex(fields.read(Tag.INTEGER));
  // §4.1.1.2: the algorithm is said twice, once under the signature
  if (toHex(fields.any().bytes) !== toHex(identifier))
    throw new DerError('certificate: two signature algorithms');
  const issuer = fields.any().bytes;
  const validity = fields.sequence();
  const notBefore = readTime(validity);
  const notAfter = readTime(validity);
  validity.end();
  const subject = fields.any().bytes;
  const spki = fields.any().bytes;
  fields.optional(0x81); // issuerUniqueID
  fields.optional(0x82); // subjectUniqueID
  const extensions = readExtensions(version === 2 ? fields.optional(EXTENSIONS_TAG) : undefined);
  fields.end();
  const key = readSpki(spki);
  const problem = key.type === 'rsa' ? rsaKeyProblem(key) : undefined;
  if (problem) throw new DerError(`certificate: ${problem}`);
  return { serial, issuer, subject, notBefore, notAfter, spki, key, ...extensions };
}

/** Is the certificate signed with this key? False also for algorithms that are too weak. */
export function isSignedBy({ signed }: Certificate, key: PublicKey): boolean {
  const scheme = readScheme(signed.identifier);
  return scheme?.verify(key, signed.octets, signed.signature) ?? false;
}

/** All certificates in a PEM file, in order; at least one. */
export function certificatesFromPem(text: string): Read<Certificate[]> {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const all: Certificate[] = [];
  for (const block of blocks) {
    const content = fromPem(block)?.content;
    const parsed = content ? parseCertificate(content) : undefined;
    if (!parsed?.ok) return parsed ?? { ok: false, error: 'a PEM block that is no base64' };
    all.push(parsed.value);
  }
  return all.length > 0 ? { ok: true, value: all } : { ok: false, error: 'no certificate in it' };
}
