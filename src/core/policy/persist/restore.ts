/**
 * Connections of an earlier run that crashed: those stand again that the settings of now still allow,
 * whose tunnel is there or whose time is not up.
 */
import type { Tunnel } from '../../ike/daemon.js';
import type { Logger } from '../../log.js';
import type { Clock } from '../../platform/platform.js';
import type { Connection, Pair } from '../connection.js';
import type { ClassMatch } from '../connection-class.js';
import type { Connections } from '../connections.js';
import type { PolicyWan } from '../wan.js';
import type { SavedConnection } from './saved-connection.js';

export interface RestoreEnvironment {
  clock: Clock;
  log: Logger;
  table: Connections;
  wanNamed(name: string): PolicyWan | undefined;
  classFor(wan: PolicyWan, pair: Pick<Pair, 'source' | 'destination'>): ClassMatch;
  /** Looks after its lifespan again. */
  standsAgain(connection: Connection, leftSeconds: number): void;
}

/** Is every source that has the verdict of the same class as it was? */
function isAllowed(env: RestoreEnvironment, wan: PolicyWan, saved: SavedConnection): boolean {
  const { origins, destination } = saved;
  return origins.every(
    (origin) => env.classFor(wan, { source: origin.source, destination }).class === origin.class,
  );
}

/** Restores what can be; gives the tunnels that have no connection, and those that may have none. */
export function restoreConnections(
  env: RestoreEnvironment,
  saved: readonly SavedConnection[],
  tunnels: readonly Tunnel[],
): { orphans: Tunnel[]; unwanted: Tunnel[] } {
  const unwanted: Tunnel[] = [];
  const bySpi = new Map(tunnels.map((tunnel) => [tunnel.installed.sa.inbound.spi, tunnel]));
  const nowMs = env.clock.monotonicMs();
  let count = 0;
  for (const each of saved) {
    const wan = env.wanNamed(each.wan);
    const tunnel = each.spiIn === undefined ? undefined : bySpi.get(each.spiIn);
    const isLive = each.state === 'keyed' ? tunnel !== undefined : each.untilMs > nowMs;
    if (!isLive) continue;
    if (tunnel) bySpi.delete(tunnel.installed.sa.inbound.spi);
    const isWanted =
      wan &&
      // a pair has one connection: of a second one nothing would stop the timers
      !env.table.find(each) &&
      isAllowed(env, wan, each) &&
      (!tunnel || wan.addresses.includes(tunnel.installed.sa.local));
    const connection =
      isWanted && env.table.create(each, { class: each.class, section: each.section });
    if (!connection) {
      if (tunnel) unwanted.push(tunnel);
      continue;
    }
    const { state, why, outcome, sinceMs, untilMs, trust, foundBy } = each;
    Object.assign(connection, { state, why, outcome, sinceMs, untilMs, trust, foundBy, tunnel });
    for (const origin of each.origins) connection.origins.set(origin.source, origin.class);
    env.standsAgain(connection, Math.max(0, each.lookMs - nowMs) / 1000);
    count++;
  }
  if (count > 0) env.log.info(`${count} connections taken over`);
  return { orphans: [...bySpi.values()], unwanted };
}
