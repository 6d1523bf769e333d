// Captures of other implementations with known keys: those of IKEv2 in Wireshark's own tests, out of
// Debian's source package. They are not ours to copy, so they are fetched, once, into the user's
// cache. `captureFolder()` gives the folder. By hand: `node test/tools/captures.mjs`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { needPackages } from './apt.mjs';
import { downloadSource } from './apt-source.mjs';

const cache = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'autoipsec/captures',
);

export async function captureFolder() {
  const folder = path.join(cache, 'wireshark');
  if (existsSync(folder)) return folder;
  console.error("fetching captures from Debian's source package of wireshark (50 MB)");
  await needPackages(['bzip2', 'xz-utils']);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'fetch-'));
  try {
    const archive = archiveOf(path.join(work, 'source'));
    const names = ['-C', work, '--strip-components=3', '--wildcards', '*/test/captures/ikev2-*'];
    const result = spawnSync('tar', ['-xf', archive, ...names], { encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`tar failed: ${result.stderr}`);
    rmSync(path.join(work, 'source'), { recursive: true });
    renameSync(work, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Only the archive is needed: a mirror that has lost the packaging beside it will do. */
function archiveOf(folder) {
  try {
    return downloadSource('wireshark', '4', folder);
  } catch {
    return downloadSource('wireshark', '4', folder);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await captureFolder());
