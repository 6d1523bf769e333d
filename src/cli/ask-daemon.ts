/** A request to the running daemon, with failures told in a sentence that says what to do next. */
import { ControlError, controlRequest } from '../core/control/client.js';
import type { ControlRequest } from '../core/control/protocol.js';
import type { CliContext } from './context.js';

export type Asked = { ok: true; result: unknown } | { ok: false; isRunning: boolean; why: string };

/** Never rejects. */
export async function askDaemon(context: CliContext, request: ControlRequest): Promise<Asked> {
  const { locations, network, timers } = context;
  try {
    const result = await controlRequest({ network, timers }, locations.socketPath, request);
    return { ok: true, result };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return { ok: false, isRunning: error.kind !== 'not running', why: sentence(error, context) };
  }
}

function sentence(error: ControlError, { locations }: CliContext): string {
  if (error.kind === 'refused') return `the daemon refused: ${error.message}`;
  if (error.kind === 'broken')
    return `the daemon gave no usable answer: ${error.message}; look at 'logread -e autoipsec'`;
  return (
    `the daemon is not running: switch it on with option enabled '1' in ${locations.configFile} ` +
    `and start it with 'service autoipsec start' (${error.message})`
  );
}
