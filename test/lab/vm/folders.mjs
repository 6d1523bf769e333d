// Where the lab keeps things: the checkout, and a cache folder in it that host and guest share.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Top of the checkout. */
export const projectRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** The only folder of the host that the guest can write to. */
export const workFolder = path.join(projectRoot, '.cache/lab');

export function ensureWorkFolder() {
  mkdirSync(workFolder, { recursive: true });
  return workFolder;
}
