/** What the programs of the bench share: a clock, and a line of JSON for each result. */

declare global {
  /** Set by cpu-qjs.js or cpu-node.js. */
  var cpuMs: () => number;
  /** Memory of this process, after a collection of garbage. */
  var residentKilobytes: () => number;
}

/** Milliseconds that this program has computed; without such a count in the kernel, wall time. */
export function now(): number {
  const used = globalThis.cpuMs();
  return used > 0 ? used : Date.now();
}

export function report(value: Record<string, unknown>): void {
  console.log(JSON.stringify(value));
}

/** How often `work` can be done in a second: tried for `forMs`, after one time for warming up. */
export function perSecond(work: () => void, forMs: number): number {
  work();
  const begin = now();
  let count = 0;
  let elapsed = 0;
  for (let batch = 1; elapsed < forMs; batch *= 2) {
    for (let i = 0; i < batch; i++) work();
    count += batch;
    elapsed = now() - begin;
  }
  return (count * 1000) / elapsed;
}
