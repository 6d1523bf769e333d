// A copy of an OpenWrt tree with the app in it, and what runs there: ubusd, rpcd with its ucode plugins, and
// uhttpd with LuCI, all of that tree, in a root folder and namespaces of their own. Needs root.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../../tools/dependencies.mjs';
import { startDaemon } from './daemon.mjs';

/** Why the test can not run here; undefined when it can. */
export function obstacle() {
  const tree = process.env.OPENWRT_ROOT;
  if (!tree) return 'OPENWRT_ROOT names no folder with an OpenWrt root file system';
  for (const needed of ['sbin/rpcd', 'sbin/ubusd', 'bin/ucode', 'share/ucode/luci/dispatcher.uc'])
    if (!existsSync(path.join(tree, 'usr', needed)) && !existsSync(path.join(tree, needed)))
      return `OPENWRT_ROOT has no ${needed}`;
  return process.getuid() === 0 ? undefined : 'it needs root for a root folder of its own';
}

export const password = 'a password of the test';

const network = ['loopback', 'lan', 'wan', 'wan6']
  .map((name) => `config interface '${name}'\n\toption proto 'static'\n\toption device '${name}'\n`)
  .join('\n');

function loginSection() {
  const hash = spawnSync('openssl', ['passwd', '-6', password], { encoding: 'utf8' }).stdout.trim();
  return `config login\n\toption username root\n\toption password '${hash}'\n\tlist read '*'\n\tlist write '*'\n`;
}

/** Everything that our packages would install, and what the test needs beside. */
export function furnish(tree) {
  const ours = path.join(root, 'openwrt-package/autoipsec/files');
  const copy = (from, to) => cpSync(from, path.join(tree, to), { recursive: true });
  copy(path.join(root, 'luci-app/luci-app-autoipsec/htdocs'), 'www');
  copy(path.join(root, 'luci-app/luci-app-autoipsec/root'), '.');
  copy(path.join(ours, 'rpcd.uc'), 'usr/share/rpcd/ucode/autoipsec.uc');
  copy(path.join(ours, 'ask-daemon.uc'), 'usr/share/autoipsec/ask-daemon.uc');
  copy(path.join(ours, 'rpcd-acl.json'), 'usr/share/rpcd/acl.d/autoipsec.json');
  copy(path.join(ours, 'autoipsec.conf'), 'etc/config/autoipsec');
  copy(path.join(root, 'test/luci/openwrt/objects.uc'), 'usr/share/rpcd/ucode/objects.uc');
  writeFileSync(path.join(tree, 'etc/config/rpcd'), loginSection());
  for (const name of ['system', 'firewall', 'dhcp', 'wireless'])
    writeFileSync(path.join(tree, 'etc/config', name), '');
  writeFileSync(path.join(tree, 'etc/config/network'), network);
  for (const folder of ['var/run/ubus', 'var/run/rpcd/sessions', 'var/run/autoipsec', 'usr/sbin'])
    mkdirSync(path.join(tree, folder), { recursive: true });
}

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** uhttpd with LuCI and rpcd behind it, in the tree. */
export const webServer = (address) => [
  ...['uhttpd', '-f', '-h', '/www', '-p', address, '-u', '/ubus', '-U', '/var/run/ubus/ubus.sock'],
  ...['-o', '/cgi-bin/luci', '-O', '/usr/share/ucode/luci/uhttpd.uc', '-t', '300', '-T', '300'],
];

const inside = (port) => `
  mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" || exit 1
  exec chroot "$1" /bin/sh -c '
    PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH
    ubusd -s /var/run/ubus/ubus.sock &
    until [ -S /var/run/ubus/ubus.sock ]; do sleep 1; done
    rpcd -s /var/run/ubus/ubus.sock &
    exec ${webServer(`127.0.0.1:${port}`).join(' ')}'`;

async function answers(address) {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const answer = await fetch(`${address}/cgi-bin/luci/`).catch(() => undefined);
    if (answer?.status === 403 || answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('LuCI does not answer');
}

/** Starts all of it; `scene` is what the daemon tells. */
export async function startTree(scene) {
  const tree = mkdtempSync(path.join(tmpdir(), 'autoipsec-openwrt-'));
  cpSync(process.env.OPENWRT_ROOT, tree, { recursive: true, verbatimSymlinks: true });
  furnish(tree);
  const daemon = await startDaemon(tree, scene);
  const port = await freePort();
  const argv = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const child = spawn('unshare', [...argv, 'sh', '-c', inside(port), 'sh', tree], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said = `${said}${data}`.slice(-4000);
  });
  const address = `http://127.0.0.1:${port}`;
  const stop = async () => {
    const gone = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGKILL');
    await gone;
    daemon.stop();
    rmSync(tree, { recursive: true, force: true });
  };
  try {
    await answers(address);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}; it said: ${said}`);
  }
  return { address, tree, daemon, stop };
}
