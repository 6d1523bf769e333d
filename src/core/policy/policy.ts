/**
 * The policy engine: what happens to a packet that asks, to a peer that calls, and to a tunnel that
 * ends. It decides; `ike` negotiates, `kernel` forwards, plugins know who is out there.
 */
import type { Settings } from '../config/settings.js';
import type { IkeDaemon, IkeOwner, Tunnel } from '../ike/daemon.js';
import type { InstalledSa } from '../kernel/child-sa.js';
import type { HeldPacket, Kernel, PairVerdict } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import type { IpAddress } from '../net/address.js';
import type { Clock, Timers } from '../platform/platform.js';
import type { StateFiles } from '../platform/state-files.js';
import { Closing } from './closing.js';
import type { Connection, Pair } from './connection.js';
import { type ClassMatch, classOf, initiates } from './connection-class.js';
import { Connections } from './connections.js';
import { Fallback } from './fallback.js';
import { removeAndCount } from './final-count.js';
import { Keying } from './keying.js';
import { OwnTunnels } from './own-tunnels.js';
import { ConnectionKeeper } from './persist/connection-keeper.js';
import type { Peer, PeerList } from './persist/peer-list.js';
import { restoreConnections } from './persist/restore.js';
import { type RekeyReport, rekeyByHand } from './rekey-by-hand.js';
import { Renewal } from './renewal.js';
import { createResponder } from './responder.js';
import { TunnelKeeper } from './tunnel-keeper.js';
import { UseWatch } from './use-watch.js';
import { answers } from './verdict.js';
import type { PolicyWan } from './wan.js';

export interface PolicyEnvironment {
  kernel: Kernel;
  clock: Clock;
  timers: Timers;
  log: Logger;
  settings: Settings;
  wans: readonly PolicyWan[];
  /** Where connections are kept for the next run after a crash; nowhere when absent. */
  state?: StateFiles;
  /** The list of peers that outlives a reboot. */
  peers?: PeerList;
}

export interface Policy {
  /** What the IKE daemon asks; the daemon is made with it, then handed back by `useIke`. */
  readonly owner: IkeOwner;
  useIke(ike: IkeDaemon): void;
  /**
   * Takes over the connections of an earlier run that crashed; `tunnels` are those that stand. Gives
   * what the kernel shall know of them. To be called before any packet comes.
   */
  restore(tunnels: readonly Tunnel[]): readonly PairVerdict[];
  /** Kernel and IKE run: what `restore` could not settle without them. */
  resume(): void;
  held(packet: HeldPacket): void;
  expired(sa: InstalledSa, kind: 'soft' | 'hard'): void;
  cacheLost(): void;
  /** Clears all memory of an address (SP-43). Gives the number of connections that went. */
  forget(address: IpAddress): Promise<number>;
  /** New keys now for the tunnels with an address, or for the IKE SAs that carry them. */
  rekey(address: IpAddress, ofIke: boolean): Promise<RekeyReport>;
  connections(): readonly Connection[];
  /** Tunnels that plugins begin by themselves. */
  readonly ownTunnels: OwnTunnels;
  /** Tunnels from an address that a WAN no longer has carry nothing: their pairs are decided anew. */
  addressesChanged(): void;
  /** New settings; connections whose class changed are decided anew. */
  update(settings: Settings): void;
  stop(): void;
}

export function createPolicy(env: PolicyEnvironment): Policy {
  return new PolicyEngine(env);
}

class PolicyEngine implements Policy {
  private readonly table: Connections;
  private readonly closing: Closing;
  private readonly tunnels: TunnelKeeper;
  private readonly useWatch: UseWatch;
  private readonly keeper: ConnectionKeeper;
  private readonly renewal: Renewal;
  private readonly keying: Keying;
  readonly ownTunnels: OwnTunnels;
  private ike!: IkeDaemon;
  private isStopped = false;
  /** Tunnels of an earlier run without a connection, and those that settings of now forbid. */
  private leftOver: ReturnType<typeof restoreConnections> = { orphans: [], unwanted: [] };
  private settings: Settings;
  readonly owner: IkeOwner;

  constructor(private readonly env: PolicyEnvironment) {
    this.settings = env.settings;
    this.keeper = new ConnectionKeeper(env.state, env.timers);
    this.table = new Connections({ ...env, keeper: this.keeping() });
    this.closing = new Closing({ ...env, ike: () => this.ike });
    const { table, closing } = this;
    this.useWatch = new UseWatch({ ...env, table, closing });
    const fallback = new Fallback({
      ...env,
      table,
      settings: () => this.settings,
      wanNamed: (name) => this.wanNamed(name),
    });
    this.tunnels = new TunnelKeeper({
      ...env,
      table,
      closing,
      fallback,
      useWatch: this.useWatch,
      ike: () => this.ike,
      settings: () => this.settings,
      classFor: (wan, pair) => this.classFor(wan, pair),
      wanNamed: (name) => this.wanNamed(name),
      decide: (packet) => this.held(packet),
    });
    this.keying = new Keying({
      ...env,
      table,
      tunnels: this.tunnels,
      ike: () => this.ike,
      settings: () => this.settings,
    });
    this.ownTunnels = new OwnTunnels({
      ...env,
      table,
      closing,
      fallback,
      tunnels: this.tunnels,
      ike: () => this.ike,
      settings: () => this.settings,
      classFor: (wan, pair) => this.classFor(wan, pair),
      wanNamed: (name) => this.wanNamed(name),
      drop: (connection, why) => this.drop(connection, why),
    });
    const responder = createResponder({
      log: env.log,
      kernel: env.kernel,
      table: this.table,
      settings: () => this.settings,
      wans: env.wans,
    });
    this.renewal = new Renewal({
      ...env,
      ike: () => this.ike,
      wanNamed: (name) => this.wanNamed(name),
      authorize: (claim) => responder.authorize(claim),
      replace: (connection, wan) => this.tunnels.replace(connection, wan),
    });
    this.owner = {
      called: (peer) => responder.called(peer),
      keysFor: (claim) => responder.keysFor(claim),
      authorize: (claim) => responder.authorize(claim),
      install: (sa) => env.kernel.install(sa),
      stage: (sa) => env.kernel.stage(sa),
      activate: (sa) => env.kernel.activate(sa),
      stopSending: (sa) => env.kernel.stopSending(sa),
      remove: async (sa, lingers) => {
        if (lingers) await this.closing.drained();
        await removeAndCount(env, sa);
      },
      rekeyed: (tunnel) => this.tunnels.rekeyed(tunnel),
      established: (tunnel) =>
        this.tunnels.fromPeer(tunnel, responder.grantOf(tunnel.peer.identity, tunnel.peer.address)),
      ended: (tunnel, why) => this.tunnels.ended(tunnel, why),
    };
  }

  useIke(ike: IkeDaemon): void {
    this.ike = ike;
  }

  /** Whatever happens to a connection is kept for a crash, and its gateway for a reboot. */
  private keeping(): Pick<ConnectionKeeper, 'settled' | 'changed' | 'removed'> {
    const { keeper, env } = this;
    const peersChanged = () => env.peers?.changed(() => this.table.all());
    return {
      settled: (connection) => {
        keeper.settled(connection);
        if (connection.tunnel) peersChanged();
      },
      changed: (connection) => keeper.changed(connection),
      removed: (connection) => {
        keeper.removed(connection);
        peersChanged();
      },
    };
  }

  restore(tunnels: readonly Tunnel[]): readonly PairVerdict[] {
    const { log } = this.env;
    const env = {
      ...this.env,
      table: this.table,
      wanNamed: (name: string) => this.wanNamed(name),
      classFor: (...of: Parameters<PolicyEngine['classFor']>) => this.classFor(...of),
      standsAgain: (connection: Connection, seconds: number) => this.watch(connection, seconds),
    };
    const saved = this.keeper.read((line) => log.warning(line));
    this.leftOver = restoreConnections(env, saved, tunnels);
    return this.table.verdicts();
  }

  resume(): void {
    for (const peer of this.env.peers?.read() ?? []) this.call(peer);
    const { orphans, unwanted } = this.leftOver;
    for (const tunnel of unwanted) this.closing.close(tunnel);
    for (const tunnel of orphans) this.tunnels.ofNobody(tunnel);
    this.leftOver = { orphans: [], unwanted: [] };
  }

  /** OE-151: a peer from before a reboot; a fresh tunnel tells it that the earlier ones are gone. */
  private call(peer: Peer): void {
    const wan = this.wanNamed(peer.wan);
    const isThere = this.table.tunnelCount(peer.gateway) > 0 || this.table.find(peer);
    if (!wan || isThere || !wan.addresses.length) return;
    const match = this.classFor(wan, peer);
    const connection = initiates(match.class) ? this.table.create(peer, match) : undefined;
    if (connection) this.keying.begin(connection, wan);
  }

  /** Looks after a connection of an earlier run. */
  private watch(connection: Connection, seconds: number): void {
    if (connection.tunnel) this.useWatch.watchAgain(connection, seconds);
    else
      this.table.after(connection, seconds, () =>
        this.table.remove(connection, 'time is up', 'its time is up'),
      );
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
      const { destination } = connection;
      const isAsBefore = [...connection.origins].every(
        ([source, of]) => wan && this.classFor(wan, { source, destination }).class === of,
      );
      if (!isAsBefore) this.drop(connection, 'the policy for this address changed');
    }
  }

  addressesChanged(): void {
    for (const connection of this.table.all()) {
      const local = connection.tunnel?.installed.sa.local;
      if (local && !this.wanNamed(connection.wan)?.addresses.includes(local))
        this.drop(connection, `${local} is no longer our address`);
    }
  }

  rekey(address: IpAddress, ofIke: boolean): Promise<RekeyReport> {
    return rekeyByHand(this.ike, this.table.all(), address, ofIke);
  }

  async forget(address: IpAddress): Promise<number> {
    for (const wan of this.env.wans) wan.plugins.forget(address);
    const affected = this.table
      .all()
      .filter((each) => [each.destination, each.source, ...each.origins.keys()].includes(address));
    for (const connection of affected) this.drop(connection, 'forgotten by hand');
    return affected.length;
  }

  stop(): void {
    this.isStopped = true;
    this.closing.stop();
    this.renewal.stop();
    for (const connection of this.table.all())
      this.table.remove(connection, 'forgotten', 'the service stops');
    this.keeper.stop();
    this.env.peers?.stop();
    for (const wan of this.env.wans) wan.plugins.stop();
  }

  expired(sa: InstalledSa, kind: 'soft' | 'hard'): void {
    const connection = this.table.withTunnel((tunnel) => tunnel.installed === sa);
    if (kind === 'hard') this.ike.expired(sa);
    else if (connection) this.renewal.begin(connection);
  }

  private async decide(packet: HeldPacket): Promise<void> {
    const wan = this.wanNamed(packet.wan);
    const source = await this.env.kernel.translate(packet);
    if (!wan || this.isStopped) return packet.drop();
    const pair: Pair = { wan: wan.name, source, destination: packet.destination };
    const match = this.classFor(wan, packet);
    const known = this.table.find(pair);
    if (known && answers(known, match.class)) return this.table.take(known, packet, match.class);
    if (known) this.table.remove(known, 'forgotten', 'another host behind NAT may encrypt');
    const connection = this.table.create(pair, match);
    if (!connection) return packet.drop();
    this.table.take(connection, packet, match.class);
    this.keying.begin(connection, wan);
  }

  private drop(connection: Connection, why: string): void {
    const tunnel = connection.tunnel;
    connection.tunnel = undefined;
    this.table.remove(connection, 'forgotten', why);
    if (tunnel) this.closing.close(tunnel);
  }

  private classFor(wan: PolicyWan, pair: Pick<Pair, 'source' | 'destination'>): ClassMatch {
    return classOf(this.settings.policies, wan.settings.defaultClass, pair);
  }

  private wanNamed(name: string): PolicyWan | undefined {
    return this.env.wans.find((wan) => wan.name === name);
  }
}
