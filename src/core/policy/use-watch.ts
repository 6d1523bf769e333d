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
  private readonly watched = new WeakSet<Connection>();

  constructor(private readonly env: UseWatchEnvironment) {}

  /**
   * Looks at the connection's tunnel after the first lifespan, and again for as long as it is in use.
   * A tunnel that takes the place of another goes on with its lifespan (OE-124).
   */
  watch(connection: Connection): void {
    if (!this.watched.has(connection)) this.lookAfter(connection, firstLifespanSeconds);
  }

  /** A connection of an earlier run: its first look comes when it would have come. */
  watchAgain(connection: Connection, seconds: number): void {
    this.lookAfter(connection, seconds);
  }

  private lookAfter(connection: Connection, seconds: number): void {
    this.watched.add(connection);
    this.env.table.after(connection, seconds, () => {
      this.look(connection).catch((error) => {
        this.env.log.warning(`last use of a tunnel: ${String(error)}`);
        if (connection.tunnel) this.lookAfter(connection, firstLifespanSeconds);
      });
    });
  }

  private async look(connection: Connection): Promise<void> {
    const { tunnel } = connection;
    if (!tunnel) return;
    const use = await this.env.kernel.use(tunnel.installed);
    if (connection.tunnel !== tunnel) {
      // renewed meanwhile: the fresh one has the look that this one had
      if (connection.tunnel) await this.look(connection);
    } else if (isInUse(use, this.env.clock.wallSeconds())) {
      this.lookAfter(connection, nextLifespanSeconds);
    } else {
      this.watched.delete(connection);
      this.env.closing.close(tunnel);
    }
  }
}
