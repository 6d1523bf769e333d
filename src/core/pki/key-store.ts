/** Our private key in its file, mode 0600 in a folder of mode 0700. */
import { fromUtf8, utf8 } from '../bytes/text.js';
import type { Files } from '../platform/platform.js';
import { generateKey } from './generate-key.js';
import type { KeyGenerationContext } from './generate-rsa.js';
import { KeyError, privateKeyFromPem, privateKeyToPem } from './pkcs8.js';
import type { PrivateKey } from './private-key.js';
import type { KeyType } from './public-key.js';

const FILE_NAME = 'private-key.pem';

/** Where the key of this state folder is. */
export const keyPath = (folder: string): string => `${folder.replace(/\/+$/, '')}/${FILE_NAME}`;

/** Reads the key; `undefined` when there is no file. Throws `KeyError` with the file's name. */
export function loadKey(files: Files, folder: string): PrivateKey | undefined {
  const path = keyPath(folder);
  const content = files.read(path);
  if (!content) return undefined;
  try {
    return privateKeyFromPem(fromUtf8(content));
  } catch (error) {
    if (error instanceof KeyError) throw new KeyError(`${path}: ${error.message}`);
    throw error;
  }
}

export interface KeyStoreOptions extends KeyGenerationContext {
  files: Files;
  folder: string;
  /** Kind of key to make; a key that is there is used, whatever its kind. */
  type: KeyType;
}

/**
 * Reads the key, or makes one at first start. A file that can not be read as a key is an error and
 * stays as it is: records in the DNS may tell of it.
 */
export async function loadOrCreateKey(
  options: KeyStoreOptions,
): Promise<{ key: PrivateKey; isNew: boolean }> {
  const { files, folder } = options;
  const found = loadKey(files, folder);
  if (found) return { key: found, isNew: false };
  const key = await generateKey(options.type, options);
  files.makeFolder(folder, 0o700);
  files.writeAtomic(keyPath(folder), utf8(privateKeyToPem(key)), 0o600);
  return { key, isNew: true };
}
