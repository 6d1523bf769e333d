// Runs the unit tests: `node test/run-unit.mjs [--engine node|PATH-OF-QJS…] [part of a file name …]`.
// All test files go into one bundle, which the engine then runs. `*.node.test.ts` files need Node
// (they start programs or read folders) and run there only.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Test files below test/unit whose path contains one of `filters` (all when empty). */
export function testFiles(filters, withNode) {
  return readdirSync(path.join(root, 'test/unit'), { recursive: true })
    .map((name) => path.join('test/unit', name))
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => withNode || !name.endsWith('.node.test.ts'))
    .filter((name) => filters.length === 0 || filters.some((part) => name.includes(part)))
    .sort();
}

/** One script of all `files`, for Node or for qjs. */
export async function bundleTests(files, forNode, outfile) {
  const imports = files.map((file) => `import './${file}';`);
  const shim = forNode ? [] : ["import './test/support/qjs-shim.js';"];
  const start = [
    "import { exec, test } from 'uvu';",
    'UVU_QUEUE.push([null]);',
    'test.run();',
    'exec();',
  ];
  mkdirSync(path.dirname(outfile), { recursive: true });
  await build({
    stdin: {
      contents: [...shim, ...imports, ...start].join('\n'),
      resolveDir: root,
      loader: 'ts',
    },
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: forNode ? 'node' : 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import', 'default'],
    external: forNode ? ['node:*'] : ['os', 'std'],
    banner: { js: 'globalThis.UVU_DEFER = 1;' },
    outfile,
    logLevel: 'warning',
  });
}

/** Runs a bundle; gives the lines `ok|not ok|skip NAME` and whether the engine ended well. */
export function runBundle(engine, outfile) {
  const command = engine === 'node' ? [process.execPath] : engine.split(' ');
  const result = spawnSync(command[0], [...command.slice(1), outfile], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    cwd: root,
  });
  const lines = (result.stdout ?? '').split('\n');
  // uvu prints a bullet before the next line starts
  const reports = lines
    .map((line) => /(not ok|ok|skip) (.*)$/.exec(line.replace(/^.*?(?=(not ok|ok|skip) )/, '')))
    .filter((match) => match)
    .map(([, verdict, name]) => ({ verdict, name }));
  return { reports, status: result.status, output: `${result.stdout}${result.stderr}` };
}

async function main() {
  const args = process.argv.slice(2);
  const at = args.indexOf('--engine');
  const engine = at < 0 ? 'node' : args.splice(at, 2)[1];
  const forNode = engine === 'node';
  const files = testFiles(args, forNode);
  const outfile = path.join(root, '.cache/tests', forNode ? 'unit-node.mjs' : 'unit-qjs.mjs');
  await bundleTests(files, forNode, outfile);
  const { reports, status, output } = runBundle(engine, outfile);
  const failed = reports.filter((report) => report.verdict === 'not ok').length;
  if (failed > 0 || status !== 0 || reports.length === 0) console.log(output);
  const passed = reports.filter((report) => report.verdict === 'ok').length;
  console.log(`${files.length} files under ${engine}: ${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || status !== 0 || passed === 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main();
