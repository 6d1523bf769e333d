/**
 * A fixed piece of work, the same everywhere: its time in the virtual machine by its time on the host
 * tells how much slower scripts run there.
 */
import { operations } from './operations.js';
import { now, report } from './report.js';

const names = ['CURVE25519 shared secret', 'RSA-2048 sign', 'P-256 verify'];
const rounds = 12;

const work = operations().filter((each) => names.includes(each.name));
for (const { run } of work) run();
const begin = now();
for (let i = 0; i < rounds; i++) for (const { run } of work) run();
report({ ms: now() - begin });
