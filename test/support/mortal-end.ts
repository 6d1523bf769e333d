/**
 * An end of IKE whose daemon can be killed at any step: at each message it gets or sends, each file it
 * writes and each thing it asks of its owner. What a dead daemon still does has no effect. The next one
 * starts from the state files and from what the kernel has, as after a `kill -9`.
 */
import { toHex } from '../../src/core/bytes/hex.js';
import type { Tunnel } from '../../src/core/ike/daemon.js';
import { createIkeDaemon, type FullIkeDaemon } from '../../src/core/ike/ike-daemon.js';
import type { ChildSa, EspKeys, InstalledSa } from '../../src/core/kernel/child-sa.js';
import { createLogger } from '../../src/core/log.js';
import { address, hostPrefix, type IpAddress } from '../../src/core/net/address.js';
import type { Network, UdpOptions, UdpSocket } from '../../src/core/net/network.js';
import { publicKeyOf } from '../../src/core/pki/private-key.js';
import type { PublicKey } from '../../src/core/pki/public-key.js';
import type { Files, Timers } from '../../src/core/platform/platform.js';
import { StateFiles } from '../../src/core/platform/state-files.js';
import { ed25519Key } from './keys.js';
import { countingRandom } from './list-random.js';
import type { MemoryHost } from './memory-host.js';
import { MemoryNetwork } from './memory-network.js';
import { SteppedClock } from './stepped-clock.js';
import { MemoryFiles } from './test-platform.js';

const folder = '/run/state';
/** As long as procd waits, and the start takes. */
const respawnMs = 50;

/** One life of a daemon. */
class Life {
  isOver = false;

  constructor(private readonly end: MortalEnd) {}

  /** False when it is dead: nothing of the step happens then. */
  step(): boolean {
    if (!this.isOver && this.end.countsStep()) this.isOver = true;
    return !this.isOver;
  }

  timers(timers: Timers): Timers {
    return {
      after: (delayMs, run) =>
        timers.after(delayMs, () => {
          if (!this.isOver) run();
        }),
    };
  }

  files(files: MemoryFiles): Files {
    return {
      read: (path) => files.read(path),
      list: (path) => files.list(path),
      makeFolder: () => undefined,
      writeAtomic: (path, content, mode) => {
        if (this.step()) files.writeAtomic(path, content, mode);
      },
      remove: (path) => {
        if (this.step()) files.remove(path);
      },
    };
  }

  network(host: MemoryHost): Network {
    const udp = async (options: UdpOptions): Promise<UdpSocket> => {
      const socket = await host.udp({
        ...options,
        onDatagram: (datagram) => {
          if (this.step()) options.onDatagram(datagram);
        },
      });
      const send: UdpSocket['send'] = (...args) => {
        if (this.step()) socket.send(...args);
      };
      return { port: socket.port, send, close: () => socket.close() };
    };
    return { udp } as Network;
  }
}

const keyText = (keys: EspKeys): string =>
  toHex(keys.kind === 'aead' ? keys.key : keys.encryptionKey);

export class MortalEnd {
  daemon!: FullIkeDaemon;
  readonly host: MemoryHost;
  readonly files = new MemoryFiles();
  readonly publicKey: PublicKey;
  readonly lines: string[] = [];
  /** What the kernel has; it outlives the daemon. */
  readonly kernel: InstalledSa[] = [];
  /** Keys that ever were in the kernel: a key that comes twice has its sequence numbers twice. */
  readonly keysUsed: string[] = [];
  /** Tunnels as the daemon of now has told them. */
  tunnels: Tunnel[] = [];
  lives = 0;
  /** Steps of the life that ends; the daemon dies instead of the one with this number. */
  steps = 0;
  killAt = 0;
  #life!: Life;
  #nextReqid = 1;
  readonly #random: (length: number) => Uint8Array;

  constructor(
    readonly world: MortalWorld,
    readonly address: IpAddress,
    readonly number: number,
  ) {
    this.host = world.network.host(address);
    this.publicKey = publicKeyOf(ed25519Key(number));
    this.#random = countingRandom(number + 7);
  }

  countsStep(): boolean {
    return ++this.steps === this.killAt;
  }

  /** Now, and not at a step. */
  kill(): void {
    this.#life.isOver = true;
  }

  /** The state files of this end, as a daemon has them. */
  state(): StateFiles {
    const complain = (line: string) => this.lines.push(`refused ${line}`);
    return new StateFiles({ files: this.files, clock: this.world.clock, folder, complain });
  }

  get isDead(): boolean {
    return this.#life.isOver;
  }

  /** A daemon as the service starts it. */
  async start(): Promise<void> {
    this.host.udpSockets.splice(0);
    this.lives++;
    this.tunnels = [];
    const life = new Life(this);
    this.#life = life;
    const { clock } = this.world;
    const timers = life.timers(clock);
    const state = new StateFiles({
      ...{ files: life.files(this.files), clock, folder },
      complain: (line) => this.lines.push(`refused ${line}`),
    });
    const write = (level: string, line: string) => void this.lines.push(`${level} ${line}`);
    const owner = this.#owner(life);
    this.daemon = createIkeDaemon({
      ...{ network: life.network(this.host), clock, timers, random: this.#random, owner, state },
      ...{ log: createLogger({ write }, () => 'debug'), key: ed25519Key(this.number) },
      ...{ lifetime: { softSeconds: 3600, hardSeconds: 4000 }, readyKeyPairs: 0 },
      ...{ limits: { livenessMs: 20_000 } },
    });
    const adopted = new Set<InstalledSa>();
    this.tunnels = await this.daemon.restore(async (children) =>
      children.map((sa) => {
        const found = this.kernel.find((each) => each.sa.inbound.spi === sa.inbound.spi);
        if (found) adopted.add(found);
        return found;
      }),
    );
    // The kernel room clears what nobody took over
    for (const each of [...this.kernel]) if (!adopted.has(each)) this.#remove(each);
    await this.daemon.start();
  }

  #owner(life: Life): Parameters<typeof createIkeDaemon>[0]['owner'] {
    const never = new Promise<never>(() => undefined);
    const install = async (sa: ChildSa) => {
      if (!life.step()) return never;
      const installed = this.#install(sa);
      return life.step() ? installed : never;
    };
    return {
      keysFor: async (claim) => {
        if (!life.step()) return never;
        return { ok: true, keys: [this.world.keyOf(claim.address)] };
      },
      authorize: async () => (life.step() ? { ok: true } : never),
      install,
      stage: install,
      activate: async () => {
        if (!life.step()) return never;
      },
      stopSending: async () => {
        if (!life.step()) return never;
      },
      remove: async (installed) => {
        if (life.step()) this.#remove(installed);
      },
      established: (tunnel) => {
        if (life.step()) this.tunnels.push(tunnel);
      },
      rekeyed: () => void life.step(),
      ended: (tunnel) => {
        if (life.step()) this.tunnels = this.tunnels.filter((each) => each !== tunnel);
      },
    };
  }

  #install(sa: ChildSa): InstalledSa {
    const installed = { reqid: this.#nextReqid++, sa };
    this.kernel.push(installed);
    this.keysUsed.push(keyText(sa.outbound.keys));
    return installed;
  }

  #remove(installed: InstalledSa): void {
    const at = this.kernel.findIndex((each) => each.sa.inbound.spi === installed.sa.inbound.spi);
    if (at >= 0) this.kernel.splice(at, 1);
  }

  wish(to: MortalEnd, host = 1) {
    return {
      local: this.address,
      remote: to.address,
      ours: hostPrefix(address(`10.0.${this.number}.${host}`)),
      theirs: hostPrefix(address(`10.0.${to.number}.${host}`)),
      keys: [to.publicKey],
      patienceMs: 20_000,
    };
  }

  /** SPIs of each tunnel in the kernel, in the order that suits the other end. */
  spis(reversed = false): string[] {
    return this.kernel
      .map(({ sa: { inbound, outbound } }) =>
        reversed ? `${outbound.spi} ${inbound.spi}` : `${inbound.spi} ${outbound.spi}`,
      )
      .sort();
  }
}

/** Two ends, 10 ms apart, whose dead daemons are started again. */
export class MortalWorld {
  readonly clock = new SteppedClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly left: MortalEnd;
  readonly right: MortalEnd;

  constructor() {
    this.network.path.delayMs = 10;
    this.left = new MortalEnd(this, address('192.0.2.1'), 1);
    this.right = new MortalEnd(this, address('198.51.100.1'), 2);
  }

  get ends(): MortalEnd[] {
    return [this.left, this.right];
  }

  async start(): Promise<void> {
    for (const end of this.ends) await end.start();
  }

  keyOf(of: IpAddress): PublicKey {
    return this.ends.find((end) => end.address === of)!.publicKey;
  }

  /** Lets time pass; whoever died meanwhile starts again. */
  async pass(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    while (this.clock.monotonicMs() < endMs) {
      await this.clock.advance(Math.min(respawnMs, endMs - this.clock.monotonicMs()));
      for (const end of this.ends) if (end.isDead) await end.start();
    }
  }

  /** Protected messages with the IV of another one under the same keys. */
  repeatedIvs(): string[] {
    const seen = new Map<string, string>();
    const repeated: string[] = [];
    for (const { bytes, from } of this.network.captured) {
      if (bytes[16] !== 46) continue;
      const key = `${from.address} ${toHex(bytes.slice(0, 16))} ${toHex(bytes.slice(32, 40))}`;
      const content = toHex(bytes);
      if ((seen.get(key) ?? content) !== content) repeated.push(key);
      seen.set(key, content);
    }
    return repeated;
  }

  /** Requests with one message ID and different content, or answers of different content. */
  repeatedIds(): string[] {
    const seen = new Map<string, string>();
    const repeated: string[] = [];
    for (const { bytes, from } of this.network.captured) {
      if (bytes[16] !== 46) continue;
      const key = `${from.address} ${toHex(bytes.slice(0, 16))} ${toHex(bytes.slice(18, 24))}`;
      const content = toHex(bytes);
      if ((seen.get(key) ?? content) !== content) repeated.push(key);
      seen.set(key, content);
    }
    return repeated;
  }
}
