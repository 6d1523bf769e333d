/**
 * The connections of this router and their copy in the kernel's forwarding cache. All changes of
 * state go through `move`; held packets leave, and the kernel learns the verdict, in one place.
 */
import type { Tunnel } from '../ike/daemon.js';
import type { HeldPacket, Kernel, Verdict } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import type { IpAddress } from '../net/address.js';
import type { Clock, Timers } from '../platform/platform.js';
import {
  type Connection,
  type ConnectionEvent,
  type ConnectionState,
  type Pair,
  pairKey,
  stateAfter,
} from './connection.js';
import type { ClassMatch } from './connection-class.js';
import { HeldPackets } from './held-packets.js';

export interface ConnectionsEnvironment {
  kernel: Pick<Kernel, 'remember' | 'forget'>;
  clock: Clock;
  timers: Timers;
  log: Logger;
}

/** Most connections remembered; above it the kernel still forwards, and the oldest verdict goes. */
export const maxConnections = 20_000;

const verdictOf: Partial<Record<ConnectionState, Verdict>> = {
  clear: 'pass',
  deny: 'deny',
  keyed: 'encrypt',
};

export class Connections {
  private readonly byPair = new Map<string, Connection>();

  constructor(private readonly env: ConnectionsEnvironment) {}

  find(pair: Pair): Connection | undefined {
    return this.byPair.get(pairKey(pair));
  }

  all(): Connection[] {
    return [...this.byPair.values()];
  }

  create(pair: Pair, match: ClassMatch): Connection {
    const connection: Connection = {
      wan: pair.wan,
      source: pair.source,
      destination: pair.destination,
      class: match.class,
      section: match.section,
      state: 'nonexistent',
      why: '',
      sinceSeconds: this.env.clock.wallSeconds(),
      untilSeconds: 0,
      origins: new Set(),
      held: new HeldPackets(),
      attempt: undefined,
      tunnel: undefined,
      trust: undefined,
      foundBy: undefined,
      timer: undefined,
    };
    this.makeRoom();
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
    connection.sinceSeconds = this.env.clock.wallSeconds();
    return true;
  }

  /** Takes a packet: it waits while undecided, else it gets the verdict that stands. */
  take(connection: Connection, packet: HeldPacket): void {
    const verdict = verdictOf[connection.state];
    if (!verdict) {
      connection.origins.add(packet.source);
      connection.held.add(packet);
      return;
    }
    if (verdict === 'deny') packet.drop();
    else packet.release();
    connection.origins.add(packet.source);
    this.rememberOrigin(connection, packet.source, verdict);
  }

  /** Lets the packets go by the state just reached and tells the kernel, for `lifespanSeconds`. */
  settle(connection: Connection, lifespanSeconds: number): void {
    const verdict = verdictOf[connection.state];
    if (!verdict) return;
    connection.attempt = undefined;
    connection.untilSeconds = this.env.clock.wallSeconds() + lifespanSeconds;
    if (verdict === 'deny') connection.held.dropAll();
    else connection.held.releaseAll();
    connection.origins.add(connection.source);
    for (const origin of connection.origins) this.rememberOrigin(connection, origin, verdict);
  }

  /** Calls `run` when the state's time is up; an earlier appointment is dropped. */
  after(connection: Connection, seconds: number, run: () => void): void {
    connection.timer?.cancel();
    connection.timer = this.env.timers.after(seconds * 1000, run);
  }

  /** Ends the instance: no timer, no packet and no cached verdict stays. */
  remove(connection: Connection, event: ConnectionEvent, why: string): void {
    if (!this.move(connection, event, why)) return;
    connection.timer?.cancel();
    connection.attempt = undefined;
    connection.held.dropAll();
    if (this.find(connection) === connection) this.byPair.delete(pairKey(connection));
    for (const origin of connection.origins)
      this.report(this.env.kernel.forget(this.cacheEntry(connection, origin)));
  }

  /** The kernel lost its cache: every verdict that still stands is written again. */
  rememberAll(): void {
    for (const connection of this.byPair.values()) {
      const verdict = verdictOf[connection.state];
      if (!verdict) continue;
      for (const origin of connection.origins) this.rememberOrigin(connection, origin, verdict);
    }
  }

  byTunnel(tunnel: Tunnel): Connection | undefined {
    return this.all().find((connection) => connection.tunnel === tunnel);
  }

  private cacheEntry(connection: Connection, origin: IpAddress) {
    return {
      wan: connection.wan,
      source: origin,
      destination: connection.destination,
      translatedSource: connection.source,
    };
  }

  private rememberOrigin(connection: Connection, origin: IpAddress, verdict: Verdict): void {
    const left = connection.untilSeconds - this.env.clock.wallSeconds();
    const entry = this.cacheEntry(connection, origin);
    const lifespanSeconds = Math.max(1, Math.ceil(left));
    this.report(this.env.kernel.remember({ ...entry, verdict, lifespanSeconds }));
  }

  /** Without the cache entry the next packet only asks again, so a failure is no reason to stop. */
  private report(work: Promise<void>): void {
    work.catch((error) => this.env.log.warning(`forwarding cache: ${String(error)}`));
  }

  /** Bounded memory: when full, the oldest settled connection without a tunnel makes room. */
  private makeRoom(): void {
    if (this.byPair.size < maxConnections) return;
    const oldest = this.all().find((each) => each.state === 'clear' || each.state === 'deny');
    if (oldest) this.remove(oldest, 'forgotten', 'made room for a new connection');
  }
}
