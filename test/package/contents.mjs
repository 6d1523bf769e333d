// What is in the packages: paths, modes, owners, control fields, conffiles.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { root } from '../tools/dependencies.mjs';
import { check } from './checks.mjs';
import { fieldsOf, unpack } from './unpack.mjs';

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** Every file of the package, with its mode. Whoever adds one says here what it may be. */
const installed = {
  '/etc/config/autoipsec': '-rw-------',
  '/etc/init.d/autoipsec': '-rwxr-xr-x',
  '/lib/upgrade/keep.d/autoipsec': '-rw-r--r--',
  '/usr/sbin/autoipsec': '-rwxr-xr-x',
  '/usr/sbin/autoipsec-broker': '-rwxr-xr-x',
  '/usr/share/autoipsec/LICENSES': '-rw-r--r--',
  '/usr/share/autoipsec/ask-daemon.uc': '-rw-r--r--',
  '/usr/share/autoipsec/autoipsec.js': '-rw-r--r--',
  // rpcd ignores a plugin that others may write
  '/usr/share/rpcd/acl.d/autoipsec.json': '-rw-r--r--',
  '/usr/share/rpcd/ucode/autoipsec.uc': '-rw-r--r--',
};

const controlModes = {
  control: '-rw-r--r--',
  conffiles: '-rw-r--r--',
  postinst: '-rwxr-xr-x',
  'postinst-pkg': '-rwxr-xr-x',
  prerm: '-rwxr-xr-x',
  postrm: '-rwxr-xr-x',
};

const plain = (members) => members.filter(({ mode }) => !mode.startsWith('d'));
const modes = (members) =>
  Object.fromEntries(
    plain(members)
      .map(({ name, mode }) => [name, mode])
      .sort(),
  );

/** `at`: path of a package by name and architecture; `folder`: for what is unpacked. */
export function contentChecks({ packages, at, folder, architecture }) {
  const own = unpack(at('autoipsec', architecture), path.join(folder, 'autoipsec'));

  check('package: an .ipk is a tar of three members, the format first', () => {
    assert.deepEqual(own.outer, ['control.tar.gz', 'data.tar.gz', 'debian-binary']);
    assert.equal(own.format, '2.0\n');
  });

  check('package: files are where they belong, with their modes, all of root', () => {
    assert.deepEqual(modes(own.files), installed);
    for (const { name, mode, owner } of own.files) {
      assert.equal(owner, '0/0', name);
      if (mode.startsWith('d')) assert.equal(mode, 'drwxr-xr-x', name);
    }
  });

  check('package: control fields name it, its machine and what it needs', () => {
    const { fields } = own;
    assert.equal(fields.Package, 'autoipsec');
    assert.equal(fields.Version, `${version}-r1`, 'Makefile and package.json differ');
    assert.equal(fields.Architecture, architecture);
    assert.equal(fields.License, 'MIT');
    const needs = fields.Depends.split(', ');
    for (const name of ['quickjs', 'ip-full', 'firewall4', 'kmod-ipsec4', 'kmod-ipsec6'])
      assert.ok(needs.includes(name), name);
    assert.ok(
      needs.every((name) => /^[a-z0-9-]+$/.test(name)),
      fields.Depends,
    );
    const unpacked = gunzipSync(readFileSync(path.join(own.folder, 'outer/data.tar.gz')));
    assert.equal(fields['Installed-Size'], String(unpacked.length));
  });

  check('package: every package that the program names as a remedy is one it needs', () => {
    const probe = readFileSync(path.join(root, 'src/core/kernel/probe.ts'), 'utf8');
    const remedies = new Set(probe.match(/kmod-[a-z0-9-]+/g));
    const needs = own.fields.Depends.split(', ');
    // the first is for peers with HMAC-SHA2-384 and -512 alone, the others come with firewall4
    for (const name of ['kmod-crypto-sha512', 'kmod-nft-core', 'kmod-nf-conntrack'])
      remedies.delete(name);
    assert.deepEqual(
      [...remedies].filter((name) => !needs.includes(name)),
      [],
    );
  });

  check('package: configuration and keys are conffiles, and the keys survive a sysupgrade', () => {
    assert.deepEqual(modes(own.controlFiles), prefixed(controlModes));
    assert.equal(own.control('conffiles'), '/etc/config/autoipsec\n/etc/autoipsec/\n');
    const kept = readFileSync(path.join(own.root, 'lib/upgrade/keep.d/autoipsec'), 'utf8');
    assert.equal(kept, '/etc/autoipsec/\n');
  });

  check(
    "package: so does all else that is kept on flash, as the autovpn plugin's table of peers",
    () => {
      const kept = readFileSync(path.join(own.root, 'lib/upgrade/keep.d/autoipsec'), 'utf8');
      const shipped = readFileSync(path.join(own.root, 'usr/share/autoipsec/autoipsec.js'), 'utf8');
      const folder = /uci:"state_folder",default:"([^"]+)"/.exec(shipped)?.[1];
      assert.ok(folder, 'no default of state_folder in the bundle');
      assert.ok(
        kept.split('\n').some((each) => each !== '' && `${folder}/`.startsWith(each)),
        `${folder} is not in the keep list`,
      );
      // Their paths are made of that folder
      for (const file of ['autovpn-peers', 'autovpn-probing.json'])
        assert.ok(shipped.includes(`/${file}`), `no ${file} in the bundle`);
    },
  );

  check('package: the bundle in it is the one that was built', () => {
    const shipped = readFileSync(path.join(own.root, 'usr/share/autoipsec/autoipsec.js'));
    assert.deepEqual(shipped, readFileSync(path.join(root, 'dist/autoipsec.js')));
  });

  check('package: the LuCI application and its translations need the right packages', () => {
    const names = packages.filter((name) => name.startsWith('luci-'));
    assert.ok(names.length > 0);
    for (const name of names) {
      const { fields, files } = unpack(at(name, 'all'), path.join(folder, name));
      assert.equal(fields.Architecture, 'all');
      assert.equal(fields.Version, `${version}-r1`);
      const needs = fields.Depends.split(', ');
      assert.ok(needs.includes(name.startsWith('luci-i18n') ? 'luci-app-autoipsec' : 'autoipsec'));
      for (const file of plain(files)) assert.match(file.mode, /^-rw-r--r--$/, file.name);
    }
  });

  check('package: the index lists every package with size and checksum', () => {
    const index = readFileSync(path.join(folder, '../packages/Packages'), 'utf8');
    assert.equal(
      String(gunzipSync(readFileSync(path.join(folder, '../packages/Packages.gz')))),
      index,
    );
    const entries = index.trimEnd().split('\n\n').map(fieldsOf);
    assert.deepEqual(entries.map((each) => each.Package).sort(), [...packages].sort());
    for (const entry of entries) {
      const bytes = readFileSync(path.join(folder, '../packages', entry.Filename));
      assert.equal(entry.Size, String(bytes.length));
      assert.equal(entry.SHA256sum, createHash('sha256').update(bytes).digest('hex'));
    }
  });
  return own;
}

const prefixed = (files) =>
  Object.fromEntries(
    Object.entries(files)
      .map(([name, mode]) => [`/${name}`, mode])
      .sort(),
  );
