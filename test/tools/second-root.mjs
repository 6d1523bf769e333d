// A folder with programs of the next release of the distribution and all that they need down to the
// C library: a root to change into, made of unpacked packages. No package is configured, nothing of
// this machine changes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { aptOf, newerReleases } from './apt-source.mjs';

/** What scripts of the packages (libreswan's updown) take for granted. */
const usual = ['base-files', 'dash', 'coreutils', 'grep', 'sed', 'mawk', 'iproute2', 'kmod'];

/**
 * Unpacks `names` and their dependencies below `cache`; the first of them gives the version. Gives
 * `{ suite, version, folder }`. The first time takes a minute and says what it does.
 */
export function secondRoot(names, cache) {
  const { suites, ...place } = newerReleases();
  const suite = suites[0];
  const known = knownRoot(cache, suite, names[0]);
  if (known) return known;
  const work = path.join(cache, `making-${suite}-${process.pid}`);
  mkdirSync(path.join(work, 'archives'), { recursive: true });
  try {
    console.error(`${suite}: reading the list of packages`);
    const apt = aptOf({ ...place, suite }, 'deb', work);
    const did = (...args) => {
      const result = apt(...args);
      if (result.status === 0) return result.stdout;
      throw new Error(`apt-get ${args.join(' ')} failed: ${result.stderr}`);
    };
    did('update');
    const all = [...names, ...usual];
    const plan = did('-s', 'install', '--no-install-recommends', ...all);
    const wanted = [...plan.matchAll(/^Inst (\S+) \((\S+)/gm)];
    const version = wanted.find(([, name]) => name === names[0])[2];
    console.error(`${suite}: downloading ${wanted.length} packages for ${names[0]} ${version}`);
    did('download', ...wanted.map(([, name]) => name));
    console.error(`${suite}: unpacking them`);
    const tree = path.join(work, 'tree');
    unpack(
      readdirSync(work)
        .filter((name) => name.endsWith('.deb'))
        .map((name) => path.join(work, name)),
      tree,
    );
    const folder = path.join(cache, nameOf(suite, names[0], version));
    renameSync(tree, folder);
    return { suite, version, folder };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const nameOf = (suite, name, version) => `${suite}_${name}_${version}`;

/** No list is read again for what is there: the cache is where a newer version is thrown away. */
function knownRoot(cache, suite, name) {
  const start = nameOf(suite, name, '');
  const found = existsSync(cache)
    ? readdirSync(cache).find((entry) => entry.startsWith(start))
    : undefined;
  return found && { suite, version: found.slice(start.length), folder: path.join(cache, found) };
}

function unpack(archives, tree) {
  // the usual links first, so that what still is packed for /lib comes where it belongs
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(path.join(tree, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, path.join(tree, name));
  }
  for (const archive of archives) {
    // tar keeps a link that stands where the package has a folder
    const script = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"';
    const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', archive, tree], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${archive}: ${stderr}`);
  }
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'etc'])
    mkdirSync(path.join(tree, name), { recursive: true });
  // documentation is a third of it
  for (const name of ['doc', 'man', 'locale', 'info'])
    rmSync(path.join(tree, 'usr/share', name), { recursive: true, force: true });
}
