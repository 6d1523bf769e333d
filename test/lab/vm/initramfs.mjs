// The guest's first root file system: a static busybox, the modules for virtio, 9p and overlayfs,
// and boot.sh, which mounts the host's root and goes on there.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { cpioArchive } from './cpio.mjs';
import { ensureWorkFolder } from './folders.mjs';

const bootScript = new URL('boot.sh', import.meta.url);
const modules = ['virtio_pci', 'virtio_console', 'virtio-rng', '9pnet_virtio', '9p', 'overlay'];
const busybox = '/bin/busybox';

/** Path of the initramfs for that kernel; made once and kept in the cache. */
export function initramfsFor(release) {
  const script = readFileSync(bootScript);
  const key = createHash('sha256').update(release).update(script).digest('hex').slice(0, 12);
  const file = path.join(ensureWorkFolder(), `initramfs-${release}-${key}.gz`);
  if (!existsSync(file)) writeFileSync(file, gzipSync(cpioArchive(entries(release, script))));
  return file;
}

function entries(release, script) {
  const folders = ['bin', 'dev', 'proc', 'sys', 'host', 'rw', 'root', 'modules'];
  const files = modulePaths(release).map((from, index) => ({
    // the number keeps the order in which they must be loaded
    name: `modules/${String(index).padStart(2, '0')}-${path.basename(from).replace(/\.ko.*$/, '.ko')}`,
    mode: 0o644,
    data: moduleBytes(from),
  }));
  return [
    ...folders.map((name) => ({ name, mode: 0o755 })),
    { name: 'bin/busybox', mode: 0o755, data: readFileSync(busybox) },
    { name: 'init', mode: 0o755, data: script },
    ...files,
  ];
}

/** The files to load, each after what it depends on; built-in modules have none. */
function modulePaths(release) {
  const paths = new Set();
  for (const name of modules) {
    const args = ['--set-version', release, '--show-depends', name];
    const lines = execFileSync('/sbin/modprobe', args, { encoding: 'utf8' }).split('\n');
    for (const line of lines) if (line.startsWith('insmod ')) paths.add(line.split(' ')[1]);
  }
  return [...paths];
}

/** Debian 13 compresses its modules; busybox loads plain ones. */
function moduleBytes(file) {
  const unpackers = { '.xz': 'xz', '.zst': 'zstd', '.gz': 'gzip' };
  const unpacker = unpackers[path.extname(file)];
  if (unpacker === undefined) return readFileSync(file);
  return execFileSync(unpacker, ['-dc', file], { maxBuffer: 1 << 26 });
}
