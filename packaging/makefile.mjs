// Runs a package's Makefile, as OpenWrt's SDK would, with the stand-ins of this folder in the place of
// the SDK's includes: what the Makefile says is what is packed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { version } from '../build-options.mjs';

const standIn = fileURLToPath(new URL('stand-in', import.meta.url));

/** Runs `target` of the Makefile in `folder`; gives its output. Throws with make's words. */
export function make(folder, target, variables = {}) {
  const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const args = ['-s', '-C', folder, target, `TOPDIR=${standIn}`, ...words];
  args.push(`FEED_VERSION=${version}`);
  const environment = { ...process.env, LC_ALL: 'C' };
  // of an npm or make around us
  for (const name of ['MAKEFLAGS', 'MAKELEVEL', 'MFLAGS', 'VERSION']) delete environment[name];
  const result = spawnSync('make', args, {
    encoding: 'utf8',
    env: environment,
    maxBuffer: 1 << 26,
  });
  if (result.status !== 0)
    throw new Error(`make ${target} in ${folder}: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}

/** What the Makefile says of its package: text by name, as in `describe` of the stand-in. */
export function describe(folder) {
  const fields = {};
  const parts = make(folder, 'describe', { BUILD_DIR: '/nowhere' }).split(/^@/m).slice(1);
  for (const part of parts) {
    const end = part.indexOf('\n');
    fields[part.slice(0, end)] = part.slice(end + 1).trim();
  }
  return fields;
}

/**
 * Names from OpenWrt's DEPENDS: `+name` and `+SYMBOL:name`. Of the symbols IPV6 counts as set, which it
 * is on every released image.
 */
export function dependencies(text) {
  return text
    .split(/\s+/)
    .filter((word) => word.startsWith('+'))
    .map((word) => word.slice(1))
    .filter((word) => !word.includes(':') || word.startsWith('IPV6:'))
    .map((word) => word.replace('IPV6:', ''));
}
