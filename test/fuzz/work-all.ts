import { targets } from './targets.js';
import { work } from './worker.js';

work(targets);
