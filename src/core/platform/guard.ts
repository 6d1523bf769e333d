/**
 * Callbacks that the event loop runs go through a guard: what they throw is our bug, is logged with
 * its stack, and does not end the daemon.
 */
import type { LogSink } from './platform.js';

export type Guard = (run: () => void) => void;

export function createGuard(log: LogSink): Guard {
  return (run) => {
    try {
      run();
    } catch (error) {
      log.write('error', `bug: ${describe(error)}`);
    }
  };
}

/** Message and stack of anything thrown. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name}: ${error.message}\n${error.stack ?? ''}`.trimEnd();
}
