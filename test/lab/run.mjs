// The lab: `node test/lab/run.mjs [showcase|all|rare|autovpn|NAME…] [--times N] [--direct] [--list]`.
// Boots a virtual machine (or uses the running kernel where it has ESP and we are root), builds the
// network in it and runs scenarios. LAB_DEBUG=1 shows times and makes the daemons talkative.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';
import { abortOnSignal, projectRoot, runInLab, workFolder } from './vm.mjs';

const secondsEach = 120;

/** All but the showcase, which tells the same story to people. */
function scenarioNames() {
  return readdirSync(new URL('scenarios', import.meta.url))
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => name.slice(0, -'.mjs'.length))
    .filter((name) => name !== 'showcase')
    .sort();
}

/** `all` are those of `npm test`; `rare` ones take too long for it. */
async function chosen(words) {
  const known = scenarioNames();
  if (words.length === 0) return ['showcase'];
  if (words.includes('autovpn')) return known.filter((name) => name.startsWith('autovpn-'));
  if (words.includes('all') || words.includes('rare')) {
    const scenarios = await scenariosOf(known);
    const isRare = words.includes('rare');
    return known.filter((_, index) => Boolean(scenarios[index].isRare) === isRare);
  }
  const unknown = words.filter((word) => word !== 'showcase' && !known.includes(word));
  if (unknown.length === 0) return words;
  throw new Error(`no scenario ${unknown.join(', ')}; there are: showcase ${known.join(' ')}`);
}

const scenariosOf = async (names) => {
  const modules = await Promise.all(names.map((name) => import(`./scenarios/${name}.mjs`)));
  return modules.map((module) => module.default);
};

/** Other implementations that these scenarios talk to. */
const peersFor = (scenarios) => [...new Set(scenarios.flatMap(({ peers }) => peers ?? []))];

/** Packages beyond those that all need. */
const packagesFor = (scenarios) => [
  ...new Set(scenarios.flatMap(({ packages }) => packages ?? [])),
];

/** A long scenario says how long it may take. */
const secondsFor = (scenarios) =>
  scenarios.reduce((sum, { seconds }) => sum + (seconds ?? secondsEach), 0);

/** What a caller may tell the scenarios. */
const passedOn = ['LAB_DEBUG', 'LAB_SEED', 'LAB_KILLS'];

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      times: { type: 'string', default: '1' },
      direct: { type: 'boolean' },
      list: { type: 'boolean' },
    },
  });
  if (values.list) {
    console.log(['showcase', ...scenarioNames()].join('\n'));
    return 0;
  }
  const names = await chosen(positionals);
  const tell = (text) => console.error(`lab: ${text}`);
  const scenarios = await scenariosOf(names);
  const parts = await prepare(tell, peersFor(scenarios), packagesFor(scenarios));
  const folder = path.join(workFolder, `parts-${process.pid}`);
  mkdirSync(folder);
  const partsFile = path.join(folder, 'parts.json');
  writeFileSync(partsFile, JSON.stringify(parts));
  rmSync(path.join(workFolder, 'failed'), { recursive: true, force: true });
  const inside = fileURLToPath(new URL('inside.mjs', import.meta.url));
  const env = Object.fromEntries(
    passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  try {
    return await runInLab([process.execPath, inside, partsFile, values.times, ...names], {
      cwd: projectRoot,
      env,
      timeoutSeconds: 60 + secondsFor(scenarios) * Number(values.times),
      signal: abortOnSignal(),
      ...(values.direct && { direct: true }),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
