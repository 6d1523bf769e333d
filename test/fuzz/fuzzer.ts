/** Runs one target: corpus first, then mutations of seeds and of inputs with a new outcome. */
import { mutateBytes } from './bytes.js';
import { Dice, hashOf } from './dice.js';
import { Kept } from './kept.js';
import type { Target } from './target.js';

export interface Plan {
  seed: number;
  inputs: number;
  /** Of the clock that `nowMs` reads; no end when absent. */
  untilMs?: number;
}

export interface Hooks {
  nowMs(): number;
  /** Before each input, for whoever watches over hangs. */
  begin(input: Uint8Array): void;
  /** Errors that nobody has caught since it was last asked. */
  takeUncaught(): unknown;
  /** Bytes in use after a collection of garbage; 0 when it is not known. */
  memory(): number;
}

export interface Failure {
  input: Uint8Array;
  /** Position in the run; 0 for the corpus. */
  number: number;
  error: string;
}

export interface Report {
  name: string;
  inputs: number;
  /** Different outcomes. */
  outcomes: number;
  milliseconds: number;
  slowestMs: number;
  /** Bytes more in use at the end than after the first tenth. */
  growth: number;
  /** The same since half of the inputs: what has levelled off does not grow here. */
  lateGrowth: number;
  failure?: Failure;
}

/** Different outcomes that are told apart; the rest is more of the same. */
const MOST_OUTCOMES = 2000;

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);

/** What went wrong with one input; its outcome otherwise. */
async function attempt(
  target: Target,
  input: Uint8Array,
  hooks: Hooks,
): Promise<{ outcome: string } | { error: string }> {
  hooks.begin(input);
  try {
    const result = target.run(input);
    const outcome = typeof result === 'string' ? result : await result;
    const uncaught = hooks.takeUncaught();
    return uncaught === undefined ? { outcome } : { error: `uncaught ${describe(uncaught)}` };
  } catch (error) {
    return { error: describe(error) };
  }
}

/** A short run says nothing of memory, and looking takes time. */
const LEAST_MEASURED_MS = 10_000;

/** How much of a run is over, by inputs or by time: 0 to 1. */
function partDone(plan: Plan, number: number, startMs: number, nowMs: number): number {
  const lastsMs = plan.untilMs === undefined ? 0 : plan.untilMs - startMs;
  const byTime = lastsMs >= LEAST_MEASURED_MS ? (nowMs - startMs) / lastsMs : 0;
  return Math.max(number / plan.inputs, byTime);
}

export class Fuzzer {
  #seeds: readonly Uint8Array[] = [];
  readonly #kept = new Kept();
  /** Hashes: long words of ours would look like memory that the target keeps. */
  readonly #outcomes = new Set<number>();
  #slowestMs = 0;

  constructor(
    private readonly target: Target,
    private readonly hooks: Hooks,
  ) {}

  async run(corpus: readonly Uint8Array[], plan: Plan): Promise<Report> {
    const startMs = this.hooks.nowMs();
    let done = 0;
    /** After the first tenth, and after half. */
    const heap: number[] = [];
    const since = (bytes?: number) => (bytes === undefined ? 0 : this.hooks.memory() - bytes);
    const report = (failure?: Failure): Report => ({
      name: this.target.name,
      inputs: done,
      outcomes: this.#outcomes.size,
      milliseconds: this.hooks.nowMs() - startMs,
      slowestMs: this.#slowestMs,
      growth: since(heap[0]),
      lateGrowth: since(heap[1]),
      ...(failure && { failure }),
    });
    const { seeds } = this.target;
    this.#seeds = typeof seeds === 'function' ? await seeds() : seeds;
    for (const input of [...corpus, ...this.#seeds]) {
      const failure = await this.#one(input, 0);
      if (failure) return report(failure);
    }
    const nameHash = hashOf(this.target.name);
    const marks = [0.1, 0.5];
    for (let number = 1; number <= plan.inputs; number++) {
      if (plan.untilMs !== undefined && this.hooks.nowMs() >= plan.untilMs) break;
      const failure = await this.#one(this.#make(new Dice(plan.seed, nameHash, number)), number);
      done = number;
      if (failure) return report(failure);
      if (partDone(plan, number, startMs, this.hooks.nowMs()) >= (marks[0] ?? 2)) {
        marks.shift();
        heap.push(this.hooks.memory());
      }
    }
    try {
      await this.target.end?.();
    } catch (error) {
      return report({ input: new Uint8Array(0), number: done, error: describe(error) });
    }
    return report();
  }

  async #one(input: Uint8Array, number: number): Promise<Failure | undefined> {
    const startMs = this.hooks.nowMs();
    const result = await attempt(this.target, input, this.hooks);
    this.#slowestMs = Math.max(this.#slowestMs, this.hooks.nowMs() - startMs);
    if ('error' in result) {
      const least = await this.#minimise(input, result.error);
      return { input: least, number, error: result.error };
    }
    if (this.#outcomes.size < MOST_OUTCOMES) this.#note(hashOf(result.outcome), input, number > 0);
    return undefined;
  }

  #note(outcome: number, input: Uint8Array, isNew: boolean): void {
    if (this.#outcomes.has(outcome)) return;
    this.#outcomes.add(outcome);
    if (isNew) this.#kept.add(input);
  }

  #make(dice: Dice): Uint8Array {
    const { mutate, isStructured = false } = this.target;
    const seeds = this.#seeds;
    const isKept = this.#kept.length > 0 && dice.oneIn(2);
    const base = isKept ? this.#kept.at(dice.below(this.#kept.length)) : dice.pick(seeds);
    const other = dice.pick(seeds);
    return mutate && (isStructured || !dice.oneIn(3))
      ? mutate(base, dice, other)
      : mutateBytes(base, dice, other);
  }

  /** Takes pieces out as long as the same error comes. */
  async #minimise(input: Uint8Array, error: string): Promise<Uint8Array> {
    const kindOf = (text: string) => text.split('\n', 1)[0]!.replace(/\d+/g, '#');
    let least = input;
    let tries = 2000;
    for (let size = least.length >> 1; size >= 1; size >>= 1)
      for (let at = 0; at < least.length && tries > 0; tries--) {
        const cut = new Uint8Array(least.length - Math.min(size, least.length - at));
        cut.set(least.subarray(0, at));
        cut.set(least.subarray(at + size), at);
        const result = await attempt(this.target, cut, this.hooks);
        if ('error' in result && kindOf(result.error) === kindOf(error)) least = cut;
        else at += size;
      }
    return least;
  }
}
