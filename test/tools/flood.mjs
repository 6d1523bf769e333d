// Builds the lab's attacker: `buildFlood()` gives the path of the program, built when its source is new.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../lab/programs/flood.c', import.meta.url));

export function buildFlood() {
  const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const folder = path.join(cache, 'autoipsec', 'flood', hash);
  const program = path.join(folder, 'flood');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  // Renamed when whole: two test runs may build at the same time.
  const unfinished = `${program}.${process.pid}`;
  const argv = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-o', unfinished, source];
  const result = spawnSync('cc', argv, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`cc: ${result.error?.message ?? result.stderr}`);
  renameSync(unfinished, program);
  return program;
}
