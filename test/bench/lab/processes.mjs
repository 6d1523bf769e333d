// What a process and its children cost: CPU time and memory, from /proc.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { sleep } from '../../lab/net/machine.mjs';

/** `[busy, all]` ticks of all processors so far. */
function ticks() {
  const [line] = readFileSync('/proc/stat', 'latin1').split('\n');
  const [user, nice, system, idle, wait, ...interrupts] = line.split(/\s+/).slice(1).map(Number);
  const busy = user + nice + system + interrupts[0] + interrupts[1];
  return [busy, busy + idle + wait];
}

/** Waits until the machine has next to nothing to do, so that one measurement starts like another. */
export async function quiet(limitMs = 3000) {
  const end = Date.now() + limitMs;
  for (let before = ticks(); ; ) {
    await sleep(400);
    const now = ticks();
    if ((now[0] - before[0]) / (now[1] - before[1]) < 0.2 || Date.now() > end) return;
    before = now;
  }
}

/** Of `/proc/PID/stat` from the third field on; the name before may have blanks. */
const statOf = (pid) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');

/** `[pid, fields]` of a process and its children; one that ended meanwhile is left out. */
function family(pid) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [[name, statOf(name)]];
      } catch {
        return [];
      }
    })
    .filter(([name, fields]) => name === String(pid) || fields[1] === String(pid));
}

const nameOf = (pid) => readFileSync(`/proc/${pid}/comm`, 'latin1').trim();

/** CPU milliseconds so far of a process and of its children, those that ended included. */
export function cpuMs(pid) {
  const ticks = family(pid)
    .flatMap(([, fields]) => fields.slice(11, 15).map(Number))
    .reduce((sum, value) => sum + value, 0);
  return ticks * 10; // USER_HZ is 100 on all that Linux runs on here
}

/** Kilobytes: `{ rss, pss }`. */
function memoryOf(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)[1]);
  return { rss: field('Rss'), pss: field('Pss') };
}

/** Memory of a process and each of its living children: `[{ name, rss, pss }]`. */
export function memoryTree(pid) {
  return family(pid).flatMap(([each]) => {
    try {
      return [{ name: nameOf(each), ...memoryOf(each) }];
    } catch {
      // it has ended meanwhile
      return [];
    }
  });
}

/** Milliseconds to start a small program and wait for its end. */
export function startMs() {
  const times = 40;
  spawnSync('true');
  const begin = process.hrtime.bigint();
  for (let i = 0; i < times; i++) spawnSync('true');
  return Number(process.hrtime.bigint() - begin) / 1e6 / times;
}
