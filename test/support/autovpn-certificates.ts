/** Certificate files for AutoVPN gateways of tests. */
import { utf8 } from '../../src/core/bytes/text.js';
import { toPem } from '../../src/core/pki/pem.js';
import type { PrivateKey } from '../../src/core/pki/private-key.js';
import { type Made, makeCertificate } from './certificates.js';

const file = (...certificates: Uint8Array[]) => ({
  bytes: utf8(certificates.map((bytes) => toPem('CERTIFICATE', bytes)).join('')),
  mode: 0o600,
});

/** Signed by itself, or by an authority. `subject` in RFC 4514 text. */
export function certificateFor(subject: string, key: PrivateKey, issuer?: Made) {
  const { certificate } = makeCertificate({ subject, key, ...(issuer ? { issuer } : {}) });
  return file(certificate.bytes);
}

export const authorityFile = (authority: Made) => file(authority.certificate.bytes);
