// The .apk files, by apk-tools itself: what it reads in them, and an installation and removal in a root folder
// with stubs of the packages they depend on. Skipped where there is no apk-tools 3.
import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { apkProgram } from '../../packaging/apk.mjs';
import { check } from './checks.mjs';
import { must } from './unpack.mjs';

const asRoot = process.getuid() === 0 ? [] : ['unshare', '--map-root-user'];

/** In the place of OpenWrt's functions.sh: writes down who calls. */
const functions = `for each in add_group_and_user default_postinst default_prerm; do
  eval "$each() { echo $each \\$pkgname >> /tmp/log; }"
done
`;

function layRoot(tree) {
  for (const name of ['bin', 'tmp', 'lib', 'etc/init.d', 'proc', 'dev'])
    mkdirSync(path.join(tree, name), { recursive: true });
  cpSync(must('sh', ['-c', 'command -v busybox']).trim(), path.join(tree, 'bin/busybox'), {
    dereference: true,
  });
  for (const name of ['sh', 'rm']) symlinkSync('busybox', path.join(tree, 'bin', name));
  writeFileSync(path.join(tree, 'lib/functions.sh'), functions);
  writeFileSync(path.join(tree, 'etc/init.d/rpcd'), '#!/bin/sh\necho "rpcd $*" >> /tmp/log\n');
  chmodSync(path.join(tree, 'etc/init.d/rpcd'), 0o755);
}

/** `own`: the .ipk of the same build, unpacked; `apks`: the folder of .apk files. */
export function apkChecks(own, { apks, folder, architecture }) {
  const program = apkProgram();
  const test = (name, run) => check(name, () => (program ? run() : 'apk-tools 3 is not there'));
  const tree = path.join(folder, 'apk-root');
  const run = (...argv) => must([...asRoot, program][0], [...asRoot, program, ...argv].slice(1));
  const onRouter = (...argv) =>
    run('--root', tree, '--arch', architecture, '--allow-untrusted', '--no-network', ...argv);
  const at = (machine, name) => {
    const file = readdirSync(path.join(apks, machine)).find((each) => each.startsWith(`${name}-0`));
    return path.join(apks, machine, file);
  };
  const log = () => {
    const file = path.join(tree, 'tmp/log');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    rmSync(file, { force: true });
    return lines;
  };
  const depends = (file) => {
    const [, list] = /\n {2}depends:.*\n((?: {4}- .*\n)+)/.exec(run('adbdump', file));
    return list.trim().split(/\s*- /).filter(Boolean);
  };

  test('apk: it says of itself what the .ipk says', () => {
    const file = at(architecture, 'autoipsec');
    const said = run('adbdump', file);
    const field = (name) => new RegExp(`\\n  ${name}: (.*)\\n`).exec(said)?.[1];
    assert.equal(field('name'), 'autoipsec');
    assert.equal(field('version'), own.fields.Version);
    assert.equal(field('arch'), architecture);
    assert.equal(field('license'), own.fields.License);
    assert.deepEqual(depends(file).sort(), own.fields.Depends.split(', ').sort());
    assert.doesNotMatch(said, /(user|group): (?!root)/);
  });

  test('apk: installed, its files are there, and its scripts call what OpenWrt has', () => {
    layRoot(tree);
    const files = [at(architecture, 'autoipsec'), at('noarch', 'luci-app-autoipsec')];
    const stubs = new Set(files.flatMap(depends));
    stubs.delete('autoipsec');
    const made = [...stubs].map((name) => {
      const file = path.join(folder, `${name}-1.apk`);
      const info = [`name:${name}`, 'version:1', 'arch:noarch'];
      run('mkpkg', ...info.flatMap((each) => ['--info', each]), '--output', file);
      return file;
    });
    onRouter('add', '--initdb', ...made, ...files);
    const said = log();
    for (const line of ['default_postinst autoipsec', 'default_postinst luci-app-autoipsec'])
      assert.ok(said.includes(line), said.join('; '));
    assert.equal(said.filter((line) => line === 'rpcd reload').length, 2);
    for (const { name, mode } of own.files.filter(({ mode }) => mode.startsWith('-'))) {
      const { mode: bits } = statSync(path.join(tree, name));
      assert.equal(bits & 0o777, mode === '-rw-------' ? 0o600 : mode[3] === 'x' ? 0o755 : 0o644);
      assert.deepEqual(
        readFileSync(path.join(tree, name)),
        readFileSync(path.join(own.root, name)),
      );
    }
    const lists = path.join(tree, 'lib/apk/packages');
    assert.equal(
      readFileSync(path.join(lists, 'autoipsec.conffiles'), 'utf8'),
      own.control('conffiles'),
    );
    assert.match(
      readFileSync(path.join(lists, 'autoipsec.conffiles_static'), 'utf8'),
      /^\/etc\/config\/autoipsec [0-9a-f]{64}\n$/,
    );
  });

  test('apk: removed, it is stopped before, and its files and what it had in memory go', () => {
    mkdirSync(path.join(tree, 'var/run/autoipsec'), { recursive: true });
    onRouter('del', 'luci-app-autoipsec', 'autoipsec');
    const said = log();
    assert.ok(said.includes('default_prerm autoipsec'), said.join('; '));
    assert.ok(said.includes('rpcd reload'), said.join('; '));
    for (const name of ['usr/sbin/autoipsec-broker', 'usr/share/autoipsec', 'var/run/autoipsec'])
      assert.ok(!existsSync(path.join(tree, name)), name);
  });
}
