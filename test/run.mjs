// `npm test`: sets up what it needs and runs every test.
//   node test/run.mjs [stage …]     only these stages; without any, all of them
// Each stage prints one line when it ends; what failed is printed whole. The last line is the verdict. A full run
// keeps its results for docs/conformance.md (`npm run docs` writes it) and refuses unknown IDs.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { needNodeModules, root } from './tools/dependencies.mjs';

const node = process.execPath;
const bin = (name) => path.join(root, 'node_modules/.bin', name);

const unit = (engine) => [node, 'test/run-unit.mjs', '--verbose', '--engine', engine];

/**
 * Reports are the lines `ok NAME`, `not ok NAME` and `skip NAME # reason` of a program's output.
 * `narrow`: it uses one core, and goes on beside another such stage.
 */
const stages = [
  { name: 'types of the program', argv: [bin('tsc')], isOneTest: true },
  { name: 'types of the tests', argv: [bin('tsc'), '-p', 'test'], isOneTest: true },
  { name: 'format and lint', argv: [bin('biome'), 'check', '.'], isOneTest: true },
  { name: 'shell scripts', argv: [node, 'test/tools/shellcheck.mjs'], isOneTest: true },
  { name: 'bundle', argv: [node, 'build.mjs'], isOneTest: true },
  // what several of the next ones need is made once, before they run side by side
  {
    name: 'engines',
    argv: [node, 'test/tools/qjs.mjs', 'host', 'mips', 'arm'],
    isOneTest: true,
  },
  { name: 'broker program', argv: [node, 'test/tools/broker.mjs', 'host'], isOneTest: true },
  { name: 'unit qjs', argv: [...unit('qjs'), '--minified'], narrow: true },
  { name: 'unit node', argv: unit('node'), narrow: true },
  { name: 'unit qjs-mips', argv: unit('qjs-mips'), narrow: true },
  { name: 'unit qjs-arm', argv: unit('qjs-arm'), narrow: true },
  { name: 'fuzz', argv: [node, 'test/fuzz/run.mjs', '--brief'], narrow: true },
  { name: 'LuCI pages', argv: [node, 'test/luci/run.mjs'], narrow: true },
  { name: 'LuCI on OpenWrt', argv: [node, 'test/luci/openwrt/run.mjs'], narrow: true },
  { name: 'broker', argv: [node, 'test/broker/run.mjs'], narrow: true },
  { name: 'packages', argv: [node, 'test/package/run.mjs'], narrow: true },
  { name: 'lab', argv: [node, 'test/lab/run.mjs', 'all'] },
  { name: 'interop', argv: [node, 'test/interop/run.mjs', '--quick'] },
];

const reportLine = /^(ok|not ok|skip) (.*)$/;

/** Runs a program; gives its reports, its output and its exit status. */
function run(argv) {
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const reports = [];
    let output = '';
    let line = '';
    const take = (text) => {
      output += text;
      const lines = (line + text).split('\n');
      line = lines.pop();
      for (const each of lines) {
        const match = reportLine.exec(each);
        if (match) reports.push({ verdict: match[1], name: match[2] });
      }
    };
    child.stdout.on('data', (data) => take(String(data)));
    child.stderr.on('data', (data) => {
      output += data;
      // progress of long steps (installations, builds, boots) is for whoever waits
      process.stderr.write(data);
    });
    child.on('error', (error) => resolve({ reports, output: String(error), status: 1 }));
    child.on('close', (status) => resolve({ reports, output, status: status ?? 1 }));
  });
}

async function runStage(stage) {
  const start = Date.now();
  process.stderr.write(`${stage.name} …\n`);
  const { reports, output, status } = await run(stage.argv);
  if (stage.isOneTest) reports.push({ verdict: status === 0 ? 'ok' : 'not ok', name: stage.name });
  const count = (verdict) => reports.filter((each) => each.verdict === verdict).length;
  // a stage that failed without a failed test (it crashed), or ran nothing, is a failure itself
  const isBroken = (status !== 0 && count('not ok') === 0) || reports.length === 0;
  if (isBroken)
    reports.push({ verdict: 'not ok', name: `${stage.name} ended with status ${status}` });
  const seconds = Math.round((Date.now() - start) / 1000);
  const skipped = count('skip') > 0 ? `, ${count('skip')} skipped` : '';
  const verdict = `${count('ok')} passed, ${count('not ok')} failed${skipped}`;
  console.log(`${stage.name}: ${verdict} (${seconds} s)`);
  for (const each of reports.filter(({ verdict }) => verdict === 'skip'))
    console.log(`  skipped: ${each.name}`);
  if (count('not ok') > 0) console.log(`${output}\n--- end of ${stage.name}`);
  return reports.map((report) => ({ ...report, stage: stage.name }));
}

/** Neighbours that are narrow run two at a time; all others alone, in their order. */
async function runStages(chosen) {
  const reports = [];
  let next = 0;
  const lane = async (isMine) => {
    while (next < chosen.length && isMine(chosen[next]))
      reports.push(...(await runStage(chosen[next++])));
  };
  const isNarrow = (stage) => stage.narrow === true;
  while (next < chosen.length) {
    await lane((stage) => !isNarrow(stage));
    await Promise.all([lane(isNarrow), lane(isNarrow)]);
  }
  return reports;
}

async function main() {
  const wanted = process.argv.slice(2);
  const chosen = stages.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (chosen.length === 0) {
    const names = stages.map(({ name }) => `'${name}'`).join(', ');
    throw new Error(`no such stage; there are ${names}`);
  }
  needNodeModules();
  const reports = await runStages(chosen);
  if (wanted.length === 0) {
    const results = path.join(root, '.cache/test-results.json');
    mkdirSync(path.dirname(results), { recursive: true });
    writeFileSync(results, JSON.stringify(reports, null, 1));
    const conformance = {
      name: 'conformance',
      argv: [node, 'test/conformance/run.mjs', '--check'],
    };
    reports.push(...(await runStage({ ...conformance, isOneTest: true })));
  }
  const count = (verdict) => reports.filter((each) => each.verdict === verdict).length;
  for (const each of reports.filter(({ verdict }) => verdict === 'not ok'))
    console.log(`FAILED ${each.stage}: ${each.name}`);
  const skipped = count('skip') > 0 ? `, ${count('skip')} skipped` : '';
  console.log(`${count('ok')} passed, ${count('not ok')} failed${skipped}`);
  process.exitCode = count('not ok') === 0 ? 0 : 1;
}

await main();
