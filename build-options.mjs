// How esbuild makes one script for QuickJS out of the sources: the same for the product (build.mjs)
// and for the unit tests (test/run-unit.mjs), so that tests run what ships.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inlining } from './inline-calls.mjs';

export const root = path.dirname(fileURLToPath(import.meta.url));

export const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** The modules that QuickJS brings; nothing else may be left to import. */
export const engineModules = ['os', 'std'];

/** Options for `build`, without entry and output. */
export const commonOptions = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['import', 'default'],
  external: engineModules,
  plugins: [inlining],
  define: { __VERSION__: JSON.stringify(version) },
  logLevel: 'warning',
};
