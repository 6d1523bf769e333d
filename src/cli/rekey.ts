/** `autoipsec rekey ADDRESS`: new keys now, without waiting for the lifetime of the old ones. */
import { printable } from '../core/bytes/text.js';
import type { IpAddress } from '../core/net/address.js';
import type { RekeyReport } from '../core/policy/rekey-by-hand.js';
import { askDaemon } from './ask-daemon.js';
import type { CliContext, ExitStatus } from './context.js';

export async function rekey(
  context: CliContext,
  { address, ike }: { address: IpAddress; ike: boolean },
): Promise<ExitStatus> {
  const asked = await askDaemon(context, { command: 'rekey', address, ike });
  if (!asked.ok) {
    context.complain(asked.why);
    return 1;
  }
  const { rekeyed, failures } = asked.result as RekeyReport;
  for (const failure of failures) context.complain(printable(failure, 300));
  const one = ike ? 'IKE SA' : 'tunnel';
  if (rekeyed + failures.length === 0) context.complain(`no tunnel with ${address}`);
  else context.print(`new keys for ${rekeyed} ${one}${rekeyed === 1 ? '' : 's'}\n`);
  return rekeyed > 0 && failures.length === 0 ? 0 : 1;
}
