// The part of the bench that runs where the namespaces are: `node inside.mjs JOB.json`. What is
// measured goes to the job's `results` file after each step, so that a run that is cut short still
// tells something.
import { readFileSync, writeFileSync } from 'node:fs';
import * as libreswan from './libreswan.mjs';
import * as ours from './ours.mjs';
import { startMs } from './processes.mjs';
import * as strongswan from './strongswan.mjs';
import { World } from './world.mjs';

const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const results = { errors: [] };

const tunnels = 100;
const tunnelsLimitMs = 150_000;

const begin = Date.now();
const tell = (text) => {
  const seconds = ((Date.now() - begin) / 1000).toFixed(0).padStart(3);
  console.error(`bench: in the lab: ${seconds} s: ${text}`);
};

const wants = (part) => job.wanted.includes(part);

async function step(name, measure) {
  try {
    results[name] = await measure();
  } catch (error) {
    results.errors.push(`${name}: ${error.message}`);
    console.error(error.stack);
  }
  writeFileSync(job.results, JSON.stringify(results));
}

async function measureOurs(world) {
  await step('daemonReadyMs', () => ours.startDaemons(world));
  if (results.daemonReadyMs === undefined) return;
  if (wants('memory')) await step('idleMemory', () => ours.memory(world));
  if (wants('connect'))
    for (const [name, measure] of Object.entries(ours.connectSeries(world, tell)))
      await step(name, measure);
  if (wants('clear')) await step('clear', () => ours.clearSeries(world, tell));
  await ours.stopDaemons(world);
}

async function measureOthers(world) {
  for (const [name, other] of Object.entries({ libreswan, strongswan }))
    await step(name, () => other.measure(world, { tell, wants }));
}

/** With our daemons running. */
async function openTunnels(world, prefix) {
  tell(`our daemon: ${tunnels} tunnels`);
  await step(`${prefix}Tunnels`, () => ours.openTunnels(world, tunnels, tunnelsLimitMs, tell));
  await step(`${prefix}BusyMemory`, () => ours.memory(world));
  await ours.stopDaemons(world);
}

/** Engine and broker with OpenWrt's C library, which is all that a router has, and with glibc. */
async function measureTunnels(world) {
  const use = (parts) => {
    for (const router of Object.values(world.routers)) router.parts = parts;
  };
  tell('our daemon with musl');
  use({ ...job.parts, ...job.musl });
  await step('daemonReadyMs', () => ours.startDaemons(world));
  await step('muslIdleMemory', () => ours.memory(world));
  await openTunnels(world, 'musl');
  use(job.parts);
  await step('daemonReadyMs', () => ours.startDaemons(world));
  await openTunnels(world, 'glibc');
}

async function calibrate(world) {
  const argv = [...job.parts.qjs, job.calibration];
  const text = await world.machine.run(undefined, argv);
  return JSON.parse(text).ms;
}

let world;
process.on('SIGTERM', () => world?.remove().then(() => process.exit(130)));
world = new World({ folder: '/run/lab/bench', parts: job.parts, tell });
await step('calibrationMs', () => calibrate(world));
await step('startMs', () => startMs());
await world.build();
await measureOurs(world);
if (wants('memory')) await measureTunnels(world);
await measureOthers(world);
await world.remove();
tell('done');
