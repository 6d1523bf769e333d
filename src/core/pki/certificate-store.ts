/** Our own certificate in its file, beside the private key; mode 0600, written whole. */
import { fromUtf8, utf8 } from '../bytes/text.js';
import type { Files } from '../platform/platform.js';
import { type Certificate, certificatesFromPem, parseCertificate } from './certificate.js';
import { nameFromText } from './distinguished-name.js';
import { toPem } from './pem.js';
import { KeyError } from './pkcs8.js';
import { type PrivateKey, publicKeyOf } from './private-key.js';
import { keyId } from './public-key.js';
import { writeSelfSigned } from './write-certificate.js';

const FILE_NAME = 'certificate.pem';

export const certificatePath = (folder: string): string =>
  `${folder.replace(/\/+$/, '')}/${FILE_NAME}`;

export interface CertificateStoreOptions {
  files: Files;
  folder: string;
  key: PrivateKey;
  /** RFC 4514 text; of a certificate that has to be made. */
  subject: string;
  dnsNames?: readonly string[];
  random(length: number): Uint8Array;
}

/**
 * Reads our certificate with those of the authorities above it, in this order, or makes one that we
 * sign ourselves. Throws `KeyError` with the file's name for one that is unreadable or of another key:
 * others may know it, so it is not replaced.
 */
export function loadOrCreateCertificate(options: CertificateStoreOptions): readonly Certificate[] {
  const { files, folder, key } = options;
  const path = certificatePath(folder);
  const content = files.read(path);
  if (!content) return [create(options, path)];
  const read = certificatesFromPem(fromUtf8(content));
  if (!read.ok) throw new KeyError(`${path}: ${read.error}`);
  if (keyId(read.value[0]!.key) !== keyId(publicKeyOf(key)))
    throw new KeyError(`${path}: the first certificate is not of our private key`);
  return read.value;
}

function create(options: CertificateStoreOptions, path: string): Certificate {
  const { files, folder, key, random, dnsNames = [] } = options;
  const subject = nameFromText(options.subject);
  if (!subject) throw new KeyError(`'${options.subject}' is no name like CN=router,O=Example`);
  const bytes = writeSelfSigned(key, subject, dnsNames, random);
  const made = parseCertificate(bytes);
  if (!made.ok) throw new Error(made.error);
  files.makeFolder(folder, 0o700);
  files.writeAtomic(path, utf8(toPem('CERTIFICATE', bytes)), 0o600);
  return made.value;
}
