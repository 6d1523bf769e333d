// Runs scenarios where the namespaces are: `node inside.mjs PARTS.json TIMES NAME…`. Prints a line
// `ok CHECK` or `not ok CHECK` for each check, and ends with status 1 when one failed.
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Lab } from './lab.mjs';
import { workFolder } from './vm/folders.mjs';

const [partsFile, times, ...names] = process.argv.slice(2);
const parts = JSON.parse(readFileSync(partsFile, 'utf8'));
const isLoud = Boolean(process.env.LAB_DEBUG);

let current;
for (const name of ['SIGTERM', 'SIGINT'])
  process.on(name, async () => {
    console.log('interrupted: cleaning up');
    await current?.remove();
    process.exit(130);
  });

const totals = { passed: 0, failed: 0 };

/** `isQuiet`: what is well needs no line. */
function reporter(scenario, isQuiet) {
  const state = { failed: 0 };
  const report = ({ ok, name, detail }) => {
    totals[ok ? 'passed' : 'failed'] += 1;
    if (!ok) state.failed += 1;
    if (ok && isQuiet) return;
    const why = detail === '' ? '' : `\n  ${detail.replaceAll('\n', '\n  ')}`;
    console.log(`${ok ? 'ok' : 'not ok'} ${name} [${scenario}]${why}`);
  };
  return { state, report };
}

async function runScenario(file) {
  const { default: scenario } = await import(new URL(`scenarios/${file}.mjs`, import.meta.url));
  const { state, report } = reporter(scenario.name, scenario.isShow);
  const folder = `/run/lab/${file}`;
  const begin = Date.now();
  const tell = (text) => {
    if (isLoud || scenario.isShow) console.log(`# ${elapsed(begin)} s: ${text}`);
  };
  if (!scenario.isShow) console.log(`# ${scenario.name} (${scenario.requirements.join(', ')})`);
  const lab = new Lab({ folder, parts, topology: scenario.topology, report, tell });
  current = lab;
  try {
    await lab.build();
    await scenario.run(lab);
  } catch (error) {
    report({ ok: false, name: `${scenario.name} runs to its end`, detail: error.stack });
  }
  // a daemon that still ran would change its files while they are copied
  await lab.machine.stopAll();
  if (state.failed > 0) keepEvidence(folder, file);
  await lab.remove();
  current = undefined;
  if (!scenario.isShow) console.log(`# ${elapsed(begin)} s`);
  tell('done');
}

const elapsed = (begin) => ((Date.now() - begin) / 1000).toFixed(1).padStart(5);

/** Logs and captures of a failure go where they can be read after the machine is off. */
function keepEvidence(folder, file) {
  const target = path.join(workFolder, 'failed', file);
  try {
    cpSync(folder, target, { recursive: true, filter: (name) => !name.endsWith('.sock') });
    console.log(`# logs and captures: ${target}`);
  } catch (error) {
    console.log(`# logs and captures: ${target}, not all: ${error.message}`);
  }
}

for (let round = 1; round <= Number(times); round += 1) {
  if (Number(times) > 1) console.log(`# round ${round} of ${times}`);
  for (const name of names) await runScenario(name);
}
console.log(`lab: ${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
