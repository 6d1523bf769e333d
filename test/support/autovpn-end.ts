/**
 * Two gateways with the trust and IKE half of `autovpn`, in one process. Probing is stood in for by a
 * book in which a test proves paths with one word.
 *
 *     const { world, g1, g2 } = await twoGateways();
 *     const result = await world.meet(g1, g2);
 */
import { toHex } from '../../src/core/bytes/hex.js';
import type { Tunnel, TunnelResult, TunnelWish } from '../../src/core/ike/daemon.js';
import type { Extension } from '../../src/core/ike/extension.js';
import { createLogger } from '../../src/core/log.js';
import { address, hostPrefix, type IpAddress } from '../../src/core/net/address.js';
import type { PrivateKey } from '../../src/core/pki/private-key.js';
import { type Association, createAssociation } from '../../src/plugins/autovpn/association.js';
import {
  type ClaimedPath,
  type PathBook,
  type ProvenPath,
  pathFact,
} from '../../src/plugins/autovpn/path.js';
import type { PeerReport } from '../../src/plugins/autovpn/trust/commands.js';
import { type TrustOptions, trustOptions } from '../../src/plugins/autovpn/trust/options.js';
import { IkeEnd, IkeWorld } from './ike-end.js';
import { ed25519Key } from './keys.js';
import { countingRandom } from './list-random.js';
import { MemoryFiles } from './test-platform.js';

export const h1 = address('198.51.100.130');
export const h2 = address('203.0.113.80');

export const defaultTrustOptions = Object.fromEntries(
  Object.entries(trustOptions).map(([name, option]) => [name, option.default]),
) as unknown as TrustOptions;

/** Nonces that a gateway has made, as its probing would know them. */
class Book implements PathBook {
  readonly #paths = new Map<string, { path: ProvenPath; takenBy?: string }>();

  add(path: ProvenPath): void {
    this.#paths.set(toHex(path.nonceR), { path });
  }

  claim(nonceR: Uint8Array, spiInitiator: Uint8Array): ClaimedPath {
    const found = this.#paths.get(toHex(nonceR));
    if (!found) return { ok: false, why: 'no nonce of ours' };
    const spi = toHex(spiInitiator);
    found.takenBy ??= spi;
    if (found.takenBy !== spi) return { ok: false, why: 'the nonce is used' };
    return { ok: true, path: found.path };
  }
}

export interface GatewayParts {
  options?: Partial<TrustOptions>;
  key?: PrivateKey;
  files?: MemoryFiles;
  ike?: ConstructorParameters<typeof IkeEnd>[3];
  /** Extensions beside that of the plugin, and before it. */
  further?: readonly Extension[];
}

export class AutovpnGateway {
  readonly end: IkeEnd;
  readonly files: MemoryFiles;
  readonly association: Association;
  readonly book = new Book();
  readonly key: PrivateKey;
  readonly lines: string[] = [];
  /** Those that this one has begun. */
  readonly #begun: Tunnel[] = [];

  constructor(
    readonly world: AutovpnWorld,
    readonly address: IpAddress,
    number: number,
    parts: GatewayParts,
  ) {
    const { clock } = world.ike;
    this.key = parts.key ?? ed25519Key(number + 40);
    this.files = parts.files ?? new MemoryFiles();
    const sink = {
      write: (level: string, line: string) => void this.lines.push(`${level} ${line}`),
    };
    this.association = createAssociation(
      {
        ...{ files: this.files, key: this.key, clock, timers: clock },
        folder: '/etc/autoipsec',
        log: createLogger(sink, () => 'debug'),
        random: countingRandom(number + 70),
        tunnels: {
          all: () => this.tunnels,
          end: (which) => {
            for (const tunnel of this.tunnels.filter(which)) void this.end.daemon.close(tunnel);
          },
        },
      },
      { ...defaultTrustOptions, ...parts.options },
      this.book,
    );
    this.end = new IkeEnd(world.ike, address, this.key, {
      ...parts.ike,
      extensions: [...(parts.further ?? []), ...this.association.extensions],
    });
    this.end.keysFor = async (claim) => {
      const keys = this.association.keysFor(claim);
      return keys.kind === 'keys' ? { ...keys, ok: true } : { ok: false, why: keys.why };
    };
    this.end.authorize = async (claim) => {
      const granted = this.association.authorizes({ ...claim, client: claim.theirs });
      return granted.kind === 'granted' ? { ok: true } : { ok: false, why: granted.why };
    };
  }

  get tunnels(): Tunnel[] {
    const gone = this.end.ended.map(({ tunnel }) => tunnel.id);
    return [...this.end.established, ...this.#begun].filter(({ id }) => !gone.includes(id));
  }

  /** A command as the control channel would give it; rejects with what is refused. */
  async command(name: string, request: Record<string, unknown> = {}): Promise<unknown> {
    return this.association.commands[`autovpn-${name}`]!(request);
  }

  async peers(): Promise<PeerReport[]> {
    return ((await this.command('peers')) as { peers: PeerReport[] }).peers;
  }

  async own(): Promise<{ fingerprint: string; name: string }> {
    return (await this.command('own')) as { fingerprint: string; name: string };
  }

  /** `undefined` when it is Unknown here. */
  async peer(other: AutovpnGateway): Promise<PeerReport | undefined> {
    const { name } = await other.own();
    return (await this.peers()).find((each) => each.name === name);
  }

  begin(wish: TunnelWish): Promise<TunnelResult> {
    return this.end.daemon.connect(wish).then((result) => {
      if (result.ok) this.#begun.push(result.tunnel);
      return result;
    });
  }
}

export class AutovpnWorld {
  readonly ike = new IkeWorld();
  #made = 0;
  #nonces = 0;

  async gateway(at: string, parts: GatewayParts = {}): Promise<AutovpnGateway> {
    const gateway = new AutovpnGateway(this, address(at), ++this.#made, parts);
    this.ike.ends.push(gateway.end);
    await gateway.end.daemon.start();
    return gateway;
  }

  /** Another daemon in the place of one, with its files and what is said of it. */
  async replace(old: AutovpnGateway, parts: GatewayParts = {}): Promise<AutovpnGateway> {
    old.association.stop();
    await this.ike.until(old.end.daemon.stop(1000));
    this.ike.ends.splice(this.ike.ends.indexOf(old.end), 1);
    const { files, key } = old;
    return this.gateway(old.address, { files, key, ...parts });
  }

  /** As if the three probes had passed between them. Gives the path as G1 has it. */
  prove(g1: AutovpnGateway, g2: AutovpnGateway, one = h1, other = h2): ProvenPath {
    const count = ++this.#nonces;
    const nonces = {
      nonceI: new Uint8Array(60).fill(count),
      nonceR: Uint8Array.from({ length: 60 }, (_, i) => (i === 0 ? count : i)),
    };
    g2.book.add({
      ...{ role: 'responder', pair: { ours: other, theirs: one }, ...nonces },
      ...{ local: g2.address, peerGateway: g1.address },
    });
    return {
      ...{ role: 'initiator', pair: { ours: one, theirs: other }, ...nonces },
      ...{ local: g1.address, peerGateway: g2.address },
    };
  }

  /** The wish that the plugin makes of a path of ours. Throws when there shall be none. */
  wish(g1: AutovpnGateway, path: ProvenPath): TunnelWish {
    const proofs = g1.association.authentication(path);
    if ('why' in proofs) throw new Error(proofs.why);
    return {
      ...proofs,
      ...{ local: path.local, remote: path.peerGateway },
      ours: hostPrefix(path.pair.ours),
      theirs: hostPrefix(path.pair.theirs),
      ...{ patienceMs: 20_000, isAlone: true, firstPort: 4500 as const },
      facts: new Map([[pathFact, path]]),
    };
  }

  /** Probes that pass, and IKE. */
  async meet(
    g1: AutovpnGateway,
    g2: AutovpnGateway,
    one = h1,
    other = h2,
    more: Partial<TunnelWish> = {},
  ): Promise<TunnelResult> {
    const wish = this.wish(g1, this.prove(g1, g2, one, other));
    const result = await this.ike.until(g1.begin({ ...wish, ...more }));
    await this.pass(200);
    return result;
  }

  pass(ms: number): Promise<void> {
    return this.ike.clock.advance(ms);
  }

  async stop(...gateways: AutovpnGateway[]): Promise<void> {
    for (const gateway of gateways) gateway.association.stop();
    await this.ike.stop();
  }
}

export async function twoGateways(left: GatewayParts = {}, right: GatewayParts = {}) {
  const world = new AutovpnWorld();
  const g1 = await world.gateway('198.51.100.7', left);
  const g2 = await world.gateway('203.0.113.1', right);
  return { world, g1, g2 };
}

/** Why there is no tunnel; fails the test when there is one. */
export function reasonOf(result: TunnelResult): string {
  if (result.ok) throw new Error('there is a tunnel');
  return result.failure.why;
}
