/** Runs under Node in a thread of its own, so that a hang can be seen and ended from outside. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Fuzzer, type Hooks, type Plan } from './fuzzer.js';
import type { Target } from './target.js';

/** Length and bytes of the input that runs, behind the number of those that have run. */
const beat = workerData as SharedArrayBuffer;
const counters = new Int32Array(beat, 0, 2);
const current = new Uint8Array(beat, 8);

interface Job {
  name: string;
  corpus: readonly Uint8Array[];
  plan: Plan;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let uncaught: unknown;
process.on('unhandledRejection', (error) => {
  uncaught ??= error ?? new Error('a rejection without a reason');
});
process.on('uncaughtException', (error) => {
  uncaught ??= error;
});

const hooks: Hooks = {
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
};

function run(targets: readonly Target[], { name, corpus, plan }: Job): Promise<unknown> {
  const fuzzer = new Fuzzer(targets.find((each) => each.name === name)!, hooks);
  const { untilMs } = plan;
  const own = untilMs === undefined ? plan : { ...plan, untilMs: performance.now() + untilMs };
  return fuzzer.run(corpus, own);
}

const tell = (report: unknown) => parentPort!.postMessage(report);

/** Runs the target that it is told to. */
export function work(targets: readonly Target[]): void {
  parentPort!.on('message', (job: Job) => {
    // what is thrown here is a fault of the fuzzer itself: the handlers above would swallow it
    run(targets, job).then(tell, (error) =>
      tell({ name: job.name, inputs: 0, fault: String(error.stack) }),
    );
  });
}
