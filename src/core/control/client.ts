/** The command line's end of the control channel: one request, one response. */
import { printable } from '../bytes/text.js';
import type { Network } from '../net/network.js';
import type { Timers } from '../platform/platform.js';
import { jsonLine, LineReader, maxResponseBytes, parseJsonLine } from './lines.js';
import { asControlResponse, type ControlRequest } from './protocol.js';

/** How a request failed: nobody listens, the daemon said no, or the talk broke off. */
export class ControlError extends Error {
  constructor(
    readonly kind: 'not running' | 'refused' | 'broken',
    message: string,
  ) {
    super(message);
  }
}

export interface ControlClientParts {
  network: Pick<Network, 'connectLocal'>;
  timers: Timers;
}

/** A command that asks the kernel about thousands of tunnels takes its time. */
export const responsePatienceMs = 30_000;

/** Sends one request to the daemon at `path`. Gives its result; rejects with a `ControlError`. */
export async function controlRequest(
  { network, timers }: ControlClientParts,
  path: string,
  request: ControlRequest,
): Promise<unknown> {
  const reader = new LineReader(maxResponseBytes);
  let settle: (line: string) => void = () => undefined;
  let fail: (error: ControlError) => void = () => undefined;
  const response = new Promise<string>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  // It may fail while the connection is still being made, when nobody waits for it yet
  response.catch(() => undefined);
  const broken = (why: string) => fail(new ControlError('broken', why));
  const connection = await network
    .connectLocal(path, {
      data: (bytes) => {
        const lines = reader.push(bytes);
        if (!lines) broken('the answer is too long');
        else if (lines[0] !== undefined) settle(lines[0]);
      },
      close: (reason) =>
        broken(reason ? `the daemon is gone: ${reason}` : 'the daemon closed without an answer'),
    })
    .catch((error: unknown) => {
      throw new ControlError('not running', printable(String((error as Error).message)));
    });
  const patience = timers.after(responsePatienceMs, () =>
    broken(`no answer within ${responsePatienceMs / 1000} seconds`),
  );
  try {
    connection.send(jsonLine(request));
    return resultOf(await response);
  } finally {
    patience.cancel();
    connection.close();
  }
}

function resultOf(line: string): unknown {
  const response = asControlResponse(parseJsonLine(line));
  if (!response) throw new ControlError('broken', 'the answer is none of this program');
  if (!response.ok) throw new ControlError('refused', response.error);
  return response.result;
}
