// What scenarios of autovpn share: routers that have nothing but the plugin ticked, the probes in a
// capture, and a host's TCP connection that goes on for as long as one likes.
import { isBetween } from './net/capture.mjs';
import { eventually } from './net/machine.mjs';

/** UCI options of the WAN. */
export const autovpn = (options = {}) => ({ wan: { plugin: ['autovpn'], ...options } });

/** ICMP Parameter Problem, "required option missing". */
export const isIcmpProbe = ({ icmp }) => icmp?.type === 12 && icmp.code === 1;
export const isProbeResponse = ({ probe }) => probe !== undefined;

const messageNames = { 1: 'Probe Request', 2: 'Probe Response', 3: 'Probe Complete' };

/** `Probe Request` and so on; `undefined` for all else. */
export const probeName = (packet) => messageNames[packet.probe?.messageType];

/** Probes and IKE in the order of the wire, each kind once: `Probe Request 198.19.2.5 > 198.18.1.65`. */
export const probeStory = (packets) =>
  packets.flatMap((packet) => {
    const what = probeName(packet) ?? (packet.ike && `${packet.ike.exchange}`);
    return what ? [`${what} ${packet.source} > ${packet.destination}`] : [];
  });

/** How often each kind of probe is there. */
export function probeCounts(packets) {
  const counts = { 'Probe Request': 0, 'Probe Response': 0, 'Probe Complete': 0 };
  for (const packet of packets) {
    const name = probeName(packet);
    if (name) counts[name]++;
  }
  return counts;
}

/** The router's counters of the plugin. */
export async function countersOf(lab, router) {
  const { wans } = await lab.status(router);
  return wans[0]?.plugins.find(({ name }) => name === 'autovpn')?.counters ?? {};
}

/** Resolves with true once the counter is at least `least`. */
export const counted = (lab, router, name, least = 1) =>
  eventually(async () => ((await countersOf(lab, router))[name] ?? 0) >= least, 60_000);

const server = `require('net').createServer((c) => { c.on('error', () => {}); c.pipe(c); })
  .listen(7000, () => console.log('listening'))`;

/** Sends a line a second and prints what comes back; the count of lines and errors at the end. */
const client = (address) => `const c = require('net').connect(7000, '${address}');
  let n = 0; c.on('connect', () => console.log('connected'));
  c.on('data', (d) => console.log('echo ' + d)); c.on('error', (e) => console.log('error ' + e.code));
  setInterval(() => c.write('line' + ++n + '\\n'), 100);`;

/** A TCP connection between two hosts that never rests. `address`: where the client finds the server. */
export async function talk(lab, from, to, address = lab.address(to)) {
  const { machine } = lab;
  const echo = machine.start(to, `echo-${to}`, [process.execPath, '-e', server]);
  await echo.says(/listening/);
  const caller = machine.start(from, `talk-${from}`, [process.execPath, '-e', client(address)]);
  await caller.says(/connected/, 60_000);
  const lines = () => (caller.log().match(/echo /g) ?? []).length;
  return {
    lines,
    errors: () => caller.log().match(/error \w+/g) ?? [],
    /** True when so many more lines come back. */
    goesOn: async (more = 5) => {
      const before = lines();
      return eventually(async () => lines() >= before + more, 60_000);
    },
    stop: () => Promise.all([caller.stop(), echo.stop()]),
  };
}

/** Whether both routers have a tunnel for the pair; waits for it. */
export async function bothEncrypt(lab, [one, other] = ['alice', 'bob'], routers = ['sga', 'sgb']) {
  const found = await Promise.all([
    lab.routers[routers[0]].connection(lab.address(other), 'keyed', 90_000),
    lab.routers[routers[1]].connection(lab.address(one), 'keyed', 90_000),
  ]);
  return found.every((each) => each?.state === 'keyed' && each.foundBy === 'autovpn');
}

/** Packets between two hosts behind the moment when both ends have the tunnel. */
export const after = (capture, time) => capture.packets().filter((each) => each.time > time);

export const between = (packets, pair) => packets.filter((each) => isBetween(each, pair));
