/**
 * Our end of each cell of the matrix: the product's IKE daemon on the product's platform, broker and
 * kernel room, with a configured peer instead of policy and DNS. It runs under the real `qjs` and is
 * commanded over the product's control channel, one JSON line each:
 *
 *     {"command":"configure","file":"/run/cell.json"}   {"command":"connect"}   {"command":"status"}
 */
// First: the crypto libraries look for a random source when they load
import '../../src/core/platform/qjs/qjs-random.js';
import { fromUtf8 } from '../../src/core/bytes/text.js';
import { ControlRefusal, type ControlRequest } from '../../src/core/control/protocol.js';
import { createControlServer } from '../../src/core/control/server.js';
import type { IkeOwner, RekeyResult, Tunnel } from '../../src/core/ike/daemon.js';
import { formatIdentity, sameIdentity } from '../../src/core/ike/identity.js';
import { createIkeDaemon, type FullIkeDaemon } from '../../src/core/ike/ike-daemon.js';
import { wholeSelector } from '../../src/core/ike/selectors.js';
import type { InstalledSa } from '../../src/core/kernel/child-sa.js';
import { IpCoprocess } from '../../src/core/kernel/ip-coprocess.js';
import { Reqids } from '../../src/core/kernel/reqids.js';
import { Tunnels } from '../../src/core/kernel/tunnels.js';
import { XfrmMonitor } from '../../src/core/kernel/xfrm-monitor.js';
import { XfrmUse } from '../../src/core/kernel/xfrm-use.js';
import { createLogger } from '../../src/core/log.js';
import { address, formatPrefix, hostPrefix } from '../../src/core/net/address.js';
import { SocketNetwork } from '../../src/core/net/socket-network.js';
import type { PrivateKey } from '../../src/core/pki/private-key.js';
import { createQjsPlatform } from '../../src/core/platform/qjs/qjs-platform.js';
import { openKeyLog } from '../../src/daemon/key-log.js';
import {
  type AgentConfig,
  credentialOf,
  identityOf,
  preferencesOf,
  proofsOf,
  Unknown,
} from './agent-config.js';

const platform = createQjsPlatform();
const network = new SocketNetwork(platform);
const log = createLogger(platform.log, () => 'debug');
const kernelLog = log.for('kernel');
const ip = new IpCoprocess({ ...platform, log: kernelLog });
const reqids = new Reqids(0x41490000);
const kernel = new Tunnels({ ip, reqids, log: kernelLog });

const use = new XfrmUse(platform);

const patienceMs = 20_000;

/** The daemon wants one, and no cell shows it. */
const unusedKey: PrivateKey = {
  type: 'ed25519',
  secret: new Uint8Array(32),
  point: new Uint8Array(32),
};

/** One cell: the daemon with its configuration, and what became of its tunnels. */
class Cell {
  readonly tunnels = new Set<Tunnel>();
  readonly ended: string[] = [];
  readonly ike: FullIkeDaemon;
  readonly #removals = new Set<Promise<void>>();
  #isOver = () => {};
  readonly #over = new Promise<void>((resolve) => {
    this.#isOver = resolve;
  });

  constructor(readonly config: AgentConfig) {
    const own = identityOf(config.ownId);
    this.ike = createIkeDaemon({
      network,
      clock: platform.clock,
      timers: platform.timers,
      random: (length) => platform.random(length),
      log: log.for('ike'),
      key: unusedKey,
      credential: credentialOf(config.own),
      asksCallersFor: proofsOf(config.peer),
      identity: () => own,
      keyLog: config.keyLogFolder
        ? openKeyLog(platform.files, config.keyLogFolder, true, log)
        : undefined,
      owner: this.#owner(),
      packetCounts: (installed) => use.of(installed),
      lifetime: {
        softSeconds: config.softSeconds ?? 3000,
        hardSeconds: config.hardSeconds ?? 3600,
      },
      preferences: preferencesOf(config),
      limits: {
        livenessMs: config.livenessMs ?? 0,
        ...(config.asksForCookies ? { cookieThreshold: 0 } : {}),
      },
    });
  }

  #owner(): IkeOwner {
    const { config } = this;
    const peer = identityOf(config.peerId);
    const proofs = proofsOf(config.peer);
    const inner = `${config.theirs} to ${config.ours}`;
    return {
      keysFor: async ({ identity }) =>
        sameIdentity(identity, peer)
          ? { ok: true, ...proofs, ownIdentity: identityOf(config.ownId) }
          : { ok: false, why: `${formatIdentity(identity)} is not ${formatIdentity(peer)}` },
      authorize: async ({ theirs, ours }) =>
        `${theirs.address} to ${ours.address}` === inner
          ? { ok: true }
          : { ok: false, why: `${formatPrefix(theirs)} to ${formatPrefix(ours)}, not ${inner}` },
      ...(config.mode === 'transport'
        ? {
            allowedTraffic: () => ({
              ours: [wholeSelector(hostPrefix(address(config.ours)))],
              theirs: [wholeSelector(hostPrefix(address(config.theirs)))],
              mode: 'transport' as const,
            }),
          }
        : {}),
      install: (sa) => kernel.install(sa),
      stage: (sa) => kernel.stage(sa),
      activate: (installed) => kernel.activate(installed),
      stopSending: (installed) => kernel.stopSending(installed),
      rekeyed: () => undefined,
      remove: (installed, lingers) => {
        const removal = this.#remove(installed, lingers);
        this.#removals.add(removal);
        return removal;
      },
      established: (tunnel) => void this.tunnels.add(tunnel),
      ended: (tunnel, why) => {
        this.tunnels.delete(tunnel);
        this.ended.push(why);
      },
    };
  }

  async #remove(installed: InstalledSa, lingers: boolean): Promise<void> {
    const later = new Promise<void>((resolve) => platform.timers.after(1000, resolve));
    if (lingers) await Promise.race([later, this.#over]);
    await kernel.remove(installed);
  }

  /** Whatever the cell has had in the kernel is gone then. */
  async end(graceMs: number): Promise<void> {
    await this.ike.stop(graceMs);
    this.#isOver();
    await Promise.all(this.#removals);
  }

  async connect(): Promise<unknown> {
    const { config } = this;
    const begin = platform.clock.monotonicMs();
    const result = await this.ike.connect({
      local: address(config.local),
      remote: address(config.remote),
      ours: hostPrefix(address(config.ours)),
      theirs: hostPrefix(address(config.theirs)),
      ...(config.mode === 'transport' ? { mode: config.mode } : {}),
      ...proofsOf(config.peer),
      ownIdentity: identityOf(config.ownId),
      identity: identityOf(config.peerId),
      patienceMs,
    });
    if (!result.ok) throw new ControlRefusal(`${result.failure.kind}: ${result.failure.why}`);
    this.tunnels.add(result.tunnel);
    return { ms: platform.clock.monotonicMs() - begin };
  }

  status(): unknown {
    const tunnels = [...this.tunnels].map(({ id, role, ike, peer, installed: { sa } }) => ({
      id,
      role,
      ike,
      peer: { address: peer.address, identity: formatIdentity(peer.identity) },
      mode: sa.mode,
      spiIn: sa.inbound.spi,
      spiOut: sa.outbound.spi,
      esp: sa.inbound.keys.kind === 'aead' ? sa.inbound.keys.name : sa.inbound.keys.encryption,
      encapsulation: sa.encapsulation,
    }));
    return { tunnels, ended: this.ended, counters: this.ike.counters() };
  }

  first(): Tunnel {
    const [tunnel] = this.tunnels;
    if (!tunnel) throw new ControlRefusal('there is no tunnel');
    return tunnel;
  }
}

let cell: Cell | undefined;

function current(): Cell {
  if (!cell) throw new ControlRefusal('not configured');
  return cell;
}

async function configure({ file }: ControlRequest): Promise<void> {
  await cell?.end(0);
  cell = undefined;
  const content = platform.files.read(String(file));
  if (!content) throw new ControlRefusal(`no file ${file}`);
  try {
    const fresh = new Cell(JSON.parse(fromUtf8(content)) as AgentConfig);
    await fresh.ike.start();
    cell = fresh;
  } catch (error) {
    if (error instanceof Unknown) throw new ControlRefusal(`unknown: ${error.message}`);
    throw error;
  }
}

function done(result: RekeyResult): void {
  if (!result.ok) throw new ControlRefusal(result.why);
}

const handlers = {
  configure,
  connect: () => current().connect(),
  status: () => current().status(),
  /** Deletes the first tunnel. */
  'delete Child SA': () => current().ike.close(current().first()),
  /** Deletes all IKE SAs; the daemon is gone then. */
  'delete IKE SA': async () => {
    const { ike } = current();
    await ike.stop(2000);
  },
  'rekey Child SA': async () => done(await current().ike.rekey(current().first())),
  'rekey IKE SA': async () => done(await current().ike.rekeyIke(current().first())),
  /** Ends whatever is left of the cell. */
  leave: async () => {
    await cell?.end(1000);
    cell = undefined;
  },
  liveness: () => current().ike.check(current().first()),
};

async function main(): Promise<void> {
  const monitor = new XfrmMonitor(
    { ...platform, log: kernelLog },
    {
      event: (event) => {
        if (event.kind !== 'expired') return;
        const tunnel = kernel.withState(event.state.destination, event.state.spi);
        if (tunnel && event.limit === 'hard') cell?.ike.expired(tunnel);
      },
      missed: () => undefined,
      failed: (reason) => log.error(reason),
    },
  );
  monitor.start();
  const [socket] = platform.argv;
  const parts = { network, files: platform.files, timers: platform.timers, log };
  await createControlServer(parts, String(socket), handlers);
  log.info('agent is ready');
  platform.onSignal('SIGTERM', () => {
    monitor.stop();
    ip.stop();
    platform.sockets.stop();
    platform.exit(0);
  });
}

void main();
