// Builds the socket broker: `buildBroker(variant)` gives the path of the program, built when its
// source or flags are new. By hand: `node test/tools/broker.mjs [host|musl|sanitized|mips|arm …]`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(
  new URL('../../openwrt-package/autoipsec/src/broker.c', import.meta.url),
);

const common = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-Wconversion', '-Wshadow'];
const sanitizers = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** What each variant is built with, and what runs it where the machine can not. */
export const variants = {
  host: { compiler: 'cc', flags: [], emulator: [] },
  // musl's own macros convert
  musl: {
    compiler: 'musl-gcc',
    flags: ['-Wno-conversion', '-Wno-sign-conversion'],
    emulator: [],
    needsKernelHeaders: true,
  },
  sanitized: { compiler: 'cc', flags: sanitizers, emulator: [] },
  mips: { compiler: 'mips-linux-gnu-gcc', flags: ['-static'], emulator: ['qemu-mips-static'] },
  arm: { compiler: 'arm-linux-gnueabihf-gcc', flags: ['-static'], emulator: ['qemu-arm-static'] },
};

/** True when `program` can be found in PATH. */
export function hasProgram(program) {
  return (process.env.PATH ?? '')
    .split(':')
    .some((folder) => existsSync(path.join(folder, program)));
}

/**
 * Path of the broker built as `variant`: 'host', 'musl' (OpenWrt's C library), 'sanitized' (ASan and
 * UBSan), 'mips' (big-endian) or 'arm', the last two static for qemu-user. Throws with the compiler's words when it fails.
 */
export function buildBroker(variant) {
  const { compiler, flags, needsKernelHeaders } = variants[variant];
  const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  const headers = needsKernelHeaders ? kernelHeaders(path.join(cache, 'autoipsec')) : [];
  const all = [...common, ...flags, ...headers];
  const hash = createHash('sha256')
    .update(readFileSync(source))
    .update(JSON.stringify([compiler, all]))
    .digest('hex')
    .slice(0, 16);
  const folder = path.join(cache, 'autoipsec', 'broker', `${variant}-${hash}`);
  const program = path.join(folder, 'autoipsec-broker');
  if (existsSync(program)) return program;

  mkdirSync(folder, { recursive: true });
  // Renamed when whole: two test runs may build at the same time.
  const unfinished = `${program}.${process.pid}`;
  const result = spawnSync(compiler, [...all, '-o', unfinished, source], { encoding: 'utf8' });
  if (result.status !== 0) {
    throw new Error(`${compiler} (${variant}): ${result.error?.message ?? result.stderr}`);
  }
  renameSync(unfinished, program);
  return program;
}

/** Debian's musl-gcc looks for the C library's headers alone; the kernel's are added to them. */
function kernelHeaders(cache) {
  const folder = path.join(cache, 'kernel-headers');
  mkdirSync(folder, { recursive: true });
  const { stdout } = spawnSync('cc', ['-print-multiarch'], { encoding: 'utf8' });
  const places = { linux: 'linux', asm: `${stdout.trim()}/asm`, 'asm-generic': 'asm-generic' };
  for (const [name, place] of Object.entries(places)) {
    const link = path.join(folder, name);
    if (!existsSync(link)) symlinkSync(path.join('/usr/include', place), link);
  }
  return ['-isystem', folder];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(variants);
  for (const variant of wanted) console.log(buildBroker(variant));
}
