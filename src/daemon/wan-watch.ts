/** What changes on the WANs while the service runs: their addresses, and whether they are up. */
import type { Settings } from '../core/config/settings.js';
import type { Kernel } from '../core/kernel/kernel.js';
import type { Logger } from '../core/log.js';
import type { Platform, Timer } from '../core/platform/platform.js';
import type { PolicyWan } from '../core/policy/wan.js';
import { wanDevice } from './parts.js';
import { refreshWans } from './wans.js';

/** The kernel tells when addresses change; in case it ever does not, we look ourselves. */
const refreshSeconds = 60;

export interface WanWatch {
  /** Looks now. */
  look(): void;
  stop(): void;
}

/** Addresses come and go with the line; `changed` is told after the WANs know them. */
export function watchAddresses(
  wans: readonly PolicyWan[],
  kernel: Pick<Kernel, 'deviceAddresses'>,
  timers: Platform['timers'],
  log: Logger,
  changed: () => void,
): WanWatch {
  let stopped = false;
  let timer: Timer | undefined;
  let looking: Promise<void> = Promise.resolve();

  function wait(): void {
    timer?.cancel();
    if (!stopped) timer = timers.after(refreshSeconds * 1000, look);
  }

  async function refresh(): Promise<void> {
    const others = stopped ? [] : await refreshWans(wans, kernel);
    if (others.length > 0) changed();
    for (const wan of others)
      log.info(`WAN ${wan.name} (${wan.device}) has ${wan.addresses.join(', ') || 'no address'}`);
  }

  /** One after the other: each sees what changed until it begins. */
  function look(): void {
    looking = looking
      .then(refresh)
      .catch((error) => log.warning(`addresses of the WANs: ${String(error)}`))
      .finally(wait);
  }

  wait();
  return {
    look,
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}

/** True when an interface came up, went down or got another device since the service started. */
export async function devicesChanged(
  settings: Settings,
  wans: readonly PolicyWan[],
  processes: Platform['processes'],
): Promise<boolean> {
  const now = await Promise.all(settings.wans.map((wan) => wanDevice(wan, processes)));
  const running = settings.wans.map(
    (wan) => wans.find((each) => each.name === wan.interface)?.device ?? '',
  );
  return now.join() !== running.join();
}
