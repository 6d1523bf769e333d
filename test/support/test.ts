/**
 * The test function of every unit test, in Node and in qjs: uvu, plus one line per test on standard
 * output (`ok NAME`, `not ok NAME`), from which the verdict and docs/conformance.md are made. Lines
 * `# file NAME` tell where a crash happened.
 */
import { test as uvuTest } from 'uvu';

export * as assert from 'uvu/assert';

/** Set by the runner before each test file is loaded. */
const scope = globalThis as { testFile?: string };
let running: string | undefined;

export function test(name: string, run: () => void | Promise<void>): void {
  const file = scope.testFile;
  uvuTest(name, async () => {
    if (running !== file) console.log(`\n# file ${file}`);
    running = file;
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
