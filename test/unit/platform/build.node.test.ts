/** The build refuses what a router could not run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assert, test } from '../../support/test.js';

/** Builds a script of this text, with the working folder as the checkout. */
function buildOf(source: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'autoipsec-build-'));
  try {
    const entry = path.join(folder, 'entry.ts');
    const outfile = path.join(folder, 'out.js');
    writeFileSync(entry, source);
    const result = spawnSync(process.execPath, ['build.mjs', entry, outfile], { encoding: 'utf8' });
    const written = (file: string) => (result.status === 0 ? readFileSync(file, 'utf8') : '');
    const output = result.stdout + result.stderr;
    const licences = written(path.join(folder, 'LICENSES'));
    return { status: result.status, output, script: written(outfile), licences };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('build: a script that imports std and os passes, and its sizes are told', () => {
  const { status, output, script } = buildOf(
    "import * as os from 'os'; import * as std from 'std'; std.out.puts(__VERSION__ + os.now());",
  );
  assert.is(status, 0, output);
  assert.match(output, /kB, gzipped .* kB/);
  assert.match(script, /^import\*as \w+ from"os"/);
  assert.not.match(script, '__VERSION__');
});

test('build: a script above the size limit is refused with both sizes', () => {
  const { status, output } = buildOf(`globalThis.x = '${'x'.repeat(1_000_000)}';`);
  assert.is(status, 1);
  assert.match(output, /has 10\d{5} bytes, \d{6} allowed/);
});

test('build: the licences of all packages in the script come with it, and no others', () => {
  const library = path.resolve('node_modules/@noble/hashes/legacy.js');
  const { licences } = buildOf(`import { sha1 } from '${library}'; globalThis.x = sha1;`);
  assert.match(licences, /^autoipsec \d/);
  assert.match(licences, /\n@noble\/hashes \d[\s\S]*Permission is hereby granted/);
  assert.not.match(licences, 'esbuild');
});

const refused = [
  ["import fs from 'fs'; fs.readFileSync('x');", '\'fs\'|"fs"'],
  ["import fs from 'node:fs'; fs.readFileSync('x');", 'node:fs'],
  ["declare const require: any; require('os').now();", "require-call of 'os'"],
  ["void import('os');", "dynamic-import of 'os'"],
] as const;

for (const [source, words] of refused)
  test(`build: refuses ${source}`, () => {
    const { status, output } = buildOf(source);
    assert.is(status, 1);
    assert.match(output, new RegExp(words));
  });
