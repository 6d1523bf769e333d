// The bench: `node test/bench/run.mjs [--markdown] [part …]`. Parts: connect, clear, memory (in the
// lab's virtual machine), responder, autovpn (in ones of their own), bundle, handshake, flood, primitives
// (on this machine); endurance (on this machine) when it is asked for, as it takes long. It prints one
// table; it asserts nothing about time. Progress goes to standard error.
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { needNodeModules } from '../tools/dependencies.mjs';

needNodeModules();
const { qjsCommand } = await import('../tools/qjs.mjs');
const { printMarkdown, printText } = await import('./table.mjs');

/** In the order of the table. */
const hostParts = ['bundle', 'handshake', 'responder', 'autovpn', 'flood', 'primitives'];
/** Takes many minutes, so only when it is named. */
const longParts = ['endurance'];
const labParts = ['connect', 'clear', 'memory'];

const begin = Date.now();
const tell = (text) => {
  const seconds = ((Date.now() - begin) / 1000).toFixed(0).padStart(3);
  console.error(`bench: ${seconds} s: ${text}`);
};

function chosen(words) {
  const usual = [...labParts, ...hostParts];
  const known = [...usual, ...longParts];
  const unknown = words.filter((word) => !known.includes(word));
  if (unknown.length === 0) return words.length > 0 ? words : usual;
  throw new Error(`no part ${unknown.join(', ')}; there are: ${known.join(' ')}`);
}

/** A part that can not be measured is a row that says why, and the rest goes on. */
async function attempt(title, measure) {
  try {
    return { title, rows: await measure() };
  } catch (error) {
    process.exitCode = 1;
    console.error(error.stack);
    return { title, rows: [{ what: 'failed', figure: error.message.split('\n')[0] }] };
  }
}

async function groupsOf(parts) {
  const groups = [];
  const inLab = labParts.filter((part) => parts.includes(part));
  if (inLab.length > 0) {
    const lab = await import('./parts/lab.mjs');
    groups.push(...(await lab.measure({ tell, parts: inLab, attempt })));
  }
  for (const name of [...hostParts, ...longParts].filter((part) => parts.includes(part))) {
    const part = await import(`./parts/${name}.mjs`);
    groups.push(await attempt(part.title, () => part.measure({ tell })));
  }
  return groups;
}

function machine() {
  const model = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  return `${model ?? os.arch()}, ${os.cpus().length} cores, Linux ${os.release()}`;
}

async function engine() {
  const [program] = await qjsCommand('host');
  const { spawnSync } = await import('node:child_process');
  const { stdout } = spawnSync(program, ['--help'], { encoding: 'utf8' });
  return `QuickJS ${/version (\S+)/.exec(stdout)?.[1] ?? 'of unknown version'}, Node ${process.version}`;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { markdown: { type: 'boolean' } },
  });
  const parts = chosen(positionals);
  const command = ['npm run bench', ...(positionals.length > 0 ? ['--', ...positionals] : [])];
  const load = os.loadavg()[0].toFixed(1);
  const groups = await groupsOf(parts);
  const head = [
    `Machine: ${machine()}; load when it began ${load}`,
    `Engine: ${await engine()}`,
    `Command: ${command.join(' ')}`,
  ];
  tell('done');
  (values.markdown ? printMarkdown : printText)(head, groups);
}

await main();
