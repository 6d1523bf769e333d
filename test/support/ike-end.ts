/**
 * One end of IKE for tests: a daemon on a host of the memory network, with an owner that writes down
 * what it is asked and told, and answers as the test wants.
 */
import type {
  AllowedTraffic,
  ClientResult,
  IkeOwner,
  KeysResult,
  PeerClaim,
  Tunnel,
  TunnelEnd,
} from '../../src/core/ike/daemon.js';
import {
  createIkeDaemon,
  type FullIkeDaemon,
  type IkeDaemonOptions,
} from '../../src/core/ike/ike-daemon.js';
import type { ChildSa, InstalledSa } from '../../src/core/kernel/child-sa.js';
import { createLogger } from '../../src/core/log.js';
import { address, hostPrefix, type IpAddress } from '../../src/core/net/address.js';
import type { PrivateKey } from '../../src/core/pki/private-key.js';
import { publicKeyOf } from '../../src/core/pki/private-key.js';
import type { PublicKey } from '../../src/core/pki/public-key.js';
import { ed25519Key } from './keys.js';
import { countingRandom } from './list-random.js';
import type { MemoryHost } from './memory-host.js';
import { MemoryNetwork } from './memory-network.js';
import { SteppedClock } from './stepped-clock.js';

export class IkeEnd {
  readonly daemon: FullIkeDaemon;
  readonly host: MemoryHost;
  readonly publicKey: PublicKey;
  /** Everything that happened at this end, in order. */
  readonly events: string[] = [];
  readonly lines: string[] = [];
  readonly installed: InstalledSa[] = [];
  readonly established: Tunnel[] = [];
  /** What can be received with only. */
  readonly staged = new Set<InstalledSa>();
  /** Those that were about to go. */
  readonly silenced: InstalledSa[] = [];
  /** What tunnels had after each rekey. */
  readonly rekeyed: InstalledSa[] = [];
  readonly ended: { tunnel: Tunnel; why: TunnelEnd }[] = [];
  /** Answers of the owner; a test may replace them. */
  keysFor: (claim: PeerClaim) => Promise<KeysResult>;
  authorize: (claim: Parameters<IkeOwner['authorize']>[0]) => Promise<ClientResult> = async () => ({
    ok: true,
  });
  allowedTraffic: AllowedTraffic | undefined;
  install: (sa: ChildSa) => Promise<void> = async () => undefined;
  activate: () => Promise<void> = async () => undefined;
  #nextReqid = 1;

  constructor(
    readonly world: IkeWorld,
    readonly address: IpAddress,
    readonly key: PrivateKey,
    options: Partial<IkeDaemonOptions>,
  ) {
    this.host = world.network.hostOf(address) ?? world.network.host(address);
    this.publicKey = publicKeyOf(key);
    this.keysFor = async (claim) => ({ ok: true, keys: [world.keyOf(claim.address)] });
    const sink = {
      write: (level: string, line: string) => void this.lines.push(`${level} ${line}`),
    };
    this.daemon = createIkeDaemon({
      network: this.host,
      clock: world.clock,
      timers: world.clock,
      random: countingRandom(world.ends.length + 7),
      log: createLogger(sink, () => 'debug'),
      key,
      lifetime: { softSeconds: 3600, hardSeconds: 4000 },
      readyKeyPairs: 0,
      limits: { livenessMs: 0, ...options.limits },
      owner: {
        keysFor: (claim) => this.keysFor(claim),
        authorize: (claim) => this.authorize(claim),
        allowedTraffic: () => this.allowedTraffic,
        install: (sa) => this.#install(sa),
        stage: (sa) => this.#stage(sa),
        activate: async (installed) => {
          await this.activate();
          this.#activate(installed);
        },
        stopSending: async (installed) => void this.silenced.push(installed),
        remove: async (installed, lingers) => this.#remove(installed, lingers),
        established: (tunnel) => {
          this.events.push('established');
          this.established.push(tunnel);
        },
        rekeyed: (tunnel) => {
          this.events.push('rekeyed');
          this.rekeyed.push(tunnel.installed);
        },
        ended: (tunnel, why) => {
          this.events.push(`ended ${why}`);
          this.ended.push({ tunnel, why });
        },
      },
      ...without(options, 'limits'),
    });
  }

  async #install(sa: ChildSa): Promise<InstalledSa> {
    this.events.push('install');
    await this.install(sa);
    this.events.push('installed');
    const installed = { reqid: this.#nextReqid++, sa };
    this.installed.push(installed);
    return installed;
  }

  async #stage(sa: ChildSa): Promise<InstalledSa> {
    const installed = await this.#install(sa);
    this.staged.add(installed);
    return installed;
  }

  #activate(installed: InstalledSa): void {
    this.events.push('activated');
    this.staged.delete(installed);
  }

  #remove(installed: InstalledSa, lingers: boolean): void {
    this.events.push(lingers ? 'removed, replaced' : 'removed');
    this.staged.delete(installed);
    const at = this.installed.findIndex((one) => one.reqid === installed.reqid);
    if (at >= 0) this.installed.splice(at, 1);
  }

  /** A tunnel from this gateway's own address to that of another end, or between other hosts. */
  wish(to: IkeEnd, more: { ours?: string; theirs?: string; patienceMs?: number } = {}) {
    return {
      local: this.address,
      remote: to.address,
      ours: hostPrefix(address(more.ours ?? this.address)),
      theirs: hostPrefix(address(more.theirs ?? to.address)),
      keys: [to.publicKey],
      patienceMs: more.patienceMs ?? 20_000,
    };
  }

  counter(name: string): number {
    return this.daemon.counters()[name] ?? -1;
  }
}

const without = (options: Partial<IkeDaemonOptions>, name: keyof IkeDaemonOptions) =>
  Object.fromEntries(Object.entries(options).filter(([key]) => key !== name));

/** A network with IKE daemons, 10 ms apart. */
export class IkeWorld {
  readonly clock = new SteppedClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly ends: IkeEnd[] = [];
  readonly vanished: IkeEnd[] = [];

  constructor() {
    this.network.path.delayMs = 10;
  }

  async add(
    at: string,
    options: Partial<IkeDaemonOptions> = {},
    key: PrivateKey = ed25519Key(this.ends.length + 1),
  ): Promise<IkeEnd> {
    const end = new IkeEnd(this, address(at), key, options);
    this.ends.push(end);
    await end.daemon.start();
    return end;
  }

  /** The daemon at an address vanishes without a word, and a new one takes its place. */
  async restart(old: IkeEnd): Promise<IkeEnd> {
    old.host.udpSockets.splice(0);
    const fresh = new IkeEnd(this, old.address, old.key, {});
    this.ends[this.ends.indexOf(old)] = fresh;
    this.vanished.push(old);
    await fresh.daemon.start();
    return fresh;
  }

  keyOf(of: IpAddress): PublicKey {
    return this.ends.find((end) => end.address === of)!.publicKey;
  }

  /** Lets time pass until a promise has a value. */
  async until<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
    let done = false;
    const finished = () => {
      done = true;
    };
    promise.then(finished, finished);
    await this.clock.advanceUntil(() => done, limitMs);
    return promise;
  }

  async stop(): Promise<void> {
    await this.until(Promise.all(this.ends.map((end) => end.daemon.stop(1000))));
  }
}

/** Two gateways with default settings, left the initiator of most tests. */
export async function twoEnds(
  left: Partial<IkeDaemonOptions> = {},
  right: Partial<IkeDaemonOptions> = {},
): Promise<{ world: IkeWorld; left: IkeEnd; right: IkeEnd }> {
  const world = new IkeWorld();
  return {
    world,
    left: await world.add('192.0.2.1', left),
    right: await world.add('198.51.100.1', right),
  };
}
