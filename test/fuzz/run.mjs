// `npm run fuzz`: gives parsers of foreign bytes what nobody would send in earnest.
//   node test/fuzz/run.mjs [--inputs N] [--seconds N] [--seed N] [--only PART[;PART]] [--list]
// N inputs for each target (a million), or until the seconds for each target have gone. Whole daemons
// get all of them with stand-ins for cryptography, and the part that the table says with the
// real one: some hours on one core. What failed is made as short as it goes and kept in
// test/fuzz/corpus, which runs first from then on. `--brief`: the bounded run of `npm test`.
// "heap more" counts from the first tenth of the inputs on, "2nd half" from their middle on.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { commonOptions, root } from '../../build-options.mjs';

const corpusFolder = path.join(root, 'test/fuzz/corpus');
/**
 * An input that takes longer hangs, the slowest good one takes some hundred milliseconds. Time of the
 * processor counts, as the machine may be busy with other things; of the clock, what waits for ever.
 */
const hangMs = { processor: 20_000, clock: 300_000 };
const beatBytes = 8 + 100_000;
/** More than this, after everything has been warm, is a leak and no noise. */
const mostGrowth = 24 << 20;
const brief = { inputs: 6_000, seconds: 0.6, seed: 1 };

function optionsOf(words) {
  const value = (name) => {
    const at = words.indexOf(`--${name}`);
    return at < 0 ? undefined : words[at + 1];
  };
  const isBrief = words.includes('--brief');
  const usual = isBrief ? brief : { inputs: 1_000_000, seed: (Math.random() * 2 ** 31) | 0 };
  const number = (name) => (value(name) === undefined ? usual[name] : Number(value(name)));
  return {
    ...{ inputs: number('inputs'), seconds: number('seconds'), seed: number('seed') },
    ...{ only: (value('only') ?? '').split(';'), isList: words.includes('--list'), isBrief },
  };
}

/** What imports of cryptography lead to in a run of whole daemons that does without. */
const standIns = [
  [/^@noble\/curves\/ed25519\.js$/, 'ed25519.ts'],
  [/\/nist-curves\.js$/, 'nist-curves.ts'],
  [/^@noble\/ciphers\/chacha\.js$/, 'chacha.ts'],
  [/^@noble\/hashes\/hmac\.js$/, 'hmac.ts'],
];
const withStandIns = {
  name: 'stand-ins',
  setup(build) {
    for (const [filter, file] of standIns)
      build.onResolve({ filter }, () => ({ path: path.join(root, 'test/fuzz/stand-in', file) }));
  },
};

async function bundle(entry, outfile, plugins = []) {
  await build({
    ...commonOptions,
    platform: 'node',
    external: ['node:*', 'os', 'std'],
    alias: { buffer: path.join(root, 'node_modules/buffer/index.js') },
    plugins,
    entryPoints: [path.join(root, 'test/fuzz', entry)],
    outfile,
    logLevel: 'silent',
  });
  return outfile;
}

const fromHexText = (text) =>
  Uint8Array.from(Buffer.from(text.replace(/^#.*$/gm, '').replace(/\s+/g, ''), 'hex'));

const folderOf = (name) => path.join(corpusFolder, name.replace(/\W+/g, '-'));

/** Inputs that failed once: files of hexadecimal, with a comment that says what it was. */
function corpusOf(name) {
  const folder = folderOf(name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => fromHexText(readFileSync(path.join(folder, file), 'utf8')));
}

function keep(name, { input, error }) {
  const folder = folderOf(name);
  mkdirSync(folder, { recursive: true });
  let hash = 0;
  for (const byte of input) hash = (Math.imul(hash, 31) + byte) | 0;
  const file = path.join(folder, `${(hash >>> 0).toString(16).padStart(8, '0')}.hex`);
  const hex = Buffer.from(input).toString('hex').replace(/.{96}/g, '$&\n');
  writeFileSync(file, `# ${error.split('\n', 1)[0].slice(0, 120)}\n${hex}\n`);
  return path.relative(root, file);
}

function timesNow() {
  const { user, system } = process.cpuUsage();
  return { processor: (user + system) / 1000, clock: Date.now() };
}

/** A thread that runs one target; one that stands still is ended, and its input is the failure. */
class Thread {
  #worker;
  #beat = new SharedArrayBuffer(beatBytes);
  #counters = new Int32Array(this.#beat, 0, 2);

  #start(script) {
    return new Worker(script, {
      workerData: this.#beat,
      // much is made and little kept: a larger nursery takes a third off the time
      resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 192 },
    });
  }

  async run({ name, label, cost, script }, { inputs, seconds, seed }) {
    const plan = {
      seed,
      inputs: Math.max(50, Math.ceil(inputs / cost)),
      ...(seconds && { untilMs: seconds * 1000 }),
    };
    this.#worker = this.#start(script);
    this.#counters[0] = 0;
    const report = await this.#reportOf({ name, corpus: corpusOf(name), plan });
    // one thread for each: a second job in the same thread was seen to answer to nobody
    await this.#worker.terminate();
    return { ...report, label };
  }

  #reportOf(job) {
    const worker = this.#worker;
    return new Promise((resolve) => {
      let last = -1;
      let since = timesNow();
      const finish = (report) => {
        clearInterval(watch);
        worker.removeAllListeners();
        resolve(report);
      };
      const fail = (error) => {
        const input = new Uint8Array(this.#beat).slice(8, 8 + this.#counters[1]);
        const number = this.#counters[0];
        finish({ name: job.name, inputs: number, failure: { input, number, error } });
      };
      const watch = setInterval(() => {
        const count = Atomics.load(this.#counters, 0);
        if (count !== last) [last, since] = [count, timesNow()];
        else
          for (const [kind, most] of Object.entries(hangMs))
            if (timesNow()[kind] - since[kind] > most)
              fail(`hangs: no end after ${most / 1000} s (${kind})`);
      }, 200);
      worker.on('message', finish);
      worker.on('error', (error) => fail(`the thread ended: ${error.stack ?? error}`));
      worker.on('exit', () => fail('the thread ended without a report'));
      worker.postMessage(job);
    });
  }
}

const grown = ({ growth = 0 }) => growth > mostGrowth;

function lineOf(report) {
  const { label, inputs, outcomes = 0, milliseconds = 0, slowestMs = 0 } = report;
  const { growth = 0, lateGrowth = 0 } = report;
  const rate = milliseconds > 0 ? Math.round((inputs * 1000) / milliseconds) : 0;
  return [
    label.padEnd(49),
    String(inputs).padStart(9),
    `${rate}/s`.padStart(10),
    String(outcomes).padStart(9),
    `${slowestMs.toFixed(0)} ms`.padStart(8),
    `${(growth / 1024).toFixed(0)} kB`.padStart(10),
    `${(lateGrowth / 1024).toFixed(0)} kB`.padStart(10),
  ].join(' ');
}

function tell(report, seed) {
  const { name, label, failure, fault } = report;
  if (fault) {
    console.log(`not ok fuzz: ${label}\n  the fuzzer itself: ${fault}`);
    return false;
  }
  if (!failure && !grown(report)) {
    console.log(`ok fuzz: ${label}`);
    return true;
  }
  console.log(`not ok fuzz: ${label}`);
  if (!failure) console.log(`  memory grew by ${report.growth} bytes`);
  else {
    console.log(`  seed ${seed}, input ${failure.number}: ${failure.error}`);
    console.log(`  kept in ${keep(name, failure)}`);
  }
  return false;
}

/** What is run: every target, and dialogues that do not get all inputs once more with stand-ins. */
function runsOf({ targets, dialogues }, scripts) {
  const own = targets.map(({ name, cost = 1 }) => ({
    ...{ name, label: name, cost, script: scripts.real },
  }));
  const costly = dialogues.filter(({ cost = 1 }) => cost > 1);
  const standing = costly.map(({ name }) => ({
    ...{ name, label: `${name} (stand-ins)`, cost: 1, script: scripts.standIn },
  }));
  return [...own, ...standing];
}

async function runAll(runs, options) {
  console.log(`seed ${options.seed}`);
  console.log(
    `${'target'.padEnd(49)}    inputs       rate  outcomes  slowest  heap more   2nd half`,
  );
  let isGood = true;
  for (const run of runs) {
    const report = await new Thread().run(run, options);
    console.log(lineOf(report));
    if (!tell(report, options.seed)) isGood = false;
  }
  return isGood;
}

async function main() {
  const options = optionsOf(process.argv.slice(2));
  const folder = path.join(root, '.cache/fuzz');
  mkdirSync(folder, { recursive: true });
  const file = (name) => path.join(folder, `${name}-${process.pid}.mjs`);
  const list = file('list');
  const scripts = { real: file('worker'), standIn: file('stand-in') };
  try {
    await bundle('targets.ts', list);
    const runs = runsOf(await import(list), scripts).filter(({ label }) =>
      options.only.some((part) => label.includes(part)),
    );
    if (options.isList) {
      for (const { label } of runs) console.log(label);
      return;
    }
    if (runs.length === 0) throw new Error(`no target has '${options.only.join(' or ')}' in it`);
    await bundle('work-all.ts', scripts.real);
    await bundle('work-dialogues.ts', scripts.standIn, [withStandIns]);
    process.exitCode = (await runAll(runs, options)) ? 0 : 1;
  } finally {
    for (const each of [list, ...Object.values(scripts)]) rmSync(each, { force: true });
  }
}

await main();
