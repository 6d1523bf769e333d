// The AutoVPN part of the bench, where the namespaces are: `node autovpn.mjs JOB.json`.
import { readFileSync, writeFileSync } from 'node:fs';
import { autovpn, countersOf, probeCounts } from '../../lab/autovpn.mjs';
import { Lab } from '../../lab/lab.mjs';
import { isEsp } from '../../lab/net/capture.mjs';
import { eventually } from '../../lab/net/machine.mjs';
import { cpuMs, quiet } from './processes.mjs';

const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const begin = Date.now();
const tell = (text) =>
  console.error(`bench: in the lab: ${((Date.now() - begin) / 1000).toFixed(0)} s: ${text}`);

/** New tunnels, each for another address of bob. */
const tunnels = 6;
/** Connections in one run, from so many addresses of alice in turn. */
const flowCount = 500;
const hostCount = 10;
/** Runs with and without the plugin, in turns. */
const rounds = 2;

const isSynAck = ({ flags = [] }) => flags.includes('syn') && flags.includes('ack');
const isSyn = ({ flags = [] }) => flags.includes('syn') && !flags.includes('ack');

async function newTunnels(lab) {
  const wan = await lab.capture('internet', 'wan-a');
  await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
  const firstEsp = [];
  const connections = [];
  for (let i = 0; i < tunnels; i++) {
    const address = lab.extraAddress('bob', i);
    // Something that goes into the tunnel as soon as it stands
    const ping = lab.machine.start('alice', `ping-${i}`, ['ping', '-q', '-i', '0.01', address]);
    await quiet();
    const since = Date.now();
    const page = await lab.connect('alice', 'bob', { address });
    if (!page.ok) throw new Error(page.error);
    const packetsSince = () => wan.packets().filter(({ time }) => time >= since);
    await eventually(async () => packetsSince().some(isEsp), 60_000);
    await ping.stop();
    const packets = packetsSince();
    const [syn, synAck, esp] = [isSyn, isSynAck, isEsp].map((is) => packets.find(is)?.time);
    // The first tunnel loads what the kernel has not loaded yet
    if (i > 0) firstEsp.push(esp - synAck);
    connections.push(synAck - syn);
  }
  await Promise.all([lab.stop('sga'), lab.stop('sgb')]);
  await wan.stop();
  return { firstEsp, connections };
}

/** Opens and closes one connection behind the other; prints the milliseconds of all. */
const client = (to, from, count) => `const net = require('net');
  const from = ${JSON.stringify(from)}; const begin = Date.now(); let n = 0;
  const next = () => { if (n === ${count}) return console.log(Date.now() - begin);
    const c = net.connect({ port: 7000, host: '${to}', localAddress: from[n++ % from.length] });
    c.on('connect', () => c.write('x')); c.on('data', () => c.destroy());
    c.on('close', next); c.on('error', (e) => { console.error(e.message); process.exit(1); }); };
  next();`;
const server = `require('net').createServer((c) => { c.on('error', () => {}); c.on('data', () => c.end('y')); })
  .listen(7000, () => console.log('listening'))`;

/** Alice's router is a plain one. */
async function manyFlows(lab) {
  const { machine } = lab;
  const echo = machine.start('bob', 'echo', [process.execPath, '-e', server]);
  await echo.says(/listening/);
  const from = Array.from({ length: hostCount }, (_, n) => lab.extraAddress('alice', n));
  const argv = [process.execPath, '-e', client(lab.address('bob'), from, flowCount)];
  const run = async () => ({ ms: Number(await machine.run('alice', argv)) });
  const wan = await lab.capture('internet', 'wan-a');
  const runs = { off: [], on: [] };
  let candidates = 0;
  let spent = 0;
  await run();
  for (let round = 0; round < rounds; round++) {
    tell(`flows, round ${round + 1} of ${rounds}`);
    runs.off.push(await run());
    await lab.start('sgb', autovpn());
    const { pid } = lab.routers.sgb.daemon;
    await quiet();
    const before = cpuMs(pid);
    runs.on.push(await run());
    await quiet();
    spent += cpuMs(pid) - before;
    candidates += (await countersOf(lab, 'sgb')).candidates ?? 0;
    // All are sent once the third of a host is
    if (round === 0) await lab.settle(7000);
    await lab.stop('sgb');
  }
  await echo.stop();
  const probes = probeCounts(wan.packets())['Probe Request'];
  return { count: flowCount, hosts: hostCount, probes, candidates, cpuMs: spent, runs };
}

const topology = { extra: { bob: tunnels, alice: hostCount } };
const lab = new Lab({ folder: '/run/lab/bench-autovpn', parts: job.parts, topology, tell });
process.on('SIGTERM', () => lab.remove().then(() => process.exit(130)));
await lab.build();
// First the flows: hosts that had a tunnel would be probed anew
const flows = await manyFlows(lab);
tell('new tunnels');
const results = { flows, ...(await newTunnels(lab)) };
writeFileSync(job.results, JSON.stringify(results));
await lab.remove();
