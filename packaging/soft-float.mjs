// Floating point arithmetic in integers, for MIPS routers without a floating point unit. Debian's
// libgcc has it for the other calling convention only; glibc's soft-fp is the same code, in a few files
// that need nothing of glibc but their own folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What compilers call: arithmetic, comparisons and conversions of float (sf) and double (df). */
const functions = ['sf', 'df'].flatMap((type) => [
  ...['add', 'sub', 'mul', 'div'].map((name) => `${name}${type}3`),
  ...['neg', 'eq', 'ge', 'le', 'unord'].map((name) => `${name}${type}2`),
  ...['si', 'di'].flatMap((integer) => [
    `fix${type}${integer}`,
    `fixuns${type}${integer}`,
    `float${integer}${type}`,
    `floatun${integer}${type}`,
  ]),
]);
const conversions = ['extendsfdf2', 'truncdfsf2'];

/** In the place of glibc's own headers. */
const prelude = `
#define __BYTE_ORDER __BYTE_ORDER__
#define __BIG_ENDIAN __ORDER_BIG_ENDIAN__
#define __LITTLE_ENDIAN __ORDER_LITTLE_ENDIAN__
#define strong_alias(name, other) extern __typeof (name) other __attribute__ ((alias (#name)));
`;

/** Builds `library` from glibc's source archive with `compiler` (words); `ar` packs it. */
export function buildSoftFloat({ archive, work, compiler, ar, library }) {
  const source = path.join(work, 'soft-float');
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source, { recursive: true });
  const wanted = ['*/soft-fp/*', '*/sysdeps/mips/mips32/sfp-machine.h', '*/stdlib/longlong.h'];
  run('tar', ['-xf', archive, '-C', source, '--strip-components=1', '--wildcards', ...wanted]);
  const header = path.join(source, 'prelude.h');
  writeFileSync(header, prelude);
  const include = ['soft-fp', 'sysdeps/mips/mips32', 'stdlib'].map((each) => `-I${source}/${each}`);
  const [command, ...flags] = [
    ...compiler,
    '-Os',
    '-ffreestanding',
    '-include',
    header,
    ...include,
  ];
  for (const name of [...functions, ...conversions])
    run(command, [...flags, '-c', `${source}/soft-fp/${name}.c`, '-o', `${source}/${name}.o`]);
  const objects = readdirSync(source).filter((name) => name.endsWith('.o'));
  if (existsSync(library)) rmSync(library);
  run(ar, ['rcD', library, ...objects.map((name) => path.join(source, name))]);
}

function run(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`${command} ${args.at(-1)}: ${result.error?.message ?? result.stderr}`);
}
