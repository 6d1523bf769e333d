/** Certificates for tests, of keys with fixed values, made by our own writer. */
import type { Certificate } from '../../src/core/pki/certificate.js';
import { parseCertificate } from '../../src/core/pki/certificate.js';
import { der, derSequence, derUnsigned, Tag } from '../../src/core/pki/der.js';
import { nameFromText } from '../../src/core/pki/distinguished-name.js';
import { derOid } from '../../src/core/pki/object-identifiers.js';
import { type PrivateKey, publicKeyOf } from '../../src/core/pki/private-key.js';
import {
  writeAlternativeNames,
  writeCertificate,
  writeExtension,
} from '../../src/core/pki/write-certificate.js';
import { ed25519Key } from './keys.js';
import { countingRandom } from './list-random.js';

export const name = (text: string): Uint8Array => nameFromText(text)!;

const seconds = (text: string): number => Date.parse(text) / 1000;

/** Extensions by what they do. */
export const extension = {
  authority: (pathLength?: number) =>
    writeExtension(
      '551d13',
      derSequence(
        der(Tag.BOOLEAN, Uint8Array.of(255)),
        ...(pathLength === undefined ? [] : [derUnsigned(Uint8Array.of(pathLength))]),
      ),
      true,
    ),
  keyUsage: (bits: number) =>
    writeExtension('551d0f', der(Tag.BIT_STRING, Uint8Array.of(0, bits)), true),
  purposes: (...oids: string[]) => writeExtension('551d25', derSequence(...oids.map(derOid))),
  names: writeAlternativeNames,
  /** Something that nobody knows. */
  unknown: (isCritical: boolean) => writeExtension('2a0304', derSequence(), isCritical),
  /** Permits one subtree of no names. */
  nameConstraints: (isCritical: boolean) =>
    writeExtension('551d1e', derSequence(der(0xa0)), isCritical),
};

export interface Made {
  certificate: Certificate;
  key: PrivateKey;
}

export interface MadeOf {
  subject: string;
  key?: PrivateKey;
  /** Itself when absent. */
  issuer?: { certificate: Pick<Certificate, 'subject'>; key: PrivateKey };
  from?: string;
  until?: string;
  extensions?: readonly Uint8Array[];
}

let made = 100;

/** DER of a certificate that need not be one that we take. */
export function certificateBytes(of: MadeOf, key: PrivateKey): Uint8Array {
  const subject = name(of.subject);
  return writeCertificate(
    {
      subject,
      issuer: of.issuer?.certificate.subject ?? subject,
      key: publicKeyOf(key),
      notBefore: seconds(of.from ?? '2020-01-01T00:00:00Z'),
      notAfter: seconds(of.until ?? '2049-01-01T00:00:00Z'),
      extensions: of.extensions ?? [],
    },
    of.issuer?.key ?? key,
    countingRandom(made),
  );
}

export function makeCertificate(of: MadeOf): Made {
  made++;
  const key = of.key ?? ed25519Key(made);
  const parsed = parseCertificate(certificateBytes(of, key));
  if (!parsed.ok) throw new Error(parsed.error);
  return { certificate: parsed.value, key };
}

export const makeAuthority = (subject: string, more: Partial<MadeOf> = {}): Made =>
  makeCertificate({ subject, extensions: [extension.authority()], ...more });
