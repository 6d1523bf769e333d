// A compiler for static programs of an OpenWrt architecture: Debian's cross compiler with musl, which
// is built once from Debian's source package and kept in the user's cache. By hand:
// `node packaging/toolchain.mjs [ARCHITECTURE …]`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { needPackages } from '../test/tools/apt.mjs';
import { downloadSource } from '../test/tools/apt-source.mjs';
import { architectures } from './architectures.mjs';
import { buildSoftFloat } from './soft-float.mjs';

const muslVersion = '1.2.5';
/** For its soft-fp alone. */
const glibcVersion = '2.41';

export const cache = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'autoipsec/packaging',
);

/**
 * Gives `{ cc, strip, emulator }` for an architecture: a compiler that makes static programs, the tool
 * that takes symbols out, and the words that run them here. The first time takes a minute of one core.
 */
export async function toolchain(architecture) {
  const { triplet, packages, emulator } = architectures[architecture];
  const emulation = emulator.length > 0 ? ['qemu-user-static'] : [];
  await needPackages([...packages, ...emulation, 'make', 'xz-utils']);
  const folder = path.join(cache, `musl-${architecture}-${recipe(architecture)}`);
  const cc = path.join(folder, 'bin/cc');
  if (!existsSync(cc)) buildMusl(architecture, folder);
  return { cc, strip: `${triplet}-strip`, emulator, triplet };
}

/** Changes with whatever changes the result. */
function recipe(architecture) {
  const hash = createHash('sha256').update(JSON.stringify(architectures[architecture]));
  for (const name of ['toolchain.mjs', 'soft-float.mjs'])
    hash.update(readFileSync(new URL(name, import.meta.url)));
  const compiler = spawnSync(`${architectures[architecture].triplet}-gcc`, ['-dumpfullversion']);
  return hash.update(compiler.stdout).digest('hex').slice(0, 12);
}

function buildMusl(architecture, folder) {
  const { triplet, flags, softFloat } = architectures[architecture];
  console.error(`building musl for ${architecture} from Debian's source package`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'build-'));
  try {
    const source = path.join(work, 'musl');
    mkdirSync(source);
    run('tar', ['-xf', downloaded('musl', muslVersion), '-C', source, '--strip-components=1']);
    const gcc = [`${triplet}-gcc`, ...flags];
    const environment = {
      CC: `${triplet}-gcc`,
      CROSS_COMPILE: `${triplet}-`,
      // no path of this machine in what is made
      CFLAGS: ['-Os', ...flags, `-ffile-prefix-map=${source}=.`].join(' '),
    };
    const target = `--target=${triplet.replace('gnu', 'musl')}${softFloat ? 'sf' : ''}`;
    const options = [target, `--prefix=${folder}`, '--disable-shared'];
    run('./configure', options, { cwd: source, env: { ...process.env, ...environment } });
    run('make', ['-C', source, `-j${os.availableParallelism()}`]);
    // its paths are those of the final place
    const staged = path.join(work, 'staged');
    run('make', ['-C', source, 'install', `DESTDIR=${staged}`]);
    const tree = path.join(staged, folder);
    if (softFloat)
      buildSoftFloat({
        ...{ archive: downloaded('glibc', glibcVersion), work, compiler: gcc },
        ...{ ar: `${triplet}-ar`, library: path.join(tree, 'lib/libsoft-float.a') },
      });
    linkKernelHeaders(triplet, path.join(tree, 'include'));
    writeCompiler(tree, folder, gcc, softFloat);
    rmSync(folder, { recursive: true, force: true });
    renameSync(tree, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const downloaded = (name, version) => downloadSource(name, version, path.join(cache, name));

/** musl brings no headers of the kernel; Debian's are beside those of glibc. */
function linkKernelHeaders(triplet, include) {
  const isNative = triplet === `${process.arch === 'x64' ? 'x86_64' : process.arch}-linux-gnu`;
  const [common, own] = isNative
    ? ['/usr/include', `/usr/include/${triplet}`]
    : [`/usr/${triplet}/include`, `/usr/${triplet}/include`];
  const places = { linux: common, 'asm-generic': common, asm: own };
  for (const [name, place] of Object.entries(places))
    run('ln', ['-sfn', path.join(place, name), path.join(include, name)]);
}

/** A compiler with musl's specs, those of soft float put before libgcc, whose are of the other kind. */
function writeCompiler(tree, folder, gcc, softFloat) {
  const specs = readFileSync(path.join(tree, 'lib/musl-gcc.specs'), 'utf8');
  const library = softFloat ? `${folder}/lib/libsoft-float.a ` : '';
  writeFileSync(
    path.join(tree, 'lib/static.specs'),
    specs.replace(/(\*libgcc:\n)/, `$1${library}`),
  );
  const words = [...gcc, '-specs', `${folder}/lib/static.specs`, '-static'];
  if (softFloat) words.push('-Wl,--no-warn-mismatch');
  mkdirSync(path.join(tree, 'bin'), { recursive: true });
  const cc = path.join(tree, 'bin/cc');
  writeFileSync(cc, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
  chmodSync(cc, 0o755);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (result.status !== 0)
    throw new Error(`${command} failed: ${result.error?.message ?? result.stderr.slice(-2000)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(architectures);
  for (const architecture of wanted) console.log((await toolchain(architecture)).cc);
}
