/** What a tunnel carried, told when it goes (OE-164). */
import type { InstalledSa } from '../kernel/child-sa.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Logger } from '../log.js';

interface FinalCountEnvironment {
  kernel: Pick<Kernel, 'use' | 'remove'>;
  log: Logger;
}

/**
 * Takes a tunnel out of the kernel, and logs its last counters. One that carried nothing, or whose
 * states the kernel has dropped already (hard limit), has none to tell.
 */
export async function removeAndCount(
  { kernel, log }: FinalCountEnvironment,
  installed: InstalledSa,
): Promise<void> {
  const use = await kernel.use(installed).catch(() => undefined);
  await kernel.remove(installed);
  if (!use || use.packetsIn + use.packetsOut === 0) return;
  const { ours, theirs } = installed.sa;
  const pair = `${ours.prefix.address} ↔ ${theirs.prefix.address}`;
  const came = `${use.bytesIn} bytes in ${use.packetsIn} packets came in`;
  const went = `${use.bytesOut} bytes in ${use.packetsOut} packets went out`;
  log.info(`${pair}: ${came}, ${went}`);
}
