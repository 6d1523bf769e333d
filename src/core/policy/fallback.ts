/**
 * What becomes of a pair whose peer a plugin knows, when no tunnel can be made with it: clear as the class
 * says, or blocked for a while because the plugin was told so.
 */
import type { Settings } from '../config/settings.js';
import type { Logger } from '../log.js';
import type { Connection, Pair } from './connection.js';
import { type ClassMatch, initiates } from './connection-class.js';
import type { Connections } from './connections.js';
import type { PolicyWan } from './wan.js';

interface FallbackEnvironment {
  log: Logger;
  table: Connections;
  settings(): Settings;
  wanNamed(name: string): PolicyWan | undefined;
}

export type Origins = Connection['origins'];

export class Fallback {
  constructor(private readonly env: FallbackEnvironment) {}

  /** No tunnel for the pair, or none any more. `origins`: sources before NAT that had it. */
  failed(
    plugin: string | undefined,
    pair: Pair,
    match: ClassMatch,
    origins: Origins,
    why: string,
  ): void {
    const { table, log } = this.env;
    const { plugins } = this.env.wanNamed(pair.wan) ?? {};
    if (!initiates(match.class) || plugins?.fallback(plugin, pair.destination) !== 'block') return;
    const known = table.find(pair);
    if (known?.tunnel || known?.attempt) return;
    if (known) table.remove(known, 'forgotten', 'its packets are blocked from now on');
    const connection = table.create(pair, match);
    if (!connection) return;
    for (const [source, of] of origins) connection.origins.set(source, of);
    connection.origins.set(pair.source, match.class);
    table.move(connection, 'class wants encryption', 'its peer is known');
    const reason = `no tunnel with a known peer (${why}), and clear is not allowed with it`;
    table.move(connection, 'failed closed', reason);
    log.warning(`${pair.source} → ${pair.destination}: blocked, ${reason}`);
    const seconds = this.env.settings().lifespans.silentSeconds;
    connection.outcome = 'refused';
    table.settle(connection, seconds);
    table.after(connection, seconds, () =>
      table.remove(connection, 'time is up', 'its time is up'),
    );
  }
}
