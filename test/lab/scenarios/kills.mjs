// Two kills at random moments, with a seed that is told; `npm run kills` makes a hundred of them.
import { kills } from '../kills.mjs';

const count = Number(process.env.LAB_KILLS ?? 2);

export default {
  name: 'kills',
  requirements: ['OE-6'],
  seconds: 120 + 40 * count,
  topology: {},
  run: (lab) => kills(lab, count),
};
