/**
 * Whole routers in one process: UCI text, policy, `oe-dns` and the IKE daemon as the service puts
 * them together, on a memory network, with a kernel that only keeps a record and a DNS that is a
 * table.
 *
 *     const world = new RouterWorld();
 *     const sga = await world.router(places.sga);
 *     const sgb = await world.router(places.sgb);
 *     world.publishGateway(sgb);
 *     sga.send({ source: alice, destination: bob });
 *     await world.pass(100);
 */
import { loadSettings } from '../../src/core/config/load.js';
import type { Settings } from '../../src/core/config/settings.js';
import type { StatusReport } from '../../src/core/control/status.js';
import type { LookupResult } from '../../src/core/dns/resolver.js';
import { addressIdentity, fqdnIdentity } from '../../src/core/ike/identity.js';
import { createIkeDaemon, type FullIkeDaemon } from '../../src/core/ike/ike-daemon.js';
import type { IkeLimits } from '../../src/core/ike/limits.js';
import type { HoldRules, KernelEvents } from '../../src/core/kernel/kernel.js';
import { createLogger, type Logger } from '../../src/core/log.js';
import { address, type IpAddress, prefix, reverseName } from '../../src/core/net/address.js';
import { type PrivateKey, publicKeyOf } from '../../src/core/pki/private-key.js';
import type { PublicKey } from '../../src/core/pki/public-key.js';
import type { Timers } from '../../src/core/platform/platform.js';
import { StateFiles } from '../../src/core/platform/state-files.js';
import { PeerList } from '../../src/core/policy/persist/peer-list.js';
import { WanPlugins } from '../../src/core/policy/plugins.js';
import { createPolicy, type Policy } from '../../src/core/policy/policy.js';
import type { PolicyWan } from '../../src/core/policy/wan.js';
import { lifetimes } from '../../src/daemon/lifetimes.js';
import { statusReport } from '../../src/daemon/status-report.js';
import { plugins } from '../../src/plugins/index.js';
import { ed25519Key } from './keys.js';
import { countingRandom } from './list-random.js';
import type { MemoryHost } from './memory-host.js';
import { type Captured, MemoryNetwork } from './memory-network.js';
import { heldPacket, type RecordingKernel, recordingKernel } from './recording-kernel.js';
import { SteppedClock } from './stepped-clock.js';
import { answer, ipseckeyData, type TableResolver, tableResolver } from './table-resolver.js';
import { MemoryFiles } from './test-platform.js';

export interface Place {
  /** Addresses of the WAN; all of them belong to the machine from the start. */
  wan: string[];
  /** What is behind the router. */
  lan: string[];
}

/** The reference sites of the lab. */
export const places = {
  sga: { wan: ['198.18.0.1'], lan: ['198.18.1.0/24'] },
  sgb: { wan: ['198.18.0.2'], lan: ['198.18.2.0/24'] },
  sgc: { wan: ['198.18.0.3'], lan: ['198.18.3.0/24'] },
} satisfies Record<string, Place>;
export const alice = address('198.18.1.10');
export const bob = address('198.18.2.10');
export const carol = address('198.18.3.10');

type Options = Record<string, string | number>;

/** UCI options by section, as an administrator would write them. */
export interface Configuration {
  main?: Options;
  wan?: Options;
  policies?: Options[];
}

function uciText({ main = {}, wan = {}, policies = [] }: Configuration): string {
  const section = (head: string, options: Options) =>
    [
      `config ${head}`,
      ...Object.entries(options).map(([name, value]) => `\toption ${name} '${value}'`),
    ].join('\n');
  const enabled = { enabled: 1, interface: 'wan', device: 'wan', plugin: 'oe-dns' };
  return [
    section("autoipsec 'main'", { enabled: 1, ...main }),
    section('wan', { ...enabled, ...wan }),
    ...policies.map((each) => section('policy', each)),
  ].join('\n\n');
}

export function settingsFrom(configuration: Configuration): Settings {
  const loaded = loadSettings(uciText(configuration), '/etc/config/autoipsec', plugins);
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded.settings;
}

/** The recording kernel has no use for these. */
const noRules = {} as HoldRules;
const noEvents = {} as KernelEvents;

interface RouterOptions {
  /** One that was killed: its kernel, files and key are those of the new one. */
  after?: Router;
  configuration?: Configuration;
  key?: PrivateKey;
  limits?: Partial<IkeLimits>;
}

export class Router {
  readonly kernel: RecordingKernel;
  /** State files, in memory. */
  readonly files: MemoryFiles;
  readonly key: PrivateKey;
  isDead = false;
  readonly dns: TableResolver;
  readonly host: MemoryHost;
  readonly wan: PolicyWan;
  readonly policy: Policy;
  readonly ike: FullIkeDaemon;
  readonly publicKey: PublicKey;
  /** `level line`, of all levels. */
  readonly lines: string[] = [];
  /** Fates of the packets sent. */
  readonly fates: string[] = [];

  constructor(
    readonly world: RouterWorld,
    place: Place,
    options: RouterOptions,
  ) {
    const number = ++world.made;
    const settings = settingsFrom(options.configuration ?? {});
    const { after } = options;
    const key = after?.key ?? options.key ?? ed25519Key(number);
    this.key = key;
    this.kernel = after?.kernel ?? recordingKernel();
    this.files = after?.files ?? new MemoryFiles();
    this.publicKey = publicKeyOf(key);
    this.dns = tableResolver(world.zone, world.negativeTtlSeconds);
    const addresses = place.wan.map(address);
    this.host = world.network.hostOf(addresses[0]!) ?? world.network.host(...place.wan);
    this.kernel.ownSide.splice(0, Infinity, ...place.lan.map(prefix));
    const log = createLogger(
      { write: (level, line) => void this.lines.push(`${level} ${line}`) },
      () => 'debug',
    );
    this.wan = this.#wan(settings, addresses.slice(0, 1), log);
    const { clock } = world;
    const timers: Timers = {
      after: (ms, run) => clock.after(ms, () => (this.isDead ? undefined : run())),
    };
    const state = new StateFiles({
      ...{ files: this.files, clock, folder: '/run/state' },
      complain: (line) => this.lines.push(`refused ${line}`),
    });
    const parts = { kernel: this.kernel, clock, timers, settings, wans: [this.wan], state };
    const peers = new PeerList({ files: this.files, path: '/etc/autoipsec/peers', timers, log });
    this.policy = createPolicy({ ...parts, log: log.for('policy'), peers });
    this.ike = createIkeDaemon({
      network: this.host,
      clock,
      timers,
      state,
      random: countingRandom(number),
      log: log.for('ike'),
      owner: this.policy.owner,
      key,
      identity: (local) => {
        const { fqdn } = this.wan.settings;
        return fqdn ? fqdnIdentity(fqdn) : addressIdentity(local);
      },
      ...lifetimes(settings),
      readyKeyPairs: 0,
      limits: { livenessMs: 0, ...options.limits },
    });
    this.policy.useIke(this.ike);
  }

  get address(): IpAddress {
    return this.wan.addresses[0]!;
  }

  /** A packet of a host behind the router, or of the router itself. */
  send(packet: { source: string; destination: string; name?: string; port?: number }): void {
    this.policy.held(heldPacket(this.fates, packet));
  }

  /** States of the connections to one destination, or of all. */
  states(destination?: IpAddress): string[] {
    const all = this.policy.connections();
    return all
      .filter((each) => !destination || each.destination === destination)
      .map((each) => each.state);
  }

  status(): Promise<StatusReport> {
    const { clock } = this.world;
    return statusReport({
      version: 'test',
      nowSeconds: clock.wallSeconds(),
      nowMs: clock.monotonicMs(),
      startedSeconds: 0,
      kernel: this.kernel,
      wans: [this.wan],
      connections: this.policy.connections(),
      resolver: { servers: [], validates: 'unknown' },
      ike: this.ike.counters(),
      warnings: [],
    });
  }

  async stop(): Promise<void> {
    await this.ike.stop(1000);
    this.policy.stop();
  }

  #wan(settings: Settings, addresses: readonly IpAddress[], log: Logger): PolicyWan {
    const [wan] = settings.wans;
    const slots = plugins.map((plugin) => ({
      name: plugin.name,
      instance: plugin.create(
        {
          options: wan!.pluginOptions[plugin.name],
          wan: { name: 'wan', addresses: () => this.wan.addresses },
          dns: this.dns,
          clock: this.world.clock,
          timers: this.world.clock,
          log,
          random: countingRandom(3),
          path: this.kernel,
          open: (tunnel) => this.policy.ownTunnels.open(plugin.name, 'wan', tunnel),
          covered: (pair) => this.policy.ownTunnels.covered('wan', pair),
        },
        { stop: () => undefined },
      ),
      failure: '',
    }));
    const made = { name: 'wan', device: 'wan', index: 0, settings: wan!, addresses };
    return { ...made, plugins: new WanPlugins(slots, log) };
  }
}

export class RouterWorld {
  readonly clock = new SteppedClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly routers: Router[] = [];
  /** What the DNS says, by question; may change at any time. */
  readonly zone: Record<string, LookupResult> = {};
  /** Routers made so far: the key and the randomness of each are its own. */
  made = 0;

  constructor(readonly negativeTtlSeconds = 900) {
    this.network.path.delayMs = 10;
  }

  async router(place: Place, options: RouterOptions = {}): Promise<Router> {
    const router = new Router(this, place, options);
    this.routers.push(router);
    const tunnels = await router.ike.restore((...all) => router.kernel.adopt(...all));
    const pairs = router.policy.restore(tunnels);
    await router.kernel.start(noRules, noEvents, pairs);
    await router.ike.start();
    router.policy.resume();
    return router;
  }

  /** The daemon dies without a word; nothing that it had under way has an effect any more. */
  kill(router: Router): void {
    router.isDead = true;
    for (const socket of [...router.host.udpSockets]) socket.close();
    this.routers.splice(this.routers.indexOf(router), 1);
  }

  /** The next daemon on the machine of one that was killed. */
  respawn(dead: Router, place: Place, options: RouterOptions = {}): Promise<Router> {
    return this.router(place, { ...options, after: dead });
  }

  /** The gateway's key at its own address: it can call, and be called itself. */
  publishGateway(router: Router, keys: readonly PublicKey[] = [router.publicKey]): void {
    const records = keys.map((key) => ipseckeyData(10, { kind: 'none' }, key));
    this.zone[`IPSECKEY ${reverseName(router.address)}`] = answer(records);
  }

  /** The client names the router as its gateway, by address. */
  publishClient(client: IpAddress, router: Router, status: 'secure' | 'insecure' = 'secure'): void {
    const gateway = { kind: 'address', address: router.address } as const;
    const record = ipseckeyData(10, gateway, router.publicKey);
    this.zone[`IPSECKEY ${reverseName(client)}`] = answer([record], status);
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** IKE messages on the wire from packet `from` on: exchange type of each. */
  exchanges(from = 0): (number | undefined)[] {
    return this.ikePackets(from).map(({ bytes }) => bytes[18]);
  }

  ikePackets(from = 0): Captured[] {
    return this.network.captured.slice(from);
  }

  /** Stops one router, as time passes for all. */
  async end(router: Router): Promise<void> {
    this.routers.splice(this.routers.indexOf(router), 1);
    let isStopped = false;
    const stopped = () => {
      isStopped = true;
    };
    const stopping = router.stop();
    stopping.then(stopped, stopped);
    await this.clock.advanceUntil(() => isStopped, 60_000);
    await stopping;
  }

  async stop(): Promise<void> {
    for (const router of [...this.routers]) await this.end(router);
  }
}

/** Alice behind SG-A, Bob behind SG-B, all records of both published. */
export async function twoRouters(
  atA: RouterOptions = {},
  atB: RouterOptions = {},
): Promise<{ world: RouterWorld; sga: Router; sgb: Router }> {
  const world = new RouterWorld();
  const sga = await world.router(places.sga, atA);
  const sgb = await world.router(places.sgb, atB);
  for (const router of [sga, sgb]) world.publishGateway(router);
  world.publishClient(alice, sga);
  world.publishClient(bob, sgb);
  return { world, sga, sgb };
}
