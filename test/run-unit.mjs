// Runs the unit tests:
// `node test/run-unit.mjs [--engine ENGINE] [--minified] [--verbose] [--json FILE] [part of a file name …]`.
// ENGINE is node, qjs, qjs-mips, qjs-arm or a command that runs a script. All test files go into one
// bundle; `--minified` makes it as short as the product, which takes its time. `*.node.test.ts` run
// under Node only, `*.qjs.test.ts` under a qjs of this machine only. The emulated engines run what
// depends on byte order and word size, unless parts of file names are given. FILE gets
// `{ engine, reports: [{ verdict, name }], fault? }`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { commonOptions, root } from '../build-options.mjs';
import { needPackages } from './tools/apt.mjs';
import { buildBroker } from './tools/broker.mjs';
import { captureFolder } from './tools/captures.mjs';
import { qjsCommand } from './tools/qjs.mjs';

/**
 * What the emulated engines run: all that depends on byte order and word size, and of the IKE tests
 * those that go through every payload and key once; the others take twelve times longer there and
 * would tell nothing new.
 */
const emulatedParts = [
  ...['bytes/', 'net/', 'dns/', 'pki/', 'kernel/', 'ike/crypto/', 'ike/payloads/'],
  ...['ike/tunnel.test', 'ike/delete.test'],
];
const emulators = { 'qjs-mips': 'mips', 'qjs-arm': 'arm' };
const timeLimitMs = { native: 600_000, emulated: 3_600_000 };

/** Test files below test/unit for an engine whose path contains one of `filters` (all when empty). */
export function testFiles(filters, engine) {
  const isEmulated = engine in emulators;
  const parts = isEmulated && filters.length === 0 ? emulatedParts : undefined;
  const skipped = engine === 'node' ? ['.qjs.test.ts'] : ['.node.test.ts'];
  if (parts) skipped.push('.qjs.test.ts');
  return readdirSync(path.join(root, 'test/unit'), { recursive: true })
    .map((name) => path.join('test/unit', name))
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => !skipped.some((end) => name.endsWith(end)))
    .filter((name) => !parts || parts.some((part) => name.startsWith(`test/unit/${part}`)))
    .filter((name) => filters.length === 0 || filters.some((part) => name.includes(part)))
    .sort();
}

/** `import 'test-file:NAME'` notes which file's tests are registered next. */
const fileMarkers = {
  name: 'file markers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^test-file:/ }, ({ path: name }) => ({
      path: name.slice('test-file:'.length),
      namespace: 'test-file',
      sideEffects: true,
    }));
    onLoad({ filter: /.*/, namespace: 'test-file' }, ({ path: name }) => ({
      contents: `globalThis.testFile = ${JSON.stringify(name)};
        console.log('# file ' + globalThis.testFile);`,
    }));
  },
};

/** One script of all `files`, for Node or for qjs. */
export async function bundleTests(files, { forNode, isMinified = false }, outfile) {
  const shim = forNode ? [] : ["import './test/support/qjs-shim.js';"];
  const imports = files.map((file) => `import 'test-file:${file}';\nimport './${file}';`);
  const start = [
    "import { exec, test } from 'uvu';",
    'UVU_QUEUE.push([null]);',
    'test.run();',
    "exec().then(() => console.log('# done'));",
  ];
  mkdirSync(path.dirname(outfile), { recursive: true });
  await build({
    ...commonOptions,
    ...(forNode && { platform: 'node', external: ['node:*'] }),
    // dns-packet takes its Buffer from Node's module of this name; this is the package instead
    alias: { buffer: path.join(root, 'node_modules/buffer/index.js') },
    stdin: {
      contents: [...shim, ...imports, ...start].join('\n'),
      resolveDir: root,
      loader: 'ts',
    },
    plugins: [...commonOptions.plugins, fileMarkers],
    banner: { js: 'globalThis.UVU_DEFER = 1;' },
    outfile,
    minify: isMinified,
    logLevel: 'silent',
  });
  if (!isMinified) return;
  const { minify } = await import('../minify.mjs');
  writeFileSync(outfile, minify(readFileSync(outfile, 'utf8')));
}

/** Runs a bundle; gives the lines `ok|not ok|skip NAME`, and the fault when it did not end well. */
export function runBundle(command, outfile, environment = {}, limitMs = timeLimitMs.native) {
  const result = spawnSync(command[0], [...command.slice(1), outfile], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    cwd: root,
    timeout: limitMs,
    env: { ...process.env, ...environment },
  });
  const stdout = result.stdout ?? '';
  // uvu prints a bullet before the next line starts
  const reports = [...stdout.matchAll(/^[^\w#]*(not ok|ok|skip) (.*)$/gm)].map(
    ([, verdict, name]) => ({ verdict, name }),
  );
  const output = `${stdout}${result.stderr ?? ''}`;
  return { reports, fault: faultOf(result, stdout), output };
}

/** Why a run is not to be trusted, with the file that was at work; `undefined` when it ended well. */
function faultOf({ error, signal, status }, stdout) {
  const isFailure = /^[^\w#]*not ok /m.test(stdout);
  const ended = /^[^\w#]*# done$/m.test(stdout);
  if (ended && !error && !signal && (status === 0 || isFailure)) return undefined;
  const file = [...stdout.matchAll(/# file (.*)$/gm)].at(-1)?.[1] ?? 'the bundle';
  const how = error?.message ?? (signal ? `killed by ${signal}` : `exit status ${status}`);
  return `${file}: ${ended ? '' : 'the engine stopped before the end, '}${how}`;
}

async function engineCommand(engine) {
  if (engine === 'node') return [process.execPath];
  if (engine === 'qjs') return qjsCommand('host');
  if (engine in emulators) return qjsCommand(emulators[engine]);
  return engine.split(' ');
}

/** The socket broker for tests that open sockets; they skip without it. */
function brokerEnvironment() {
  try {
    return { AUTOIPSEC_BROKER: buildBroker('host') };
  } catch (error) {
    console.error(`no socket broker for tests: ${error.message}`);
    return {};
  }
}

/** What single test files need beyond Node; they skip without it, and the reason is printed. */
const needs = [
  { part: 'key-log.node', get: async () => void (await needPackages(['tshark'])) },
  {
    part: 'foreign-captures',
    get: async () => ({ AUTOIPSEC_CAPTURES: await captureFolder() }),
  },
];

async function environmentOf(files) {
  const environment = brokerEnvironment();
  for (const { part, get } of needs) {
    if (!files.some((file) => file.includes(part))) continue;
    try {
      Object.assign(environment, await get());
    } catch (error) {
      console.error(`${part}: ${error.message}`);
    }
  }
  return environment;
}

/** Bundles and runs; a bundle that can not be made is a fault that names the file. */
export async function runUnitTests(engine, filters, isMinified = false) {
  const files = testFiles(filters, engine);
  const outfile = path.join(root, '.cache/tests', `unit-${process.pid}.mjs`);
  try {
    await bundleTests(files, { forNode: engine === 'node', isMinified }, outfile);
    const limitMs = engine in emulators ? timeLimitMs.emulated : timeLimitMs.native;
    const command = await engineCommand(engine);
    return { files, ...runBundle(command, outfile, await environmentOf(files), limitMs) };
  } catch (error) {
    const lines = error.errors?.map(({ text, location }) => {
      return `${location?.file ?? 'bundle'}:${location?.line ?? 0}: ${text}`;
    });
    const fault = lines?.join('\n') ?? error.message;
    return { files, reports: [], fault, output: '' };
  } finally {
    rmSync(outfile, { force: true });
  }
}

function takeOption(args, name) {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

function takeFlag(args, name) {
  const at = args.indexOf(name);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
}

async function main() {
  const args = process.argv.slice(2);
  const engine = takeOption(args, '--engine') ?? 'node';
  const json = takeOption(args, '--json');
  const isVerbose = takeFlag(args, '--verbose');
  const isMinified = takeFlag(args, '--minified');
  const { files, reports, fault, output } = await runUnitTests(engine, args, isMinified);
  const named = (verdict) => reports.filter((report) => report.verdict === verdict);
  const [passed, failed, skipped] = ['ok', 'not ok', 'skip'].map(named);
  if (json) writeFileSync(json, `${JSON.stringify({ engine, reports, fault }, null, 1)}\n`);
  if (isVerbose) for (const { verdict, name } of reports) console.log(`${verdict} ${name}`);
  // behind a bar, so that nobody counts these lines again
  if (failed.length > 0 || fault) console.log(output.replace(/^/gm, '| '));
  if (isVerbose && fault) console.log(`not ok ${engine} runs to its end`);
  for (const { name } of skipped) console.log(`skipped: ${name}`);
  for (const { name } of failed) console.log(`failed: ${name}`);
  if (fault) console.log(`fault: ${fault}`);
  const skips = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  console.log(
    `${files.length} files under ${engine}: ${passed.length} passed, ${failed.length} failed${skips}`,
  );
  process.exitCode = failed.length > 0 || fault || passed.length === 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
