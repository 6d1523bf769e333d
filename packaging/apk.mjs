// Writes an .apk, the package of OpenWrt from 25.12 on, with apk-tools 3, which knows the format and which
// Debian lacks so far: the variable APK names its program, or it is `apk` in the PATH. As
// OpenWrt's include/package-pack.mk does it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dependencies } from './makefile.mjs';

/** The program of apk-tools 3; undefined where there is none. */
export function apkProgram() {
  const program = process.env.APK || 'apk';
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /^apk-tools 3\./.test(stdout ?? '') ? program : undefined;
}

/** Runs it as root of a user namespace where we are not root: owners in the package are those of the files. */
function run(argv, epoch) {
  const words = process.getuid() === 0 ? argv : ['unshare', '--map-root-user', ...argv];
  const result = spawnSync(words[0], words.slice(1), {
    encoding: 'utf8',
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch), TZ: 'UTC' },
  });
  if (result.status !== 0)
    throw new Error(`${argv.join(' ')}: ${result.error?.message ?? result.stderr}`);
}

const begin = (name) => `[ -s "\${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "\${IPKG_INSTROOT}/lib/functions.sh"
export root="\${IPKG_INSTROOT}"
export pkgname="${name}"
`;

/** Scripts by apk's names for them. One text of ours begins with its interpreter, the others do not. */
export function apkScripts({ Package, postinst = '', prerm = '', postrm = '' }) {
  const install = `[ "\${IPKG_NO_SCRIPT}" = "1" ] && exit 0
${begin(Package)}add_group_and_user
default_postinst
${postinst}
`;
  const scripts = {
    'post-install': `#!/bin/sh\n${install}`,
    'post-upgrade': `#!/bin/sh\nexport PKG_UPGRADE=1\n${install}`,
    'pre-deinstall': `#!/bin/sh\n${begin(Package)}default_prerm\n${prerm}\n`,
  };
  if (postrm) scripts['post-deinstall'] = `${postrm}\n`;
  return scripts;
}

const filesIn = (tree) =>
  readdirSync(tree, { recursive: true })
    .filter((name) => !statSync(path.join(tree, name)).isDirectory())
    .map((name) => `/${name}\n`)
    .sort();

/** What OpenWrt's scripts on the router read of a package: its files, and which of them a person may change. */
function writeLists(tree, { Package, conffiles }) {
  const folder = path.join(tree, 'lib/apk/packages');
  mkdirSync(folder, { recursive: true });
  const files = filesIn(tree);
  writeFileSync(path.join(folder, `${Package}.list`), files.join(''));
  if (!conffiles) return;
  writeFileSync(path.join(folder, `${Package}.conffiles`), `${conffiles}\n`);
  const shipped = conffiles.split('\n').filter((name) => files.includes(`${name}\n`));
  const sums = shipped.map((name) => {
    const bytes = readFileSync(path.join(tree, name));
    return `${name} ${createHash('sha256').update(bytes).digest('hex')}\n`;
  });
  writeFileSync(path.join(folder, `${Package}.conffiles_static`), sums.join(''));
}

/** Packs `tree`, to which its lists are added, as the package of `fields`; gives the file's path and size. */
export function writeApk(tree, fields, { architecture, epoch, folder, program }) {
  writeLists(tree, fields);
  spawnSync('find', [tree, '-exec', 'touch', '-h', '-d', `@${epoch}`, '{}', '+']);
  const info = {
    name: fields.Package,
    version: fields.Version,
    description: fields.Description.replace(/\s+/g, ' '),
    arch: architecture === 'all' ? 'noarch' : architecture,
    license: fields.License,
    origin: `feeds/autoipsec/${fields.Package}`,
    url: fields.URL,
    maintainer: fields.Maintainer,
    depends: ['libc', ...dependencies(fields.Depends)].join(' '),
  };
  const given = Object.entries(info).filter(([, value]) => value);
  const into = path.join(folder, info.arch);
  mkdirSync(into, { recursive: true });
  const file = path.join(into, `${fields.Package}-${fields.Version}.apk`);
  const work = mkdtempSync(path.join(os.tmpdir(), 'autoipsec-apk-'));
  try {
    const scripts = Object.entries(apkScripts(fields)).flatMap(([type, text]) => {
      const script = path.join(work, type);
      writeFileSync(script, text, { mode: 0o755 });
      return ['--script', `${type}:${script}`];
    });
    const words = given.flatMap(([name, value]) => ['--info', `${name}:${value}`]);
    run([program, 'mkpkg', ...words, ...scripts, '--files', tree, '--output', file], epoch);
    if (!existsSync(file)) throw new Error(`${program} made no ${file}`);
    return { file, installedSize: sizeOf(tree) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

const sizeOf = (tree) =>
  filesIn(tree).reduce((sum, name) => sum + statSync(path.join(tree, name.trim())).size, 0);
