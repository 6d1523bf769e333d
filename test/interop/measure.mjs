// Where the namespaces are: `node measure.mjs PARTS.json`. Handshakes with charon in series, each role
// in turn, with what the responder's process has used, and how long they took on the wire.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpuMs, quiet } from '../bench/lab/processes.mjs';
import { Capture, isIke } from '../lab/net/capture.mjs';
import { eventually, Machine, sleep } from '../lab/net/machine.mjs';
import { Agent } from './agent.mjs';
import { agentConfig, plan } from './cell.mjs';
import { buildNetwork } from './net.mjs';
import { createPeer } from './peers/index.mjs';

const parts = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const machine = new Machine('/run/interop');
const { times } = parts;

await buildNetwork(machine);
const agent = new Agent(machine, parts);
await agent.start();
const peer = createPeer(parts.peers[0]);
await peer.start(machine, 'peer', parts.keys, parts);
const capture = await Capture.start(machine, 'net', 'to-us');

const noStates = async () => !/proto esp/.test(await machine.run('us', ['ip', 'xfrm', 'state']));
const ended = async () => {
  if (!(await eventually(noStates))) throw new Error('a tunnel stays');
};

/** Milliseconds from the first message of a handshake to its last, as the wire saw it. */
async function latencies(since) {
  await sleep(300);
  const found = [];
  let start;
  for (const packet of capture.packets().filter((each) => isIke(each) && each.time >= since)) {
    const { exchange, isResponse } = packet.ike;
    if (exchange === 'IKE_SA_INIT' && !isResponse) start ??= packet.time;
    if (exchange === 'IKE_AUTH' && isResponse && start !== undefined) {
      found.push(packet.time - start);
      start = undefined;
    }
  }
  return found;
}

async function weRespond(cell) {
  await agent.configure(agentConfig(cell));
  await peer.load(cell);
  const call = async () => {
    await peer.initiate(cell);
    await peer.act('delete IKE SA');
    await ended();
  };
  return measured(agent.program.pid, call);
}

async function charonResponds(cell) {
  await peer.load(cell);
  const call = async () => {
    await agent.configure(agentConfig(cell));
    await agent.ask('connect');
    await agent.ask('delete IKE SA');
    await ended();
  };
  return measured(peer.program.pid, call);
}

/** The first call makes tables and loads modules; it does not count. */
async function measured(pid, call) {
  await call();
  await quiet();
  const since = Date.now();
  const before = cpuMs(pid);
  for (let i = 0; i < times; i++) await call();
  const cpu = (cpuMs(pid) - before) / times;
  return { cpuMs: cpu, latencies: await latencies(since) };
}

const results = [];
for (const { name, row } of parts.series) {
  const ours = await weRespond(plan(row, 'responder', parts.keys));
  const charon = await charonResponds(plan(row, 'initiator', parts.keys));
  results.push({ name, ours, charon });
  writeFileSync(parts.results, JSON.stringify({ version: peer.name, results }));
}
await machine.stopAll();
