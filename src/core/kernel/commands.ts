/** Runs `ip` and `nft` to their end; text in, text out. */
import { fromUtf8, printable, utf8 } from '../bytes/text.js';
import type { Processes } from '../platform/platform.js';

/** A command that failed, with what it said. */
export class CommandError extends Error {
  constructor(
    argv: readonly string[],
    readonly status: number,
    readonly said: string,
  ) {
    super(`${argv.join(' ')}: ${said || `ended with status ${status}`}`);
  }
}

/** What the command printed. Rejects with a `CommandError` when it fails or can not be started. */
export async function runText(
  processes: Processes,
  argv: readonly string[],
  input?: string,
): Promise<string> {
  let result: Awaited<ReturnType<Processes['run']>>;
  try {
    result = await processes.run(argv, input === undefined ? undefined : utf8(input));
  } catch (error) {
    throw new CommandError(argv, 127, String(error));
  }
  if (result.status === 0) return fromUtf8(result.output);
  const said = fromUtf8(result.errorOutput)
    .trim()
    .replace(/\s*\n\s*/g, '; ');
  throw new CommandError(argv, result.status, printable(said, 300));
}
