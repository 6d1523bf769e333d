/** `Processes.run` on top of `spawn`, the same for every platform. */
import { concat } from '../bytes/bytes.js';
import type { Processes, RunResult } from './platform.js';

/** Runs a program to its end with `input` on standard input. Rejects when it can not be started. */
export function runToEnd(
  spawn: Processes['spawn'],
  argv: readonly string[],
  input?: Uint8Array,
): Promise<RunResult> {
  return new Promise((resolve) => {
    const output: Uint8Array[] = [];
    const errorOutput: Uint8Array[] = [];
    const child = spawn(argv, {
      output: (bytes) => output.push(bytes),
      errorOutput: (bytes) => errorOutput.push(bytes),
      exit: (status) =>
        resolve({ status, output: concat(...output), errorOutput: concat(...errorOutput) }),
    });
    if (input) child.write(input);
    child.closeInput();
  });
}
