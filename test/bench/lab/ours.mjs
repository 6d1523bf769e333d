// Measurements of our own daemon in the world of the bench.
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, sleep } from '../../lab/net/machine.mjs';
import { cpuMs, memoryTree, quiet } from './processes.mjs';
import { startCaptures, stepsOf } from './timeline.mjs';

/** Milliseconds in which what a connection leaves behind is done. */
const settleMs = 600;
const times = 4;
/** Where everything is emulated, the usual patience with a silent peer may be too short. */
const options = { main: { patience: '30' } };

export async function startDaemons(world) {
  const begin = Date.now();
  await Promise.all(Object.values(world.routers).map((router) => router.start(options)));
  return Date.now() - begin;
}

export function stopDaemons(world) {
  return Promise.all(Object.values(world.routers).map((router) => router.stop()));
}

const pidOf = (world, router) => world.routers[router].daemon.pid;

function cpuOf(world) {
  return Object.fromEntries(
    Object.keys(world.routers).map((router) => [router, cpuMs(pidOf(world, router))]),
  );
}

/** Whatever the responder's daemon remembers of alice and her gateway is gone. */
async function responderForgets(world) {
  const { sga } = world.network.sites;
  for (const address of [sga[4].host, sga[4].wan])
    await world.control('sgb', { command: 'forget', address });
}

async function coldDns(world) {
  await responderForgets(world);
  await world.chillResolvers();
}

/** The routers' resolvers know all that will be asked; the daemons ask them. */
async function warmDns(world, destination) {
  const { sga } = world.network.sites;
  await responderForgets(world);
  const both = (address, ...types) => types.map((type) => [type, address]);
  await world.prime('sga', both(destination, 'TXT', 'IPSECKEY', 'KEY'));
  await world.prime('sgb', [
    ...both(sga[4].host, 'TXT', 'IPSECKEY'),
    ...both(sga[4].wan, 'TXT', 'IPSECKEY', 'KEY'),
  ]);
}

async function one(world, from, destination) {
  await quiet();
  const before = cpuOf(world);
  const since = Date.now();
  const result = await world.connect(from, destination);
  await sleep(settleMs);
  const after = cpuOf(world);
  const cpu = Object.fromEntries(
    Object.entries(after).map(([router, value]) => [router, value - before[router]]),
  );
  return { ...result, since, cpu };
}

/** One series: `prepare` before each connection. Gives the results with their steps. */
async function series(world, { from, destination, prepare, read }) {
  const results = [];
  for (let i = 0; i < times; i++) {
    const to = destination(i);
    await prepare(to);
    const result = await one(world, from, to);
    const steps = read && stepsOf(await read(result.since), to);
    results.push({ ...result, steps });
  }
  return results;
}

/** New tunnels for alice, with the steps of each. Gives the series as `[name, measure]`. */
export function connectSeries(world, tell) {
  const fresh = () => world.freshHost();
  let captures;
  return {
    async cold() {
      tell('our daemon: new tunnels, cold DNS');
      captures = await startCaptures(world.machine);
      // the first tunnel loads what the kernel has not loaded yet
      await one(world, 'alice', world.freshHost());
      const { read } = captures;
      const prepare = () => coldDns(world);
      return series(world, { from: 'alice', destination: fresh, prepare, read });
    },
    async warm() {
      tell('our daemon: new tunnels, DNS known to the resolvers');
      const { read, stop } = captures;
      const prepare = (to) => warmDns(world, to);
      const results = await series(world, { from: 'alice', destination: fresh, prepare, read });
      await stop();
      return results;
    },
    own() {
      tell("our daemon: the router's own packets");
      const destination = () => world.freshGateway();
      return series(world, { from: 'sga', destination, prepare: (to) => warmDns(world, to) });
    },
    next() {
      tell('our daemon: more destinations behind a known gateway');
      const destination = (i) => world.neighbourHost(i + 1);
      const prepare = (to) =>
        world.prime('sga', [
          ['TXT', to],
          ['IPSECKEY', to],
        ]);
      return series(world, { from: 'alice', destination, prepare });
    },
  };
}

export function clearSeries(world, tell) {
  tell('our daemon: destinations without records');
  return series(world, {
    from: 'alice',
    destination: () => world.freshStranger(),
    prepare: () => world.chillResolvers(),
  });
}

export function memory(world) {
  return memoryTree(pidOf(world, 'sga'));
}

/** Two states each; the daemon itself is not asked, that would cost it memory, too. */
async function tunnelsOf(world) {
  const text = await world.machine.run('sga', ['ip', 'xfrm', 'state', 'count']);
  return Number(/SAD count (\d+)/.exec(text)[1]) / 2;
}

/** Seconds between datagrams to each open tunnel; one that is idle for 30 s is closed. */
const keepSeconds = 8;

/** Sends a datagram to each address in a file, again and again; the answers do not matter. */
function keepInUse(world, file) {
  const script = `while :; do while read -r to; do echo > "/dev/udp/$to/9"; done < "$1"
    sleep ${keepSeconds}; done`;
  return world.machine.start('alice', 'keep', ['bash', '-c', script, 'bash', file]);
}

/** Opens tunnels until there are `count` or the time is up. Gives their number. */
export async function openTunnels(world, count, limitMs, tell) {
  const end = Date.now() + limitMs;
  const file = path.join(world.machine.folder, 'destinations');
  writeFileSync(file, '');
  const all = world.manyHosts(count);
  let open = 0;
  for (let asked = 0; asked < count && Date.now() < end; asked += 10) {
    const hosts = all.slice(asked, asked + 10);
    appendFileSync(file, `${hosts.join('\n')}\n`);
    if (asked === 0) keepInUse(world, file);
    const script = 'for to; do echo > "/dev/udp/$to/9"; done';
    await world.machine.exec('alice', ['bash', '-c', script, 'bash', ...hosts]);
    const isThere = async () => (await tunnelsOf(world)) >= asked + 10;
    await eventually(isThere, Math.max(0, Math.min(30_000, end - Date.now())));
    open = await tunnelsOf(world);
    if (open % 20 === 0) tell(`our daemon: ${open} tunnels`);
  }
  await quiet();
  return open;
}
