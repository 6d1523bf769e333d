// Bundles a program of this folder as the product is bundled, and runs it under an engine: 'node',
// 'host' (qjs), 'mips' (qjs under qemu-user).
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build } from 'esbuild';
import { commonOptions, root } from '../../build-options.mjs';
import { qjsCommand } from '../tools/qjs.mjs';

const folder = path.join(root, '.cache/bench');

/** Path of the script for `engine`. */
export async function bundleProgram(name, engine) {
  const isNode = engine === 'node';
  const outfile = path.join(folder, `${name}-${isNode ? 'node' : 'qjs'}.mjs`);
  const shims = isNode
    ? ['./test/bench/programs/cpu-node.js']
    : ['./test/support/qjs-shim.js', './test/bench/programs/cpu-qjs.js'];
  const imports = [...shims, `./test/bench/programs/${name}.ts`];
  await build({
    ...commonOptions,
    ...(isNode && { platform: 'node', external: ['node:*'] }),
    stdin: {
      contents: imports.map((file) => `import '${file}';`).join('\n'),
      resolveDir: root,
      loader: 'ts',
    },
    minify: true,
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

export async function engineCommand(engine) {
  return engine === 'node' ? [process.execPath] : qjsCommand(engine);
}

/** Runs it to its end; gives the values that it printed as lines of JSON. */
export async function runProgram(name, engine, args = []) {
  const script = await bundleProgram(name, engine);
  const [command, ...words] = await engineCommand(engine);
  const child = spawn(command, [...words, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  const lines = readLines(text);
  const error = lines.find((line) => line.error)?.error ?? (status !== 0 && `status ${status}`);
  if (error) throw new Error(`${name} under ${engine}: ${error}`);
  return lines;
}

export function readLines(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}
