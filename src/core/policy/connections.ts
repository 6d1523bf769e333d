/**
 * The connections of this router and their copy in the kernel's forwarding cache. All changes of
 * state go through `move`; held packets leave, and the kernel learns the verdict, in one place.
 */

import type { ConnectionClass } from '../config/settings.js';
import type { Tunnel } from '../ike/daemon.js';
import type { HeldPacket, Kernel, PairVerdict } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import type { IpAddress } from '../net/address.js';
import type { Clock, Timers } from '../platform/platform.js';
import {
  type Connection,
  type ConnectionEvent,
  type Pair,
  pairKey,
  stateAfter,
} from './connection.js';
import type { ClassMatch } from './connection-class.js';
import { HeldPackets } from './held-packets.js';
import type { ConnectionKeeper } from './persist/connection-keeper.js';
import { verdictFor } from './verdict.js';

export interface ConnectionsEnvironment {
  keeper: Pick<ConnectionKeeper, 'settled' | 'changed' | 'removed'>;
  kernel: Pick<Kernel, 'remember' | 'forget'>;
  clock: Clock;
  timers: Timers;
  log: Logger;
}

/**
 * Most connections remembered, for a router with 64 MB: one takes about 3 KB under qjs on x86-64.
 * Above it the oldest verdict goes, and the next packet of its pair asks again.
 */
export const maxConnections = 3000;

/** Hosts behind one masqueraded address whose verdict is cached; a spoofer has 2^24 to offer. */
export const maxOrigins = 512;

export class Connections {
  private readonly byPair = new Map<string, Connection>();

  constructor(private readonly env: ConnectionsEnvironment) {}

  find(pair: Pair): Connection | undefined {
    return this.byPair.get(pairKey(pair));
  }

  all(): Connection[] {
    return [...this.byPair.values()];
  }

  /** `undefined` when the table is full of connections that can not go. */
  create(pair: Pair, match: ClassMatch): Connection | undefined {
    if (!this.makeRoom()) return undefined;
    const connection: Connection = {
      wan: pair.wan,
      source: pair.source,
      destination: pair.destination,
      class: match.class,
      section: match.section,
      state: 'nonexistent',
      why: '',
      outcome: undefined,
      isForgotten: false,
      sinceMs: this.env.clock.monotonicMs(),
      untilMs: 0,
      lookMs: 0,
      origins: new Map(),
      held: new HeldPackets(),
      attempt: undefined,
      tunnel: undefined,
      trust: undefined,
      foundBy: undefined,
      timer: undefined,
    };
    this.byPair.set(pairKey(pair), connection);
    return connection;
  }

  /** Changes the state by the table; a move that is not in it is our bug and is logged as such. */
  move(connection: Connection, event: ConnectionEvent, why: string): boolean {
    const to = stateAfter(connection.state, event);
    const pair = `${connection.source} to ${connection.destination}`;
    if (!to) {
      this.env.log.error(`${pair}: no move from ${connection.state} by '${event}'`);
      return false;
    }
    this.env.log.debug(`${pair}: ${connection.state} → ${to} (${event}): ${why}`);
    connection.state = to;
    connection.why = why;
    connection.sinceMs = this.env.clock.monotonicMs();
    return true;
  }

  /** Takes a packet of a source with this class: it waits while undecided, else it gets the verdict. */
  take(connection: Connection, packet: HeldPacket, of: ConnectionClass): void {
    const { origins } = connection;
    const isKnown = origins.has(packet.source);
    const isNoted = isKnown || origins.size < maxOrigins;
    if (isNoted) origins.set(packet.source, of);
    const verdict = verdictFor(connection, of);
    if (!verdict) connection.held.add(packet);
    else if (verdict === 'deny') packet.drop();
    else packet.release();
    if (isNoted) this.rememberOrigin(connection, packet.source);
    if (isNoted && !isKnown && verdict) this.env.keeper.changed(connection);
  }

  /**
   * Lets the packets go by the state just reached and tells the kernel, for `lifespanSeconds`. With a
   * pause the packets held so far wait that long, or until the connection is settled once more.
   */
  settle(connection: Connection, lifespanSeconds: number, pauseMs = 0): void {
    connection.attempt = undefined;
    connection.untilMs = this.env.clock.monotonicMs() + lifespanSeconds * 1000;
    this.env.keeper.settled(connection);
    if (pauseMs === 0 || connection.held.size === 0) this.letGo(connection);
    else this.env.timers.after(pauseMs, () => this.letGo(connection));
    for (const origin of connection.origins.keys()) this.rememberOrigin(connection, origin);
  }

  /** The packets held so far go by the state that the connection has. */
  letGo(connection: Connection): void {
    connection.held.settle((packet) => {
      const of = connection.origins.get(packet.source);
      return of !== undefined && verdictFor(connection, of) !== 'deny';
    });
  }

  /** Calls `run` when the state's time is up; an earlier appointment is dropped. */
  after(connection: Connection, seconds: number, run: () => void): void {
    connection.timer?.cancel();
    connection.timer = this.env.timers.after(seconds * 1000, run);
    connection.lookMs = this.env.clock.monotonicMs() + seconds * 1000;
    this.env.keeper.changed(connection);
  }

  /** Ends the instance: no timer, no packet and no cached verdict stays. */
  remove(connection: Connection, event: ConnectionEvent, why: string): void {
    if (!this.move(connection, event, why)) return;
    connection.isForgotten = event === 'forgotten';
    connection.timer?.cancel();
    connection.attempt = undefined;
    connection.held.dropAll();
    this.env.keeper.removed(connection);
    if (this.find(connection) === connection) this.byPair.delete(pairKey(connection));
    for (const origin of connection.origins.keys())
      this.report(this.env.kernel.forget(this.cacheEntry(connection, origin)));
  }

  /** What the kernel's cache says of all connections that are settled. */
  verdicts(): PairVerdict[] {
    return this.all().flatMap((connection) =>
      [...connection.origins.keys()].flatMap((origin) => this.verdictOn(connection, origin) ?? []),
    );
  }

  /** The kernel lost its cache: every verdict that still stands is written again. */
  rememberAll(): void {
    for (const connection of this.byPair.values())
      for (const origin of connection.origins.keys()) this.rememberOrigin(connection, origin);
  }

  /** The connection whose tunnel fits. */
  withTunnel(fits: (tunnel: Tunnel) => boolean): Connection | undefined {
    for (const each of this.byPair.values()) if (each.tunnel && fits(each.tunnel)) return each;
    return undefined;
  }

  /** Tunnels in all, or those with one peer. */
  tunnelCount(peer?: IpAddress): number {
    let count = 0;
    for (const { tunnel } of this.byPair.values())
      if (tunnel && (peer === undefined || tunnel.peer.address === peer)) count++;
    return count;
  }

  private cacheEntry(connection: Connection, origin: IpAddress) {
    return {
      wan: connection.wan,
      source: origin,
      destination: connection.destination,
      translatedSource: connection.source,
    };
  }

  private verdictOn(connection: Connection, origin: IpAddress): PairVerdict | undefined {
    const verdict = verdictFor(connection, connection.origins.get(origin)!);
    if (!verdict) return undefined;
    const leftMs = connection.untilMs - this.env.clock.monotonicMs();
    const lifespanSeconds = Math.max(1, Math.ceil(leftMs / 1000));
    return { ...this.cacheEntry(connection, origin), verdict, lifespanSeconds };
  }

  private rememberOrigin(connection: Connection, origin: IpAddress): void {
    const pair = this.verdictOn(connection, origin);
    if (pair) this.report(this.env.kernel.remember(pair));
  }

  /** Without the cache entry the next packet only asks again, so a failure is no reason to stop. */
  private report(work: Promise<void>): void {
    work.catch((error) => this.env.log.warning(`forwarding cache: ${String(error)}`));
  }

  /** Bounded memory: when full, the oldest settled connection without a tunnel makes room. */
  private makeRoom(): boolean {
    if (this.byPair.size < maxConnections) return true;
    for (const each of this.byPair.values()) {
      if (each.state !== 'clear' && each.state !== 'deny') continue;
      this.remove(each, 'forgotten', 'made room for a new connection');
      return true;
    }
    return false;
  }
}
