/**
 * Tunnels of connections: which one a connection has, and what follows when one comes up, comes late,
 * is renewed or ends (§3.2.6, §3.3.2).
 */
import type { Settings } from '../config/settings.js';
import type { IkeDaemon, RekeyResult, Tunnel, TunnelEnd } from '../ike/daemon.js';
import type { HeldPacket } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import type { Clock } from '../platform/platform.js';
import { type AttemptResult, attempt } from './attempt.js';
import type { Closing } from './closing.js';
import type { Connection, Pair } from './connection.js';
import { accepts, type ClassMatch } from './connection-class.js';
import type { Connections } from './connections.js';
import type { Fallback } from './fallback.js';
import { winner } from './precedence.js';
import type { UseWatch } from './use-watch.js';
import type { PolicyWan } from './wan.js';

/**
 * A peer that keys has its states in the kernel only some time after our answer. Packets of ours that
 * were held for an attempt of our own would come too early and be lost.
 */
const installPauseMs = 500;
/**
 * Where an attempt of our own is under way with it, its end tells better: the peer has the states of
 * that tunnel before we have. It is a busy one, so it gets more time for the other.
 */
const crossingPauseMs = 3000;

interface TunnelKeeperEnvironment {
  clock: Clock;
  log: Logger;
  wans: readonly PolicyWan[];
  table: Connections;
  closing: Closing;
  useWatch: UseWatch;
  fallback: Fallback;
  ike(): IkeDaemon;
  settings(): Settings;
  classFor(wan: PolicyWan, pair: Pick<Pair, 'source' | 'destination'>): ClassMatch;
  wanNamed(name: string): PolicyWan | undefined;
  /** What becomes of a packet that has no verdict yet. */
  decide(packet: HeldPacket): void;
}

export class TunnelKeeper {
  constructor(private readonly env: TunnelKeeperEnvironment) {}

  /** A tunnel of this connection is up: ours, or the peer's. */
  keyed(
    connection: Connection,
    tunnel: Tunnel,
    event: 'tunnel is up' | 'peer keyed',
    grant: { trust: Connection['trust']; plugin: string; why: string },
  ): void {
    const old = connection.tunnel;
    if (old === tunnel) return;
    const ageSeconds = (this.env.clock.monotonicMs() - connection.sinceMs) / 1000;
    if (old && winner(old, tunnel, ageSeconds) === old) {
      this.env.closing.yieldTo(tunnel);
      if (tunnel.role === 'initiator') this.env.table.letGo(connection);
      return;
    }
    const peerPauseMs = connection.state === 'pending' ? crossingPauseMs : installPauseMs;
    this.env.table.move(connection, event, grant.why);
    connection.tunnel = tunnel;
    // RFC 7619 §3: whoever gave no proof is nobody in particular, whatever was known of the address
    connection.trust = tunnel.peer.proof === 'null' ? 'unauthenticated' : grant.trust;
    connection.foundBy = grant.plugin;
    this.knowOnWan(connection);
    const pauseMs = event === 'peer keyed' ? peerPauseMs : 0;
    this.env.table.settle(connection, this.env.settings().saHardSeconds, pauseMs);
    this.env.useWatch.watch(connection);
    if (old) this.env.closing.yieldTo(old);
  }

  /** The pair as it is on the WAN has a verdict too: the guard behind NAT goes by it. */
  private knowOnWan(connection: Connection): void {
    const { origins, source } = connection;
    const wan = this.env.wanNamed(connection.wan);
    if (wan && !origins.has(source)) origins.set(source, this.env.classFor(wan, connection).class);
  }

  /**
   * A tunnel that came up after its attempt was overtaken by the peer's, or forgotten. The peer may
   * have deleted its own by now, as the one that loses; and a pair that asks again may be waiting for
   * this very tunnel.
   */
  late(asker: Connection, result: AttemptResult & { kind: 'keyed' }): void {
    const known = this.env.table.find(asker);
    const isWanted = known ? known.state === 'keyed' || known.attempt : !asker.isForgotten;
    const connection = isWanted && (known ?? this.env.table.create(asker, asker));
    if (connection) this.keyed(connection, result.tunnel, 'tunnel is up', result);
    else this.env.closing.close(result.tunnel);
  }

  /** A peer set up a tunnel with us as responder. */
  fromPeer(
    tunnel: Tunnel,
    grant: { trust: Connection['trust']; plugin: string; why: string },
  ): void {
    const { sa } = tunnel.installed;
    const wan = this.env.wans.find((each) => each.addresses.includes(sa.local));
    const connection =
      wan &&
      this.findOrCreate(wan, {
        wan: wan.name,
        source: sa.ours.prefix.address,
        destination: sa.theirs.prefix.address,
      });
    if (connection) this.keyed(connection, tunnel, 'peer keyed', grant);
    else this.env.closing.close(tunnel);
  }

  /**
   * A tunnel of an earlier run that ended before its connection was kept. Its peer is proven; by whom it
   * was vouched for is not known any more.
   */
  ofNobody(tunnel: Tunnel): void {
    const { local, ours, theirs } = tunnel.installed.sa;
    const pair = { source: ours.prefix.address, destination: theirs.prefix.address };
    const wan = this.env.wans.find((each) => each.addresses.includes(local));
    const why = 'it stood before a restart';
    if (wan && accepts(this.env.classFor(wan, pair).class))
      this.fromPeer(tunnel, { trust: 'unauthenticated', plugin: '', why });
    else this.env.closing.close(tunnel);
  }

  private findOrCreate(wan: PolicyWan, pair: Pair): Connection | undefined {
    return this.env.table.find(pair) ?? this.env.table.create(pair, this.env.classFor(wan, pair));
  }

  ended(tunnel: Tunnel, why: TunnelEnd): void {
    const connection = this.env.table.withTunnel((each) => each === tunnel);
    if (!connection) return;
    this.env.log.info(
      `${connection.source} → ${connection.destination}: no longer encrypted, ${why}`,
    );
    connection.tunnel = undefined;
    // Packets may still wait for the peer to be ready; they ask anew, and find an attempt of ours
    const waiting = connection.held.takeAll();
    this.env.table.remove(connection, 'tunnel ended', why);
    // What both ends have ended in order may be made anew; this could not be held
    if (why === 'peer is dead')
      this.env.fallback.failed(connection.foundBy, connection, connection, connection.origins, why);
    for (const packet of waiting) this.env.decide(packet);
  }

  /** It goes on with the keys of another Child SA, and so does the kernel's verdict. */
  rekeyed(tunnel: Tunnel): void {
    const connection = this.env.table.withTunnel((each) => each === tunnel);
    if (connection) this.env.table.settle(connection, this.env.settings().saHardSeconds);
  }

  /** A fresh tunnel beside the old one, which then yields to it. */
  async replace(connection: Connection, wan: PolicyWan): Promise<RekeyResult> {
    if (connection.attempt) return { ok: false, why: 'something else is being tried' };
    const token = {};
    connection.attempt = token;
    const env = {
      ike: this.env.ike(),
      settings: this.env.settings(),
      gatewayFound: () => undefined,
    };
    const result = await attempt(env, wan, connection);
    if (connection.attempt === token) connection.attempt = undefined;
    if (result.kind !== 'keyed') return { ok: false, why: result.why };
    this.late(connection, result);
    return { ok: true };
  }
}
