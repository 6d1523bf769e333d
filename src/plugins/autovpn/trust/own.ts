/**
 * Who we are to peers: a certificate that we sign ourselves, made at first start, whose name nobody else
 * has, as it is made of our key (AV-9).
 */
import { toHex } from '../../../core/bytes/hex.js';
import { utf8 } from '../../../core/bytes/text.js';
import type { Certificate } from '../../../core/pki/certificate.js';
import { loadOrCreateCertificate } from '../../../core/pki/certificate-store.js';
import { SHA2_256 } from '../../../core/pki/hashes.js';
import { type PrivateKey, publicKeyOf } from '../../../core/pki/private-key.js';
import { keyId } from '../../../core/pki/public-key.js';
import type { Files } from '../../../core/platform/platform.js';

export interface Own {
  key: PrivateKey;
  /** Ours first. */
  chain: readonly Certificate[];
  /** DER of our subject. */
  name: Uint8Array;
  fingerprint: string;
}

export interface OwnParts {
  files: Files;
  folder: string;
  key: PrivateKey;
  random(length: number): Uint8Array;
}

/** Digits of the key's hash in the name: two of a million routers with one name are unlikely. */
const nameDigits = 24;

/** Throws `KeyError` for a file that is unreadable or of another key. */
export function loadOwn({ files, folder, key, random }: OwnParts): Own {
  const hash = toHex(SHA2_256.compute(utf8(keyId(publicKeyOf(key)))));
  const subject = `CN=autovpn-${hash.slice(0, nameDigits)}`;
  const chain = loadOrCreateCertificate({ files, folder, key, random, subject });
  const { subject: name, fingerprint } = chain[0]!;
  return { key, chain, name, fingerprint };
}
