// Builds dist/autoipsec.js: one ESM script for stock qjs that imports nothing but std and os.
// Prints its size, and fails when anything else is left to import. For tests, another entry and
// output: `node build.mjs ENTRY OUTFILE`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { commonOptions, engineModules, root } from './build-options.mjs';

const [entry = path.join(root, 'src/main.ts'), outfile = path.join(root, 'dist/autoipsec.js')] =
  process.argv.slice(2);
const nodePlatform = 'src/core/platform/node/';

/** What keeps a bundle from running on a router; empty when it is fine. */
function faultsOf(metafile) {
  const faults = Object.keys(metafile.inputs)
    .filter((input) => input.startsWith(nodePlatform))
    .map((input) => `${input} is for tests under Node`);
  for (const [output, { imports }] of Object.entries(metafile.outputs)) {
    for (const { path: name, kind } of imports) {
      const isFine = kind === 'import-statement' && engineModules.includes(name);
      if (!isFine) faults.push(`${output}: ${kind} of '${name}'`);
    }
  }
  return faults;
}

const { metafile } = await build({
  ...commonOptions,
  entryPoints: [entry],
  outfile,
  minify: true,
  legalComments: 'none',
  metafile: true,
}).catch(() => process.exit(1)); // esbuild has said why
const faults = faultsOf(metafile);
for (const fault of faults) console.error(`build: ${fault}`);
const script = readFileSync(outfile);
const kilobytes = (length) => `${(length / 1000).toFixed(1)} kB`;
const gzipped = gzipSync(script, { level: 9 }).length;
const name = path.relative(root, outfile);
console.log(`${name}: ${kilobytes(script.length)}, gzipped ${kilobytes(gzipped)}`);
process.exitCode = faults.length > 0 ? 1 : 0;
