// The ubus object in OpenWrt's own rpcd and ubusd, with the files of the package and the real control server
// behind it; and its firewall rules in OpenWrt's own fw4, where the tree has that. OPENWRT_ROOT names a root file system with them for this machine's processor (a release's rootfs
// archive, unpacked); it is copied, not touched.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildBroker } from '../tools/broker.mjs';
import { root } from '../tools/dependencies.mjs';
import { check } from './checks.mjs';
import { emulated } from './router.mjs';

/** Why it can not run here; undefined when it can. */
function obstacle() {
  const tree = process.env.OPENWRT_ROOT;
  if (!tree) return 'OPENWRT_ROOT names no folder with an OpenWrt root file system';
  const parts = [
    'sbin/rpcd',
    'sbin/ubusd',
    'bin/ucode',
    'lib/rpcd/ucode.so',
    'lib/ucode/socket.so',
  ];
  for (const part of parts)
    if (!existsSync(path.join(tree, 'usr', part)) && !existsSync(path.join(tree, part)))
      return `OPENWRT_ROOT has no ${part}`;
  return process.getuid() === 0 ? undefined : 'it needs root for a root folder of its own';
}

const start = `
  mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" || exit 1
  exec chroot "$1" /bin/sh -c '
    PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH
    mkdir -p /var/run/ubus /var/lock
    ubusd -s /var/run/ubus/ubus.sock &
    until [ -S /var/run/ubus/ubus.sock ]; do sleep 1; done
    exec rpcd -s /var/run/ubus/ubus.sock'`;

const hasFirewall = (tree) => existsSync(path.join(tree, 'usr/share/firewall4/main.uc'));

function furnish(own, { folder, qjs }) {
  const tree = path.join(folder, 'openwrt');
  cpSync(process.env.OPENWRT_ROOT, tree, { recursive: true, verbatimSymlinks: true });
  cpSync(own.root, tree, { recursive: true });
  for (const name of ['dev', 'proc', 'var/run/autoipsec', 'etc/config'])
    mkdirSync(path.join(tree, name), { recursive: true });
  emulated(tree, 'usr/bin/qjs', qjs.program, qjs.emulator);
  if (hasFirewall(tree)) {
    const objects = path.join(root, 'test/package/stand-in/objects.uc');
    cpSync(objects, path.join(tree, 'usr/share/rpcd/ucode/objects.uc'));
    writeFileSync(path.join(tree, 'tmp/data.json'), JSON.stringify({ firewall: own.firewall }));
    writeFileSync(path.join(tree, 'etc/config/firewall'), zones);
  }
  writeFileSync(path.join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(path.join(tree, 'etc/group'), 'root:x:0:\n');
  return tree;
}

/** A firewall with the zone that the stand-in for fw4 has named to the init script. */
const zones = `config zone
	option name internet
	list network wan
	option input REJECT
`;

/** What fw4 would load, with the rules that the init script gave to procd. */
function checkFirewall(tree, own) {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  const { stdout, stderr } = spawnSync('chroot', [tree, 'fw4', 'print'], { encoding: 'utf8', env });
  const chain =
    /chain input_internet \{([^}]*(?:\{[^}]*\}[^}]*)*?)\n\t\}/.exec(stdout)?.[1] ?? stderr;
  assert.ok(own.firewall.length > 0, 'the init script gave no rules');
  assert.match(chain, /udp dport \{ 500, 4500 \} counter accept/);
  assert.match(chain, /meta l4proto esp counter accept/);
}

/** Builds and starts the server of `daemon.ts`; gives what ends it. */
async function startServer(folder, socket, connections) {
  const { build } = await import('esbuild');
  const outfile = path.join(folder, 'daemon.mjs');
  await build({
    ...{ entryPoints: [path.join(root, 'test/package/daemon.ts')], outfile, bundle: true },
    ...{ format: 'esm', platform: 'node', define: { __VERSION__: '"test"' }, logLevel: 'warning' },
  });
  const child = spawn(process.execPath, [outfile, socket, String(connections)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, AUTOIPSEC_BROKER: buildBroker('host') },
  });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', (status) => reject(new Error(`the server ended with ${status}`)));
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  return async () => {
    child.kill('SIGKILL');
    await gone;
  };
}

const pluginText = () =>
  readFileSync(path.join(root, 'openwrt-package/autoipsec/files/rpcd.uc'), 'utf8');

/** Methods of the plugin, by reading it. */
function methodsInPlugin() {
  const table = /^const methods = \{\n([\s\S]*?)^\};/m.exec(pluginText())[1];
  return [...table.matchAll(/^\t(\w+): /gm)].map(([, name]) => name).sort();
}

export function rpcdChecks(own, parts) {
  check('rpcd: plugin, access list and documentation name the same methods', () => {
    const methods = methodsInPlugin();
    assert.ok(methods.includes('status'));
    const acl = JSON.parse(
      readFileSync(path.join(own.root, 'usr/share/rpcd/acl.d/autoipsec.json'), 'utf8'),
    ).autoipsec;
    const { autoipsec: reads } = acl.read.ubus;
    const { autoipsec: writes } = acl.write.ubus;
    assert.deepEqual([...reads, ...writes].sort(), methods);
    const page = readFileSync(path.join(root, 'docs/ubus.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \|.*\| (read|write) \|/gm)];
    const told = (access) => rows.filter(([, , of]) => of === access).map(([, name]) => name);
    assert.deepEqual(told('read').sort(), [...reads].sort());
    assert.deepEqual(told('write').sort(), [...writes].sort());
  });

  check('rpcd: every command that it asks the daemon for is one of the daemon', () => {
    const bundle = readFileSync(path.join(own.root, 'usr/share/autoipsec/autoipsec.js'), 'utf8');
    const commands = [...pluginText().matchAll(/daemonMethod\('([\w-]+)'/g)].map(
      ([, name]) => name,
    );
    assert.ok(commands.length > 5);
    const isThere = (name) => new RegExp(`[{,](?:async ?)?("${name}"|${name})[:(]`).test(bundle);
    assert.deepEqual(
      commands.filter((name) => !isThere(name)),
      [],
    );
  });

  check('rpcd: the object answers in OpenWrt’s own rpcd', async () => {
    const why = obstacle();
    if (why) return why;
    const tree = furnish(own, parts);
    const socket = path.join(tree, 'var/run/autoipsec/control.sock');
    const argv = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
    const rpcd = spawn('unshare', [...argv, 'sh', '-c', start, 'sh', tree], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const gone = new Promise((resolve) => rpcd.once('exit', resolve));
    try {
      await asked(tree, socket, parts.folder);
      if (hasFirewall(tree)) checkFirewall(tree, own);
    } finally {
      rpcd.kill('SIGKILL');
      await gone;
    }
  });
}

/** The conversation, from a daemon that does not run to a program that does. */
async function asked(tree, socket, folder) {
  const ubus = (...words) => {
    const command = ['ubus', '-S', '-s', '/var/run/ubus/ubus.sock', ...words];
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    return spawnSync('chroot', [tree, ...command], { encoding: 'utf8', env });
  };
  const call = (method, args = {}) => {
    const { stdout } = ubus('call', 'autoipsec', method, JSON.stringify(args));
    return stdout ? JSON.parse(stdout) : 'refused by rpcd';
  };
  const end = Date.now() + 60_000;
  while (!ubus('list').stdout.includes('autoipsec')) {
    assert.ok(Date.now() < end, 'rpcd does not publish the object');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  const before = call('status');
  assert.equal(before.running, false);
  assert.match(before.error, /^the daemon is not running/);

  const stop = await startServer(folder, socket, 1000);
  try {
    const status = call('status');
    assert.equal(status.connections.length, 200);
    assert.equal(status.totals.clear, 1000);
    assert.match(status.connections[0].why, /"quoted" and <b>marked<\/b>/);
    assert.equal(call('status', { limit: 250 }).connections.length, 250);
    assert.equal(call('status', { limit: 251 }).error, 'limit must be 1 to 250');
    assert.deepEqual(call('forget', { address: '198.19.0.1' }), { forgotten: 1 });
    const refused = call('rekey', { address: '2001:db8::1', ike: true });
    assert.deepEqual(refused, { error: 'no tunnel; ike is true', running: true });
    assert.equal(call('peers').error, 'the plugin autovpn is not in use');
    const command = 'autovpn-distrust';
    const peer = '0a1b2c3d4e5f';
    assert.deepEqual(call('distrust', { peer, reason: 'I said so' }), {
      got: { command, peer, reason: 'I said so' },
    });
    for (const reason of ['two\nlines', 'x'.repeat(201)])
      assert.match(call('distrust', { peer, reason }).error, /^reason must be one line/);
    assert.equal(call('distrust', { peer: '../etc' }).error, 'peer must be the id of a peer');
    for (const address of ['', '198.19.0.1; reboot', '$(reboot)', '1.2.3', ':'.repeat(60)])
      assert.equal(call('forget', { address }).error, 'address must be an IPv4 or IPv6 address');
    assert.equal(call('forget').error, 'address is missing');
    assert.equal(call('forget', { address: '198.19.0.1', socket: '/tmp/x' }), 'refused by rpcd');
    assert.match(call('records', { for: ['--config=/etc/shadow'] }).error, /^for must be/);
  } finally {
    await stop();
  }

  // the program of the package, under the emulator
  const checked = call('check');
  assert.equal(checked.ready, false);
  assert.equal(checked.findings[0].what, 'configuration');
  assert.match(call('records', { for: ['198.18.0.0/16'], offline: true }).error, /there is no key/);
}
