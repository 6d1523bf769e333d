/** OE-121, OE-122: at the end of a tunnel's lifespan, recent use keeps it; else it is closed. */
import type { Kernel } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import type { Clock } from '../platform/platform.js';
import type { Closing } from './closing.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { firstLifespanSeconds, isInUse, nextLifespanSeconds } from './lifespan.js';

interface UseWatchEnvironment {
  kernel: Pick<Kernel, 'use'>;
  clock: Clock;
  log: Logger;
  table: Connections;
  closing: Closing;
}

export class UseWatch {
  constructor(private readonly env: UseWatchEnvironment) {}

  /** Looks at the connection's tunnel after the time, and again for as long as it is in use. */
  start(connection: Connection, seconds = firstLifespanSeconds): void {
    this.env.table.after(connection, seconds, () => {
      this.look(connection).catch((error) => {
        this.env.log.warning(`last use of a tunnel: ${String(error)}`);
        if (connection.tunnel) this.start(connection);
      });
    });
  }

  private async look(connection: Connection): Promise<void> {
    const { tunnel } = connection;
    if (!tunnel) return;
    const use = await this.env.kernel.use(tunnel.installed);
    if (connection.tunnel !== tunnel) return;
    if (isInUse(use, this.env.clock.wallSeconds())) this.start(connection, nextLifespanSeconds);
    else this.env.closing.close(tunnel);
  }
}
