// In the virtual machine: `node guest.mjs PARTS.json TREE`. Two routers, two hosts and the Internet of the
// lab; SG-A has the OpenWrt tree TREE, with ubusd, rpcd and uhttpd, and our daemon behind it. What the test
// outside wants done here it asks for by HTTP, and it reaches LuCI in the same way.
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { autovpn, between, bothEncrypt, noTunnels, talk } from '../../../lab/autovpn.mjs';
import { Lab } from '../../../lab/lab.mjs';
import { isEsp } from '../../../lab/net/capture.mjs';
import { eventually } from '../../../lab/net/machine.mjs';
import { root } from '../../../tools/dependencies.mjs';
import { furnish, webServer } from '../tree.mjs';
import { controlPort, luciPort } from './ports.mjs';

const [partsFile, lower] = process.argv.slice(2);
const parts = JSON.parse(readFileSync(partsFile, 'utf8'));
const folder = '/run/lab/luci';
const tree = '/run/luci/tree';
const bus = '/var/run/ubus/ubus.sock';
const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

const report = ({ ok, name, detail }) => console.log(`# ${ok ? 'ok' : 'not ok'} ${name} ${detail}`);
const tell = (text) => console.log(`# ${text}`);
// the reverse DNS has nothing to find
const topology = { records: { alice: 'none', bob: 'none' } };
const lab = new Lab({ folder, parts, topology, report, tell });
const { machine } = lab;
const run = (...argv) => machine.run(undefined, argv);

/** The card that leads out of the virtual machine. */
async function openCard() {
  await run('modprobe', 'virtio_net');
  await eventually(() => existsSync('/sys/class/net/eth0'), 30_000);
  await run('ip', 'address', 'add', '10.0.2.15/24', 'dev', 'eth0');
  await run('ip', 'link', 'set', 'eth0', 'up');
}

/** The tree below an overlay in memory, with our files and SG-A's configuration. */
async function layTree() {
  const [upper, work] = ['/run/luci/upper', '/run/luci/work'];
  for (const each of [tree, upper, work]) mkdirSync(each, { recursive: true });
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  await run('mount', '-t', 'overlay', '-o', layers, 'tree', tree);
  furnish(tree);
  mkdirSync(path.join(tree, 'host'));
  await run('mount', '--rbind', '/dev', path.join(tree, 'dev'));
  await run('mount', '-t', 'proc', 'proc', path.join(tree, 'proc'));
  await run('mount', '--rbind', '/', path.join(tree, 'host'));
  // as `ip netns exec` does it for whoever does not come in by way of the tree
  const names = '/etc/resolv.conf';
  await run('mount', '--bind', '/etc/netns/sga/resolv.conf', path.join(tree, 'host', names));
  const { sga } = lab.routers;
  sga.configFile = path.join(tree, 'etc/config/autoipsec');
  sga.socket = path.join(tree, 'var/run/autoipsec/control.sock');
  // nothing is switched on, and no way of finding peers ticked
  sga.configure({ main: { enabled: '0' }, wan: { enabled: '0', plugin: [] } });
  const words = [...parts.qjs, parts.script, '"$@"', '-c', sga.configFile, '-s', sga.socket];
  const command = `exec busybox chroot /host env AUTOIPSEC_BROKER=${parts.broker} ${words.join(' ')}`;
  const program = path.join(tree, 'usr/sbin/autoipsec');
  writeFileSync(program, `#!/bin/sh\n${command}\n`);
  chmodSync(program, 0o755);
}

/** Starts a program of the tree; rpcd is on the router, so that what it runs is there too. */
const startIn = (namespace, name, ...argv) =>
  machine.start(namespace, name, ['chroot', tree, ...argv], { env });

async function startOpenWrt() {
  startIn(undefined, 'ubusd', 'ubusd', '-s', bus);
  await eventually(() => existsSync(path.join(tree, bus)), 30_000);
  const service = readFileSync(path.join(root, 'test/luci/openwrt/lab/service.uc'));
  writeFileSync(path.join(tree, 'tmp/service.uc'), service);
  startIn(undefined, 'service', 'ucode', '/tmp/service.uc');
  startIn('sga', 'rpcd', 'rpcd', '-s', bus);
  startIn(undefined, 'uhttpd', ...webServer(`0.0.0.0:${luciPort}`));
}

const changes = () => {
  const file = path.join(tree, 'tmp/service-events');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(JSON.parse) : [];
};

let taken = 0;
let wan;
let call;

/** What the test may ask for; each gives facts, and judges nothing. */
const deeds = {
  /** Once the service was told of a new configuration: what the init script would do. */
  async applied() {
    const { sga } = lab.routers;
    const isTold = await eventually(() => changes().length > taken, 60_000);
    const news = changes().slice(taken);
    taken = changes().length;
    if (isTold && sga.daemon === undefined) {
      sga.launch();
      await sga.daemon.says(/is ready on/, 60_000);
    } else if (isTold) {
      sga.daemon.child.kill('SIGHUP');
      await sga.daemon.says(/new settings are in use/, 60_000);
    }
    return { news };
  },

  /** Alice opens a connection to bob, and both gateways have a tunnel for it. */
  async encrypted() {
    call = await talk(lab, 'alice', 'bob');
    const isKeyed = await bothEncrypt(lab);
    await lab.settle(2000);
    const from = Date.now();
    const goesOn = await call.goesOn(20);
    await lab.settle();
    const late = wan.packets().filter(({ time }) => time > from);
    const clear = between(late, lab.pair('alice', 'bob')).length;
    return { isKeyed, goesOn, errors: call.errors(), clear, esp: late.filter(isEsp).length };
  },

  /** Once no gateway has a tunnel: what is left in SG-A's kernel. */
  async ended() {
    const areGone = await noTunnels(lab);
    return { areGone, states: await lab.routers.sga.xfrmStates() };
  },

  /** Somebody on SG-A's side sends to carol, who publishes nothing. */
  async clear() {
    const { received } = await lab.ping('alice', 'carol', { waitSeconds: 20 });
    return { received };
  },

  /** What SG-A says of each destination. */
  async connections() {
    const { connections } = await lab.status('sga');
    return Object.fromEntries(connections.map((each) => [each.destination, each]));
  },

  async own() {
    return JSON.parse((await lab.routers.sga.ask('autovpn', 'own', '--json')).stdout);
  },
};

function serve() {
  const server = createServer(async (request, response) => {
    const deed = deeds[request.url.slice(1)];
    let answer = deed ? undefined : {};
    try {
      answer ??= await deed();
    } catch (error) {
      answer = { error: error.stack };
    }
    response.end(JSON.stringify(answer));
    if (request.url === '/end') server.close();
  });
  server.requestTimeout = 0;
  server.listen(controlPort, '0.0.0.0');
  return server;
}

process.on('SIGTERM', () => process.exit(130));
mkdirSync(folder, { recursive: true });
await lab.build();
tell('OpenWrt is laid out');
await layTree();
await startOpenWrt();
await openCard();
wan = await lab.capture('internet', 'wan-a');
await lab.start('sgb', autovpn());
const server = serve();
tell('ready');
await once(server, 'close');
await lab.remove();
process.exit(0);
