// Other implementations for tests: libreswan, strongSwan and openiked from Debian. Their packages
// exclude each other and would start services, so each is unpacked into a tree of its own in the user's
// cache and run with that tree laid over /usr and /etc in a mount namespace: the machine stays as it
// is. Those of the next release need its libraries too: their tree is a whole root to change into.
//
//   const tree = peerTree('strongswan');
//   const own = peerFolder(tree, { 'etc/strongswan.conf': text });       // one instance
//   machine.start('sgb', 'charon', inPeerTree(own, ['/usr/lib/ipsec/charon']));
//   machine.exec('sgb', inPeerTree(own, ['swanctl', '--load-all']));
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { candidateVersion } from './apt.mjs';
import { secondRoot } from './second-root.mjs';

const strongswan = ['strongswan-charon', 'strongswan-swanctl', 'libstrongswan-standard-plugins'];

/** The first package gives the version. */
const packagesOf = {
  libreswan: ['libreswan'],
  strongswan,
  openiked: ['openiked'],
};

/** The same from the next release. */
const newerPackagesOf = {
  'libreswan-next': ['libreswan'],
  'strongswan-next': [...strongswan, 'libstrongswan-extra-plugins'],
};

const allPeers = [...Object.keys(packagesOf), ...Object.keys(newerPackagesOf)];

const cache = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'autoipsec/peers',
);

/**
 * Folder with the unpacked packages, and their version: 'libreswan', 'strongswan', 'openiked', or
 * with '-next' (`isRoot`: the folder is a whole root).
 */
export function peerTree(name) {
  const newer = newerPackagesOf[name];
  if (newer) return { name, ...secondRoot(newer, cache), isRoot: true };
  const names = packagesOf[name];
  const version = knownVersion(names[0]);
  const folder = path.join(cache, `${name}-${version}`);
  if (existsSync(folder)) return { name, version, folder };
  console.error(`unpacking Debian's ${names.join(' and ')} ${version}`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'unpack-'));
  try {
    for (const archive of download(names, path.join(work, 'archives')))
      run('dpkg-deb', ['-x', archive, path.join(work, 'tree')]);
    mergeUsr(path.join(work, 'tree'));
    renameSync(path.join(work, 'tree'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { name, version, folder };
}

function knownVersion(name) {
  const version = candidateVersion(name);
  if (version) return version;
  apt(['update', '-q']);
  const updated = candidateVersion(name);
  if (updated) return updated;
  throw new Error(`no package ${name} in apt's lists`);
}

/** Paths of the archives: the packages themselves and whatever of their libraries is missing here. */
function download(names, folder) {
  mkdirSync(folder);
  const get = () => {
    const wanted = [...new Set([...names, ...missingWith(names)])];
    return apt(['download', ...wanted], folder);
  };
  // the package lists may be old
  if (get() !== 0 && (apt(['update', '-q']) !== 0 || get() !== 0))
    throw new Error(`cannot download ${names.join(' ')}: apt-get failed, see above`);
  return readdirSync(folder).map((file) => path.join(folder, file));
}

/** What apt would install with `names`, from its lines `Inst NAME …`. */
function missingWith(names) {
  const args = ['-o', 'Debug::NoLocking=1', '-s', 'install', '--no-install-recommends', ...names];
  const { stdout } = spawnSync('apt-get', args, { encoding: 'utf8' });
  return [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
}

function apt(args, cwd) {
  const own = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'APT::Sandbox::User=root'];
  return spawnSync('apt-get', [...own, ...args], { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
    .status;
}

/** Some packages still have /lib and /sbin apart from /usr. */
function mergeUsr(tree) {
  for (const name of ['lib', 'sbin', 'bin']) {
    const from = path.join(tree, name);
    if (!existsSync(from)) continue;
    cpSync(from, path.join(tree, 'usr', name), { recursive: true, verbatimSymlinks: true });
    rmSync(from, { recursive: true });
  }
}

function run(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`${command} failed: ${result.error?.message ?? result.stderr}`);
}

/**
 * A folder for one running instance: `files` below its `etc/` win against the tree's and the
 * machine's, its `run/` is the instance's /run. Gives tree and folder for `inPeerTree`.
 */
export function peerFolder(tree, files = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `${tree.name}-`));
  for (const name of ['etc', 'run', 'run/pluto', 'root']) mkdirSync(path.join(folder, name));
  // what a whole root's packages would make when they are configured
  if (tree.isRoot) {
    mkdirSync(path.join(folder, 'var'));
    symlinkSync('/run', path.join(folder, 'var/run'));
  }
  const own = { tree, folder };
  writePeerFiles(own, files);
  return own;
}

/** Only before the instance starts: a file that is laid over another must not change. */
export function writePeerFiles({ folder }, files) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
  }
}

/** The words that run `argv` where an instance with that pid of its own runs, files and network. */
export function besidePeer({ tree }, pid, argv) {
  const how = tree.isRoot ? [] : ['env', `LD_LIBRARY_PATH=${libraries}`];
  return ['nsenter', '--target', pid, '--mount', '--net', '--root', ...how, ...argv];
}

/** Takes an instance's folder away; it may hold keys. */
export function removePeerFolder({ folder }) {
  rmSync(folder, { recursive: true, force: true });
}

const triplet = `${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`;
const libraries = `/usr/lib/${triplet}:/usr/lib/${triplet}/nss`;

/** Where a tree's libraries are, as seen from this machine. */
export const libraryFolders = (tree) =>
  libraries
    .split(':')
    .map((folder) => tree.folder + folder)
    .join(':');

const layers = `
tree=$1 own=$2 libraries=$3; shift 3
mount -t overlay peer -o "lowerdir=$tree/usr:/usr" /usr &&
mount -t overlay peer -o "lowerdir=$own/etc:$tree/etc:/etc" /etc &&
mount --bind "$own/run" /run
exec env "LD_LIBRARY_PATH=$libraries" "$@"`;

const changeRoot = `
tree=$1 own=$2; shift 3
mount -t overlay peer -o "lowerdir=$own:$tree" "$own/root" &&
mount --bind "$own/run" "$own/root/run" &&
mount -t tmpfs -o mode=1777 tmp "$own/root/tmp" &&
for each in dev proc sys; do mount --rbind "/$each" "$own/root/$each" || exit; done
exec chroot "$own/root" env PATH=/usr/sbin:/usr/bin "$@"`;

/** The words that run `argv` with the tree's files in place. Needs root. */
export function inPeerTree({ tree, folder }, argv) {
  const script = ['sh', '-c', tree.isRoot ? changeRoot : layers, 'sh', tree.folder, folder];
  script.push(libraries);
  return ['unshare', '--mount', '--propagation', 'private', ...script, ...argv];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : allPeers;
  for (const name of wanted) console.log(peerTree(name).folder);
}
