/**
 * The test function of every unit test, in Node and in qjs: uvu, plus one line per test on standard
 * output (`ok NAME`, `not ok NAME`), from which the verdict and docs/conformance.md are made.
 */
import { test as uvuTest } from 'uvu';

export * as assert from 'uvu/assert';

export function test(name: string, run: () => void | Promise<void>): void {
  uvuTest(name, async () => {
    try {
      await run();
    } catch (error) {
      console.log(`not ok ${name}`);
      throw error;
    }
    console.log(`ok ${name}`);
  });
}

/** A test that can not run here, with the reason; it counts as skipped and is listed. */
export function skip(name: string, reason: string): void {
  console.log(`skip ${name} # ${reason}`);
}
