// A stock qjs for tests: `qjsCommand(variant)` gives the command that runs a script with it, for this
// machine ('host', or 'musl' with the C library of OpenWrt) or for MIPS big-endian and ARM under
// qemu-user ('mips', 'arm'). Taken from the distribution where it is new enough, else built from
// Debian's source package; builds are kept in the user's cache. By hand:
// `node test/tools/qjs.mjs [host|musl|mips|arm …]`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { candidateVersion, needPackages } from './apt.mjs';
import { downloadSource } from './apt-source.mjs';

/** The oldest engine we support: what OpenWrt ships. */
const oldestVersion = '2025.04.26';
const flags = ['--std', '--strip-source', '--no-unhandled-rejection', '-m'];

/** For emulation: one static program, and 64-bit atomics that these machines do not have. */
const staticLink = ['LDEXPORT=-static', 'EXTRA_LIBS=-latomic'];

const variants = {
  host: { packages: ['gcc', 'libc6-dev'], make: [], emulator: [] },
  musl: {
    packages: ['gcc', 'libc6-dev', 'musl-tools'],
    make: ['CC=musl-gcc', 'HOST_CC=gcc', 'CONFIG_LTO='],
    emulator: [],
  },
  mips: {
    packages: [
      'gcc',
      'libc6-dev',
      'gcc-mips-linux-gnu',
      'libc6-dev-mips-cross',
      'qemu-user-static',
    ],
    make: ['CROSS_PREFIX=mips-linux-gnu-', ...staticLink],
    emulator: ['qemu-mips-static'],
  },
  arm: {
    packages: [
      'gcc',
      'libc6-dev',
      'gcc-arm-linux-gnueabihf',
      'libc6-dev-armhf-cross',
      'qemu-user-static',
    ],
    make: ['CROSS_PREFIX=arm-linux-gnueabihf-', ...staticLink],
    emulator: ['qemu-arm-static'],
  },
};

const cache = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'autoipsec/qjs',
);

/** Command and flags that run an ES module given as the next argument. */
export async function qjsCommand(variant) {
  const { emulator } = variants[variant];
  return [...emulator, await qjsProgram(variant), ...flags];
}

/** Path of the program, built or installed when it is missing. */
async function qjsProgram(variant) {
  if (variant === 'host' && process.env.AUTOIPSEC_QJS) return process.env.AUTOIPSEC_QJS;
  const program = path.join(cache, variant, 'qjs');
  if (existsSync(program)) {
    // the cache may have moved to a machine without the emulator
    if (variants[variant].emulator.length > 0) await needPackages(['qemu-user-static']);
    if (variant === 'musl') await needPackages(['musl-tools']);
    return program;
  }
  if (variant === 'host' && (candidateVersion('quickjs') ?? '') >= oldestVersion) {
    await needPackages(['quickjs']);
    return '/usr/bin/qjs';
  }
  await buildQjs(variant, program);
  return program;
}

async function buildQjs(variant, program) {
  const { packages, make } = variants[variant];
  await needPackages([...packages, 'make', 'xz-utils']);
  console.error(`building qjs (${variant}) from Debian's source package`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'build-'));
  try {
    const archive = downloadSource('quickjs', oldestVersion, path.join(cache, 'source'));
    run('tar', ['-xf', archive, '-C', work, '--strip-components=1']);
    run('make', ['-C', work, `-j${os.availableParallelism()}`, ...make, 'qjs']);
    mkdirSync(path.dirname(program), { recursive: true });
    renameSync(path.join(work, 'qjs'), program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.status !== 0)
    throw new Error(`${command} failed: ${result.error?.message ?? result.stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(variants);
  for (const variant of wanted) console.log((await qjsCommand(variant)).join(' '));
}
