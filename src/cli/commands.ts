/** From the command line to an exit status. */
import { type Command, type Locations, parseArguments } from './arguments.js';
import { autovpn } from './autovpn.js';
import { check } from './check.js';
import type { CliContext } from './context.js';
import { forget } from './forget.js';
import { records } from './records.js';
import { rekey } from './rekey.js';
import { status } from './status.js';
import { usage } from './usage.js';

/** Where the daemon finds its configuration and puts its control socket. */
export interface DaemonOptions extends Locations {
  version: string;
}

export interface CliParts {
  version: string;
  /** Standard output. */
  print(text: string): void;
  /** One line on standard error. */
  complain(line: string): void;
  /** Only called for commands that need it. */
  context(locations: Locations): CliContext;
  /** Runs until it is told to stop; resolves with the exit status. */
  daemon(options: DaemonOptions): Promise<number>;
}

/** Exit status for a wrong command line. */
const USAGE = 2;

function dispatch(parts: CliParts, command: Command, locations: Locations): Promise<number> {
  const context = () => parts.context(locations);
  switch (command.name) {
    case 'help':
      parts.print(usage);
      return Promise.resolve(0);
    case 'version':
      parts.print(`autoipsec ${parts.version}\n`);
      return Promise.resolve(0);
    case 'daemon':
      return parts.daemon({ ...locations, version: parts.version });
    case 'status':
      return status(context(), command.json);
    case 'forget':
      return forget(context(), command.address);
    case 'rekey':
      return rekey(context(), command);
    case 'records':
      return records(context(), command);
    case 'autovpn':
      return autovpn(context(), command.autovpn);
    case 'check':
      return check(context(), command.json);
  }
}

/** Runs one command line. Never rejects: a bug is told with its stack and ends in status 1. */
export async function runCommandLine(parts: CliParts, argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv);
  if (!parsed.ok) {
    parts.complain(`autoipsec: ${parsed.message}; 'autoipsec --help' tells more`);
    return USAGE;
  }
  try {
    return await dispatch(parts, parsed.command, parsed.locations);
  } catch (error) {
    parts.complain(`autoipsec: ${String((error as Error).message ?? error)}`);
    const { stack } = error as Error;
    if (stack) parts.complain(stack);
    return 1;
  }
}
