/** X.509 certificates (RFC 5280) as values. `parseCertificate` reads one. */
import type { PublicKey } from './public-key.js';

export interface Certificate {
  /** DER, whole. */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, lower case hexadecimal. */
  readonly fingerprint: string;
  readonly key: PublicKey;
  /** Names in DER (RFC 4514 text: `formatName`). */
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
}
