/** `autoipsec forget ADDRESS`: an early retry by hand (SP-43). */
import type { IpAddress } from '../core/net/address.js';
import { askDaemon } from './ask-daemon.js';
import type { CliContext, ExitStatus } from './context.js';

/** What the daemon answers to `forget`. */
export interface ForgetResult {
  /** Connections to or from the address that were forgotten. */
  forgotten: number;
}

export async function forget(context: CliContext, address: IpAddress): Promise<ExitStatus> {
  const asked = await askDaemon(context, { command: 'forget', address });
  if (!asked.ok) {
    context.complain(asked.why);
    return 1;
  }
  const { forgotten } = asked.result as ForgetResult;
  const what = `${forgotten} connection${forgotten === 1 ? '' : 's'}`;
  context.print(
    forgotten > 0
      ? `forgot ${what} with ${address}: its next packet starts a fresh look-up\n`
      : `nothing was remembered about ${address}: its next packet starts a look-up anyway\n`,
  );
  return 0;
}
