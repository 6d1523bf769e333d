/** The sockets behind `PacketPath`; open only where some WAN has packets taken or watched. */
import { address } from '../net/address.js';
import type { Network, RawIpv4Socket } from '../net/network.js';
import type { Timers } from '../platform/platform.js';
import { Conntrack } from './conntrack.js';
import type { WanDevice } from './kernel.js';
import { PacketLog, type Seen } from './nflog.js';
import type { Flow, FlowTuple, PacketPath } from './packet-path.js';

/** Documentation addresses (RFC 5737). */
const noFlow: FlowTuple = {
  ...{ protocol: 6, source: address('192.0.2.1'), sourcePort: 1 },
  ...{ destination: address('192.0.2.2'), destinationPort: 1 },
};

export interface PathSocketsParts {
  network: Network;
  timers: Timers;
  isBigEndian: boolean;
  settings: { markBit: number; firstQueue: number };
}

export class PathSockets implements PacketPath {
  readonly #conntrack: Conntrack;
  readonly #log: PacketLog;
  #raw: RawIpv4Socket | undefined;

  constructor(
    private readonly parts: PathSocketsParts,
    seen: Seen,
  ) {
    this.#conntrack = new Conntrack(parts);
    this.#log = new PacketLog({ ...parts, firstQueue: parts.settings.firstQueue }, seen);
  }

  /** To be called again when the WANs are others. Rejects when the kernel lacks something. */
  async open(wans: readonly WanDevice[]): Promise<void> {
    if (!wans.some((wan) => wan.takes?.length || wan.watches?.length)) return;
    this.#raw ??= await this.parts.network.rawIpv4({ mark: this.parts.settings.markBit });
    await this.#conntrack.open();
    // Whether it can be asked at all: there is no such flow
    await this.#conntrack.flow(noFlow);
    await this.#log.open();
    await this.#log.bind(wans);
  }

  send(packet: Uint8Array): void {
    this.#raw?.send(packet);
  }

  flow(tuple: FlowTuple): Promise<Flow | undefined> {
    return this.#conntrack.flow(tuple);
  }

  close(): void {
    this.#raw?.close();
    this.#raw = undefined;
    this.#conntrack.close();
    this.#log.close();
  }
}
