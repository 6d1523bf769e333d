// The parts that need the lab: one start of its machine for all of them, then rows of the results.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from '../../lab/prepare.mjs';
import { abortOnSignal, projectRoot, runInLab, workFolder } from '../../lab/vm.mjs';
import { buildBroker } from '../../tools/broker.mjs';
import { qjsCommand } from '../../tools/qjs.mjs';
import { bundleProgram, runProgram } from '../engines.mjs';
import { prepareKey } from '../lab/libreswan.mjs';
import { startMs } from '../lab/processes.mjs';
import { clearRows, connectRows, memoryRows } from './lab-rows.mjs';

const inside = fileURLToPath(new URL('../lab/inside.mjs', import.meta.url));
const timeoutSeconds = 700;

const rowsOf = { connect: connectRows, clear: clearRows, memory: memoryRows };
const titles = {
  connect: 'New tunnel: from the first SYN to the connection, round trip 20 ms, in the lab',
  clear: 'Destination without records: from the first SYN to the connection, in the lab',
  memory: 'Memory, in the lab',
};

export async function measure({ tell, parts, attempt }) {
  let results;
  try {
    results = await run(parts, tell);
  } catch (error) {
    return Promise.all(parts.map((part) => attempt(titles[part], () => Promise.reject(error))));
  }
  for (const error of results.errors) tell(`not measured: ${error}`);
  if (results.errors.length > 0) process.exitCode = 1;
  return Promise.all(parts.map((part) => attempt(titles[part], async () => rowsOf[part](results))));
}

async function run(wanted, tell) {
  const parts = await prepare(tell, ['libreswan', 'strongswan']);
  for (const router of ['sga', 'sgb']) prepareKey(parts.peers.libreswan, parts.keyFolder, router);
  const musl = wanted.includes('memory')
    ? { qjs: await qjsCommand('musl'), broker: buildBroker('musl') }
    : undefined;
  tell('a fixed piece of work under qjs on the host, to compare with the lab');
  const [{ ms: hostMs }] = await runProgram('calibrate', 'host');
  const hostStartMs = startMs();
  const folder = path.join(workFolder, `bench-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const results = path.join(folder, 'results.json');
  const calibration = await bundleProgram('calibrate', 'host');
  const job = path.join(folder, 'job.json');
  writeFileSync(job, JSON.stringify({ parts, musl, wanted, results, calibration }));
  try {
    const status = await runInLab([process.execPath, inside, job], {
      cwd: projectRoot,
      timeoutSeconds,
      stdout: process.stderr,
      signal: abortOnSignal(),
    });
    if (!existsSync(results)) throw new Error(`the lab ended with status ${status}`);
    const measured = JSON.parse(readFileSync(results, 'utf8'));
    if (status !== 0) measured.errors.push(`the lab ended with status ${status}`);
    return { ...measured, hostMs, hostStartMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
