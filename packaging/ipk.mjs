// Writes an .ipk, the package of OpenWrt up to 24.10: a gzipped tar of `debian-binary`, `data.tar.gz` and
// `control.tar.gz`. The same tree gives the same bytes, whoever packs it, where and when.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { dependencies } from './makefile.mjs';

/** Gzipped tar of what is in `folder`, or of `names` in it; all of it of root and of the time `epoch`. */
function pack(folder, epoch, names = ['.']) {
  const fixed = ['--format=gnu', '--numeric-owner', '--owner=0', '--group=0', '--sort=name'];
  const args = [...fixed, `--mtime=@${epoch}`, '-C', folder, '-cf', '-', ...names];
  const result = spawnSync('tar', args, { maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`tar: ${result.error?.message ?? result.stderr}`);
  return { tar: result.stdout, archive: gzipSync(result.stdout, { level: 9 }) };
}

const postinst = `#!/bin/sh
[ "\${IPKG_NO_SCRIPT}" = "1" ] && exit 0
[ -s \${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. \${IPKG_INSTROOT}/lib/functions.sh
default_postinst $0 $@
`;
const prerm = `#!/bin/sh
[ -s \${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. \${IPKG_INSTROOT}/lib/functions.sh
default_prerm $0 $@
`;

/** The files of CONTROL/ by name, from what the Makefile says; `size`: of the unpacked tree. */
export function controlFiles(fields, { architecture, epoch, size }) {
  const lines = {
    Package: fields.Package,
    Version: fields.Version,
    Depends: ['libc', ...dependencies(fields.Depends)].join(', '),
    Source: `feeds/autoipsec/${fields.Package}`,
    SourceName: fields.Package,
    License: fields.License,
    Section: fields.Section,
    SourceDateEpoch: String(epoch),
    URL: fields.URL,
    Maintainer: fields.Maintainer,
    Architecture: architecture,
    'Installed-Size': String(size),
    Description: fields.Description.replace(/\n/g, '\n '),
  };
  const given = Object.entries(lines).filter(([, value]) => value);
  const files = { control: given.map(([name, value]) => `${name}: ${value}\n`).join('') };
  files.postinst = postinst;
  files.prerm = prerm;
  if (fields.conffiles) files.conffiles = `${fields.conffiles}\n`;
  for (const [name, file] of Object.entries({
    postinst: 'postinst-pkg',
    prerm: 'prerm-pkg',
    postrm: 'postrm',
  }))
    if (fields[name]) files[file] = `${fields[name]}\n`;
  return files;
}

/** Conffiles that are no shipped file survive a sysupgrade because the build lists them here. */
export function keepList(tree, { Package, conffiles }) {
  const kept = conffiles.split('\n').filter((name) => name && !isFile(path.join(tree, name)));
  if (kept.length === 0) return;
  const folder = path.join(tree, 'lib/upgrade/keep.d');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, Package), kept.map((name) => `${name}\n`).join(''));
}

const isFile = (name) => existsSync(name) && !name.endsWith('/');

/** Packs `tree` as the package of `fields` into `folder`; gives the file's path and the control text. */
export function writeIpk(tree, fields, { architecture, epoch, folder }) {
  keepList(tree, fields);
  const data = pack(tree, epoch);
  const files = controlFiles(fields, { architecture, epoch, size: data.tar.length });
  const work = mkdtempSync(path.join(os.tmpdir(), 'autoipsec-ipk-'));
  try {
    const control = path.join(work, 'control');
    mkdirSync(control);
    chmodSync(control, 0o755);
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(control, name), text);
      const isScript = ['postinst', 'prerm', 'postinst-pkg', 'prerm-pkg', 'postrm'].includes(name);
      chmodSync(path.join(control, name), isScript ? 0o755 : 0o644);
    }
    writeFileSync(path.join(work, 'debian-binary'), '2.0\n');
    writeFileSync(path.join(work, 'data.tar.gz'), data.archive);
    writeFileSync(path.join(work, 'control.tar.gz'), pack(control, epoch).archive);
    for (const name of ['debian-binary', 'data.tar.gz', 'control.tar.gz'])
      chmodSync(path.join(work, name), 0o644);
    const members = ['./debian-binary', './data.tar.gz', './control.tar.gz'];
    const file = path.join(folder, `${fields.Package}_${fields.Version}_${architecture}.ipk`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, pack(work, epoch, members).archive);
    return { file, control: files.control, installedSize: data.tar.length };
  } finally {
    rmSync(work, { recursive: true });
  }
}
