/**
 * The policy engine: what happens to a packet that asks, to a peer that calls, and to a tunnel that
 * ends. It decides; `ike` negotiates, `kernel` forwards, plugins know who is out there.
 */
import type { Settings } from '../config/settings.js';
import type { IkeDaemon, IkeOwner, Tunnel, TunnelEnd } from '../ike/daemon.js';
import type { InstalledSa } from '../kernel/child-sa.js';
import type { HeldPacket, Kernel } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import type { IpAddress } from '../net/address.js';
import type { Clock, Timers } from '../platform/platform.js';
import { type AttemptResult, attempt } from './attempt.js';
import type { Connection, Pair } from './connection.js';
import { classOf, initiates } from './connection-class.js';
import { Connections } from './connections.js';
import { firstLifespanSeconds, isInUse, nextLifespanSeconds } from './lifespan.js';
import { simultaneousSeconds, winner } from './precedence.js';
import { createResponder } from './responder.js';
import type { PolicyWan } from './wan.js';

/** A pair covered by someone else's IPsec policy is looked at again after this time. */
const configuredSeconds = 60;

export interface PolicyEnvironment {
  kernel: Kernel;
  clock: Clock;
  timers: Timers;
  log: Logger;
  settings: Settings;
  wans: readonly PolicyWan[];
}

export interface Policy {
  /** What the IKE daemon asks; the daemon is made with it, then handed back by `useIke`. */
  readonly owner: IkeOwner;
  useIke(ike: IkeDaemon): void;
  held(packet: HeldPacket): void;
  expired(sa: InstalledSa, kind: 'soft' | 'hard'): void;
  cacheLost(): void;
  /** Clears all memory of an address (SP-43). Gives the number of connections that went. */
  forget(address: IpAddress): Promise<number>;
  connections(): readonly Connection[];
  /** New settings; connections whose class changed are decided anew. */
  update(settings: Settings): void;
  stop(): void;
}

export function createPolicy(env: PolicyEnvironment): Policy {
  return new PolicyEngine(env);
}

class PolicyEngine implements Policy {
  private readonly table: Connections;
  private ike!: IkeDaemon;
  private settings: Settings;
  readonly owner: IkeOwner;

  constructor(private readonly env: PolicyEnvironment) {
    this.settings = env.settings;
    this.table = new Connections(env);
    const responder = createResponder({
      log: env.log,
      kernel: env.kernel,
      settings: () => this.settings,
      wans: env.wans,
    });
    this.owner = {
      keysFor: (claim) => responder.keysFor(claim),
      authorize: (claim) => responder.authorize(claim),
      install: (sa) => env.kernel.install(sa),
      remove: (sa) => env.kernel.remove(sa),
      established: (tunnel) =>
        this.peerKeyed(tunnel, responder.grantOf(tunnel.peer.identity, tunnel.peer.address)),
      ended: (tunnel, why) => this.tunnelEnded(tunnel, why),
    };
  }

  useIke(ike: IkeDaemon): void {
    this.ike = ike;
  }

  held(packet: HeldPacket): void {
    this.decide(packet).catch((error) => {
      this.env.log.error(`packet to ${packet.destination} dropped: ${String(error)}`);
      packet.drop();
    });
  }

  connections(): readonly Connection[] {
    return this.table.all();
  }

  cacheLost(): void {
    this.table.rememberAll();
  }

  update(settings: Settings): void {
    this.settings = settings;
    for (const connection of this.table.all()) {
      const wan = this.wanNamed(connection.wan);
      const match = wan && classOf(settings.policies, wan.settings.defaultClass, connection);
      if (match?.class === connection.class) continue;
      this.drop(connection, 'the policy for this address changed');
    }
  }

  async forget(address: IpAddress): Promise<number> {
    for (const wan of this.env.wans) wan.plugins.forget(address);
    const affected = this.table
      .all()
      .filter((each) => each.destination === address || each.source === address);
    for (const connection of affected) this.drop(connection, 'forgotten by hand');
    return affected.length;
  }

  stop(): void {
    for (const connection of this.table.all())
      this.table.remove(connection, 'forgotten', 'the service stops');
    for (const wan of this.env.wans) wan.plugins.stop();
  }

  expired(sa: InstalledSa, kind: 'soft' | 'hard'): void {
    const connection = this.table.all().find((each) => each.tunnel?.installed === sa);
    if (kind === 'hard') this.ike.expired(sa);
    else if (connection?.tunnel?.role === 'initiator') this.renew(connection);
  }

  private async decide(packet: HeldPacket): Promise<void> {
    const wan = this.wanNamed(packet.wan);
    if (!wan) return packet.drop();
    const source = await this.env.kernel.translate(packet);
    const pair: Pair = { wan: wan.name, source, destination: packet.destination };
    const known = this.table.find(pair);
    if (known) return this.table.take(known, packet);
    const match = classOf(this.settings.policies, wan.settings.defaultClass, {
      source: packet.source,
      destination: packet.destination,
    });
    const connection = this.table.create(pair, match);
    this.begin(connection, wan, packet);
  }

  /** First packet of a pair: the class says whether there is anything to find out (OE-30, OE-31). */
  private begin(connection: Connection, wan: PolicyWan, packet: HeldPacket): void {
    const named = `policy '${connection.section}' says so`;
    connection.origins.add(packet.source);
    connection.held.add(packet);
    if (connection.class === 'deny') {
      this.table.move(connection, 'class is deny', named);
      this.stay(connection, this.settings.lifespans.noRecordSeconds);
    } else if (!initiates(connection.class)) {
      this.table.move(connection, 'class is clear', named);
      this.stay(connection, this.settings.lifespans.noRecordSeconds);
    } else {
      this.table.move(connection, 'class wants encryption', 'looking for a gateway');
      void this.tryToKey(connection, wan);
    }
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
        ike: this.ike,
        settings: this.settings,
        gatewayFound: (why) => {
          if (connection.attempt === token) this.table.move(connection, 'gateway found', why);
        },
      },
      wan,
      connection,
    );
    if (connection.attempt === token) this.conclude(connection, result);
    else if (result.kind === 'keyed') this.lateTunnel(connection, result);
  }

  private leaveToOthers(connection: Connection): void {
    const why = 'another IPsec policy on this router covers the pair; it is not touched';
    this.table.move(connection, 'failed open', why);
    this.stay(connection, configuredSeconds);
  }

  private conclude(connection: Connection, result: AttemptResult): void {
    if (result.kind === 'keyed') {
      this.keyed(connection, result.tunnel, 'tunnel is up', result);
      return;
    }
    // OE-24, OE-37
    const closed = result.kind === 'refused' || connection.class === 'oe-paranoid';
    this.table.move(connection, closed ? 'failed closed' : 'failed open', result.why);
    const line = `${connection.source} → ${connection.destination}: ${closed ? 'blocked' : 'clear'}, ${result.why}`;
    if (result.kind === 'refused') this.env.log.warning(line);
    else this.env.log.info(line);
    this.stay(connection, result.lifespanSeconds);
  }

  /** Clear and deny stand until their time is up, and nothing else ends them (OE-32). */
  private stay(connection: Connection, seconds: number): void {
    this.table.settle(connection, seconds);
    this.table.after(connection, seconds, () =>
      this.table.remove(connection, 'time is up', 'its time is up'),
    );
  }

  private keyed(
    connection: Connection,
    tunnel: Tunnel,
    event: 'tunnel is up' | 'peer keyed',
    grant: { trust: Connection['trust']; plugin: string; why: string },
  ): void {
    const old = connection.tunnel;
    const age = this.env.clock.wallSeconds() - connection.sinceSeconds;
    if (old && winner(old, tunnel, age) === old) {
      this.yieldTo(tunnel);
      return;
    }
    this.table.move(connection, event, grant.why);
    connection.tunnel = tunnel;
    connection.trust = grant.trust;
    connection.foundBy = grant.plugin;
    this.table.settle(connection, this.settings.saHardSeconds);
    this.watch(connection, firstLifespanSeconds);
    if (old) this.yieldTo(old);
  }

  /**
   * The tunnel that lost is deleted by the end that started it. The other end waits for that delete,
   * but not for ever: a peer that was restarted knows nothing of its old tunnel.
   */
  private yieldTo(loser: Tunnel): void {
    if (loser.role === 'initiator') void this.ike.close(loser);
    else this.env.timers.after(2 * simultaneousSeconds * 1000, () => void this.ike.close(loser));
  }

  /** A tunnel that came up after its attempt was overtaken by the peer's, or forgotten. */
  private lateTunnel(connection: Connection, result: AttemptResult & { kind: 'keyed' }): void {
    if (this.table.find(connection) === connection && connection.state === 'keyed')
      this.keyed(connection, result.tunnel, 'tunnel is up', result);
    else void this.ike.close(result.tunnel);
  }

  private peerKeyed(
    tunnel: Tunnel,
    grant: { trust: Connection['trust']; plugin: string; why: string },
  ): void {
    const { sa } = tunnel.installed;
    const wan = this.env.wans.find((each) => each.addresses.includes(sa.local));
    if (!wan) {
      void this.ike.close(tunnel);
      return;
    }
    const pair: Pair = {
      wan: wan.name,
      source: sa.ours.prefix.address,
      destination: sa.theirs.prefix.address,
    };
    const known = this.table.find(pair);
    const match = classOf(this.settings.policies, wan.settings.defaultClass, pair);
    this.keyed(known ?? this.table.create(pair, match), tunnel, 'peer keyed', grant);
  }

  private tunnelEnded(tunnel: Tunnel, why: TunnelEnd): void {
    const connection = this.table.byTunnel(tunnel);
    if (!connection) return;
    this.env.log.info(
      `${connection.source} → ${connection.destination}: no longer encrypted, ${why}`,
    );
    connection.tunnel = undefined;
    this.table.remove(connection, 'tunnel ended', why);
  }

  /** OE-121, OE-122: at the end of a lifespan, recent use keeps the tunnel. */
  private watch(connection: Connection, seconds: number): void {
    this.table.after(connection, seconds, () => {
      const tunnel = connection.tunnel;
      if (!tunnel) return;
      this.env.kernel
        .use(tunnel.installed)
        .then((use) => {
          if (connection.tunnel !== tunnel) return;
          if (isInUse(use, this.env.clock.wallSeconds()))
            this.watch(connection, nextLifespanSeconds);
          else void this.ike.close(tunnel);
        })
        .catch((error) => this.env.log.warning(`last use of a tunnel: ${String(error)}`));
    });
  }

  /** Before the keys end: a fresh tunnel beside the old one, which then yields to it. */
  private renew(connection: Connection): void {
    const wan = this.wanNamed(connection.wan);
    if (wan) void this.tryToKeyAgain(connection, wan);
  }

  private async tryToKeyAgain(connection: Connection, wan: PolicyWan): Promise<void> {
    const settings = this.settings;
    const env = { ike: this.ike, settings, gatewayFound: () => undefined };
    const result = await attempt(env, wan, connection);
    if (result.kind === 'keyed') this.lateTunnel(connection, result);
    else this.env.log.warning(`${connection.destination}: no new keys yet, ${result.why}`);
  }

  private drop(connection: Connection, why: string): void {
    const tunnel = connection.tunnel;
    connection.tunnel = undefined;
    this.table.remove(connection, 'forgotten', why);
    if (tunnel) void this.ike.close(tunnel);
  }

  private wanNamed(name: string): PolicyWan | undefined {
    return this.env.wans.find((wan) => wan.name === name);
  }
}
