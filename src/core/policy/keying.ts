/**
 * What becomes of a connection that nothing is known of: its class first, then an attempt to key it, then
 * the verdict that stands for a while.
 */
import type { Settings } from '../config/settings.js';
import type { IkeDaemon } from '../ike/daemon.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import { type AttemptResult, attempt, unknownSeconds } from './attempt.js';
import type { Connection, Outcome } from './connection.js';
import { classReason, initiates } from './connection-class.js';
import type { Connections } from './connections.js';
import type { TunnelKeeper } from './tunnel-keeper.js';
import type { PolicyWan } from './wan.js';

/** A pair covered by someone else's IPsec policy is looked at again after this time. */
const configuredSeconds = 60;

interface KeyingEnvironment {
  kernel: Pick<Kernel, 'isConfigured'>;
  log: Logger;
  table: Connections;
  tunnels: Pick<TunnelKeeper, 'keyed' | 'late'>;
  ike(): IkeDaemon;
  settings(): Settings;
}

export class Keying {
  constructor(private readonly env: KeyingEnvironment) {}

  /** First packet of a pair: the class says whether there is anything to find out (OE-30, OE-31). */
  begin(connection: Connection, wan: PolicyWan): void {
    const named = classReason(connection);
    if (connection.class === 'deny') {
      this.env.table.move(connection, 'class is deny', named);
      this.stay(connection, this.env.settings().lifespans.noRecordSeconds);
    } else if (!initiates(connection.class)) {
      this.env.table.move(connection, 'class is clear', named);
      this.stay(connection, this.env.settings().lifespans.noRecordSeconds);
    } else {
      this.env.table.move(connection, 'class wants encryption', 'looking for a gateway');
      this.tryToKey(connection, wan).catch((error) => this.stuck(connection, error));
    }
  }

  /** OE-39: whatever goes wrong inside ends by class, never in a stuck hold. */
  private stuck(connection: Connection, error: unknown): void {
    const why = `internal error: ${String(error)}`;
    this.env.log.error(`${connection.source} → ${connection.destination}: ${why}`);
    if (connection.attempt)
      this.conclude(connection, { kind: 'failed', why, lifespanSeconds: unknownSeconds });
  }

  private async tryToKey(connection: Connection, wan: PolicyWan): Promise<void> {
    const token = {};
    connection.attempt = token;
    // SP-1: a configured tunnel comes first and is none of our business
    if (await this.env.kernel.isConfigured(connection.source, connection.destination)) {
      if (connection.attempt === token) this.leaveToOthers(connection);
      return;
    }
    const result = await attempt(
      {
        ike: this.env.ike(),
        settings: this.env.settings(),
        gatewayFound: (why) => {
          if (connection.attempt === token) this.env.table.move(connection, 'gateway found', why);
        },
      },
      wan,
      connection,
    );
    if (connection.attempt === token) this.conclude(connection, result);
    else if (result.kind === 'keyed') this.env.tunnels.late(connection, result);
  }

  private leaveToOthers(connection: Connection): void {
    const why = 'another IPsec policy on this router covers the pair; it is not touched';
    this.env.table.move(connection, 'failed open', why);
    this.stay(connection, configuredSeconds, 'configured');
  }

  private conclude(connection: Connection, result: AttemptResult): void {
    if (result.kind === 'keyed') {
      this.env.tunnels.keyed(connection, result.tunnel, 'tunnel is up', result);
      return;
    }
    // OE-24, OE-37
    const closed = result.kind === 'refused' || connection.class === 'oe-paranoid';
    this.env.table.move(connection, closed ? 'failed closed' : 'failed open', result.why);
    const line = `${connection.source} → ${connection.destination}: ${closed ? 'blocked' : 'clear'}, ${result.why}`;
    if (result.kind === 'refused') this.env.log.warning(line);
    else if (result.isRoutine) this.env.log.debug(line);
    else this.env.log.info(line);
    this.stay(connection, result.lifespanSeconds, result.kind);
  }

  /** Clear and deny stand until their time is up, and nothing else ends them (OE-32). */
  private stay(connection: Connection, seconds: number, outcome?: Outcome): void {
    connection.outcome = outcome;
    this.env.table.settle(connection, seconds);
    this.env.table.after(connection, seconds, () =>
      this.env.table.remove(connection, 'time is up', 'its time is up'),
    );
  }
}
