/**
 * Certificates in IKE: CERT payloads (RFC 7296 §3.6), raw public keys among them (RFC 7670), and
 * CERTREQ (§3.7), by which each end says what it would like to see.
 */
import { concat } from '../bytes/bytes.js';
import { type Certificate, parseCertificate } from '../pki/certificate.js';
import { tryDer } from '../pki/der.js';
import { sameName } from '../pki/distinguished-name.js';
import { SHA1 } from '../pki/hashes.js';
import { publicKeyOf } from '../pki/private-key.js';
import type { PublicKey } from '../pki/public-key.js';
import { encodeSpki, readSpki } from '../pki/subject-public-key-info.js';
import type { AcceptableProofs, Credential } from './credentials.js';
import type { Extension } from './extension.js';
import { findAll, type Payload, type PayloadOf } from './payloads/payload.js';

/** IANA "IKEv2 Certificate Encodings". */
export const CertEncoding = {
  X509_SIGNATURE: 4,
  HASH_AND_URL: 12,
  HASH_AND_URL_BUNDLE: 13,
  RAW_PUBLIC_KEY: 15,
} as const;

/** One of the peer, some above it, perhaps the root, which is not needed. */
const MAX_CERTIFICATES = 8;

/** What a peer has sent to be checked with. */
export interface SentCertificates {
  /** Its own first; nobody has checked anything yet. */
  certificates: readonly Certificate[];
  /** A bare public key (RFC 7670). */
  rawKey?: PublicKey;
  /** What could not be read, and why; for people. */
  problems: readonly string[];
}

/** Reads the CERT payloads of a message. */
export function readCertificates(payloads: readonly Payload[]): SentCertificates {
  const certificates: Certificate[] = [];
  const problems: string[] = [];
  let rawKey: PublicKey | undefined;
  for (const { encoding, data } of findAll(payloads, 'CERT').slice(0, MAX_CERTIFICATES)) {
    if (encoding === CertEncoding.X509_SIGNATURE) {
      const parsed = parseCertificate(data);
      if (parsed.ok) certificates.push(parsed.value);
      else problems.push(parsed.error);
    } else if (encoding === CertEncoding.RAW_PUBLIC_KEY) {
      rawKey ??= tryDer(() => readSpki(data));
      if (!rawKey) problems.push('raw public key: malformed or not supported');
    } else if (
      encoding === CertEncoding.HASH_AND_URL ||
      encoding === CertEncoding.HASH_AND_URL_BUNDLE
    )
      // A stranger would choose what we fetch, before it is proven; we never ask for it.
      problems.push('certificate by hash and URL: not fetched');
    else problems.push(`certificate encoding ${encoding} is not supported`);
  }
  return { certificates, problems, ...(rawKey ? { rawKey } : {}) };
}

const cert = (encoding: number, data: Uint8Array): Payload => ({ kind: 'CERT', encoding, data });

const isSelfIssued = ({ subject, issuer }: Certificate): boolean => sameName(subject, issuer);

/**
 * What we show with our signature. Certificates go to whoever has not asked for something else alone;
 * a bare key only to a peer that asks for one.
 */
export function certificatesToShow(
  credential: Credential,
  requests: readonly PayloadOf<'CERTREQ'>[],
): Payload[] {
  const asks = (encoding: number) => requests.some((one) => one.encoding === encoding);
  const isX509 = asks(CertEncoding.X509_SIGNATURE) || !asks(CertEncoding.RAW_PUBLIC_KEY);
  if ('chain' in credential && isX509)
    return (credential.chain ?? [])
      .filter((one, index) => index === 0 || !isSelfIssued(one))
      .slice(0, MAX_CERTIFICATES)
      .map(({ bytes }) => cert(CertEncoding.X509_SIGNATURE, bytes));
  return 'key' in credential && asks(CertEncoding.RAW_PUBLIC_KEY)
    ? [cert(CertEncoding.RAW_PUBLIC_KEY, encodeSpki(publicKeyOf(credential.key)))]
    : [];
}

/** SHA-1 of the SubjectPublicKeyInfo, 20 bytes (§3.7). */
const authorityHash = ({ spki }: Certificate): Uint8Array => SHA1.compute(spki);

/** Authorities that are named in one request. */
const MAX_NAMED = 64;

/** What decides whether we ask for certificates. */
export type Askable = Pick<AcceptableProofs, 'authorities' | 'judgeUnverified'>;

/** What we would like to see of the peer: CERTREQ payloads, or none. */
export function certificateRequests(proofs: Askable): Payload[] {
  const { authorities = [], judgeUnverified } = proofs;
  if (authorities.length === 0 && !judgeUnverified) return [];
  // no authority in particular for one who judges himself
  const named = judgeUnverified ? [] : authorities.slice(0, MAX_NAMED);
  const data = concat(...named.map(authorityHash));
  return [{ kind: 'CERTREQ', encoding: CertEncoding.X509_SIGNATURE, data }];
}

/** Requests before it is known who calls: in IKE_SA_INIT of a responder. */
export const certificateRequestExtension = (proofs: Askable): Extension => ({
  name: 'certificate requests',
  outgoing: (message) => (message === 'IKE_SA_INIT response' ? certificateRequests(proofs) : []),
  incoming(message, sa, payloads) {
    if (message === 'IKE_SA_INIT response') sa.certificateRequests = findAll(payloads, 'CERTREQ');
    return undefined;
  },
});
