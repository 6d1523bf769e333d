// Builds dist/autoipsec.js: one ESM script for stock qjs that imports nothing but std and os, and
// dist/LICENSES with the terms of all that is in it. Prints the size, and fails when the script is too
// large or anything else is left to import. For tests, another entry and output:
// `node build.mjs ENTRY OUTFILE`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { commonOptions, engineModules, root, version } from './build-options.mjs';
import { needNodeModules } from './test/tools/dependencies.mjs';

needNodeModules(); // also what a checkout of today needs and that of yesterday did not
const { build } = await import('esbuild');
const { minify } = await import('./minify.mjs');

const [entry = path.join(root, 'src/main.ts'), outfile = path.join(root, 'dist/autoipsec.js')] =
  process.argv.slice(2);
const nodePlatform = 'src/core/platform/node/';

/** What we want the script to stay below: flash and loading time of a router of 64 MB. */
const goalBytes = 300_000;
/** What it may not pass unnoticed. Whoever raises it says in the commit what it is spent on. */
const limitBytes = 500_000;

/** What keeps a bundle from running on a router; empty when it is fine. */
function faultsOf({ inputs, outputs }) {
  const faults = Object.keys(inputs)
    .filter((input) => input.startsWith(nodePlatform))
    .map((input) => `${input} is for tests under Node`);
  for (const [output, { imports }] of Object.entries(outputs)) {
    for (const { path: name, kind } of imports) {
      const isFine = kind === 'import-statement' && engineModules.includes(name);
      if (!isFine) faults.push(`${output}: ${kind} of '${name}'`);
    }
  }
  return faults;
}

/** Folders of the packages that are in the bundle. */
function packagesOf({ outputs }) {
  const files = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
  const folders = files.map((file) => /^node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/** Our licence, and those of the packages, as their terms ask wherever a copy goes. */
function licencesOf(metafile) {
  const own = `autoipsec ${version}\n\n${readFileSync(path.join(root, 'LICENSE'), 'utf8')}`;
  const others = packagesOf(metafile).map((folder) => {
    const at = path.join(root, folder);
    const { name, version } = JSON.parse(readFileSync(path.join(at, 'package.json'), 'utf8'));
    const file = readdirSync(at).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${folder} has no licence file`);
    return `${name} ${version}\n\n${readFileSync(path.join(at, file), 'utf8')}`;
  });
  return [own, ...others].map((text) => `${text.trimEnd()}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}

const { metafile } = await build({
  ...commonOptions,
  entryPoints: [entry],
  outfile,
  minify: true,
  charset: 'utf8',
  legalComments: 'none', // they are in the file of licences
  metafile: true,
}).catch(() => process.exit(1)); // esbuild has said why
writeFileSync(path.join(path.dirname(outfile), 'LICENSES'), licencesOf(metafile));

writeFileSync(outfile, minify(readFileSync(outfile, 'utf8')));
const script = readFileSync(outfile);
const kilobytes = (length) => `${(length / 1000).toFixed(1)} kB`;
const gzipped = gzipSync(script, { level: 9 }).length;
const name = path.relative(root, outfile);
console.log(`${name}: ${kilobytes(script.length)}, gzipped ${kilobytes(gzipped)}`);
if (script.length > goalBytes)
  console.log(`${name}: ${kilobytes(script.length - goalBytes)} above the goal`);
const faults = faultsOf(metafile);
if (script.length > limitBytes)
  faults.push(`${name}: has ${script.length} bytes, ${limitBytes} allowed`);
for (const fault of faults) console.error(`build: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
