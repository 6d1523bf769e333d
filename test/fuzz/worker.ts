/** Runs under Node in a thread of its own, so that a hang can be seen and ended from outside. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Fuzzer, type Plan } from './fuzzer.js';
import { targets } from './targets.js';

interface Job {
  name: string;
  corpus: readonly Uint8Array[];
  plan: Plan;
  /** Length and bytes of the input that runs, and how many have run. */
  beat: SharedArrayBuffer;
}

const { name, corpus, plan, beat } = workerData as Job;
const counters = new Int32Array(beat, 0, 2);
const current = new Uint8Array(beat, 8);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let uncaught: unknown;
process.on('unhandledRejection', (error) => {
  uncaught ??= error ?? new Error('a rejection without a reason');
});
process.on('uncaughtException', (error) => {
  uncaught ??= error;
});

const fuzzer = new Fuzzer(targets.find((each) => each.name === name)!, {
  nowMs: () => performance.now(),
  begin(input) {
    const length = Math.min(input.length, current.length);
    current.set(input.subarray(0, length));
    counters[1] = length;
    Atomics.add(counters, 0, 1);
  },
  takeUncaught() {
    const error = uncaught;
    uncaught = undefined;
    return error;
  },
  memory() {
    collect();
    return process.memoryUsage().heapUsed;
  },
});
const now = performance.now();
const { untilMs } = plan;
const own = untilMs === undefined ? plan : { ...plan, untilMs: now + untilMs };
const tell = (report: unknown) => parentPort!.postMessage(report);
// whatever comes here is a fault of the fuzzer itself: the handlers above would swallow it
fuzzer
  .run(corpus, own)
  .then(tell, (error) => tell({ name, inputs: 0, fault: String(error.stack) }));
