/** Prints how many of each primitive an engine does in a second. */
import { operations } from './operations.js';
import { perSecond, report } from './report.js';

const eachMs = 300;

for (const { name, run } of operations()) report({ name, perSecond: perSecond(run, eachMs) });
