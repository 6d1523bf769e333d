/** Keeps a file of metrics true while the service runs, where the settings name one. */
import { utf8 } from '../core/bytes/text.js';
import { metricsText } from '../core/control/metrics-text.js';
import type { StatusReport } from '../core/control/status.js';
import type { Logger } from '../core/log.js';
import type { Platform, Timer } from '../core/platform/platform.js';

/** Collectors look every 15 to 60 s; each look of ours asks the kernel about every tunnel. */
export const metricsSeconds = 30;

export class MetricsFile {
  private path = '';
  private timer: Timer | undefined;

  constructor(
    private readonly platform: Pick<Platform, 'files' | 'timers'>,
    private readonly log: Logger,
    private readonly report: () => Promise<StatusReport>,
  ) {}

  /** Writes to this file from now on, and to no other; empty: to none. */
  use(path: string): void {
    if (path === this.path) return;
    this.stop();
    this.path = path;
    if (path !== '') void this.write(path);
  }

  /** Numbers of a service that does not run would mislead: the file goes. */
  stop(): void {
    this.timer?.cancel();
    if (this.path !== '') this.platform.files.remove(this.path);
    this.path = '';
  }

  private async write(path: string): Promise<void> {
    const { files, timers } = this.platform;
    try {
      const text = metricsText(await this.report());
      if (path !== this.path) return;
      files.makeFolder(path.slice(0, path.lastIndexOf('/')), 0o755);
      files.writeAtomic(path, utf8(text), 0o644);
    } catch (error) {
      this.log.warning(`metrics: ${String((error as Error).message)}`);
    }
    if (path === this.path)
      this.timer = timers.after(metricsSeconds * 1000, () => void this.write(path));
  }
}
