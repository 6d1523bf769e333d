/** A kernel that only keeps a record of what it was asked: for tests of what is above it. */
import type { ChildSa, InstalledSa, SaUse } from '../../src/core/kernel/child-sa.js';
import type { HeldPacket, Kernel, PairVerdict } from '../../src/core/kernel/kernel.js';
import {
  address,
  type IpAddress,
  type Prefix,
  prefix,
  prefixContains,
} from '../../src/core/net/address.js';

export interface RecordingKernel extends Kernel {
  /** The forwarding cache: `wan source destination` → verdict. */
  readonly cache: Map<string, PairVerdict>;
  readonly installed: InstalledSa[];
  /** Pairs `source destination` that a foreign policy covers. */
  readonly configured: Set<string>;
  /** Where our own addresses and those behind us are. */
  readonly ownSide: Prefix[];
  /** Source before NAT → source on the WAN. */
  readonly nat: Map<IpAddress, IpAddress>;
  lastUseSeconds: number;
}

const cacheKey = (pair: Pick<PairVerdict, 'wan' | 'source' | 'destination'>): string =>
  `${pair.wan} ${pair.source} ${pair.destination}`;

export function recordingKernel(): RecordingKernel {
  const kernel: RecordingKernel = {
    cache: new Map(),
    installed: [],
    configured: new Set(),
    ownSide: ['198.18.0.1/32', '198.18.1.0/24', '192.168.1.0/24'].map(prefix),
    nat: new Map(),
    lastUseSeconds: 0,
    missingParts: async () => [],
    adopt: async (children) =>
      children.map((sa) => kernel.installed.find((each) => each.sa.inbound.spi === sa.inbound.spi)),
    async start(_rules, _events, pairs = []) {
      kernel.cache.clear();
      for (const pair of pairs) kernel.cache.set(cacheKey(pair), pair);
    },
    update: async () => undefined,
    async install(sa: ChildSa) {
      const installed = { reqid: 1000 + kernel.installed.length, sa };
      kernel.installed.push(installed);
      return installed;
    },
    stage: (sa: ChildSa) => kernel.install(sa),
    activate: async () => undefined,
    stopSending: async () => undefined,
    async remove(sa) {
      const at = kernel.installed.indexOf(sa);
      if (at >= 0) kernel.installed.splice(at, 1);
    },
    use: async (): Promise<SaUse> => ({
      lastUseSeconds: kernel.lastUseSeconds,
      bytesIn: 0,
      bytesOut: 0,
      packetsIn: 0,
      packetsOut: 0,
    }),
    async remember(verdict) {
      kernel.cache.set(cacheKey(verdict), verdict);
    },
    async forget(pair) {
      kernel.cache.delete(cacheKey(pair));
    },
    isConfigured: async (source, destination) => kernel.configured.has(`${source} ${destination}`),
    isOwnSide: async (value) => kernel.ownSide.some((each) => prefixContains(each, value)),
    translate: async (packet) => kernel.nat.get(packet.source) ?? packet.source,
    send: () => undefined,
    flow: async () => undefined,
    deviceAddresses: async () => [],
    stop: async () => undefined,
  };
  return kernel;
}

/** A held packet that writes its fate into `fates`; each call is another flow unless told. */
export function heldPacket(
  fates: string[],
  about: { source: string; destination: string; name?: string; port?: number; wan?: string },
): HeldPacket {
  const name = about.name ?? about.destination;
  return {
    wan: about.wan ?? 'wan',
    source: address(about.source),
    destination: address(about.destination),
    protocol: 6,
    sourcePort: about.port ?? 40000,
    destinationPort: 80,
    isOwn: false,
    release: () => fates.push(`${name} released`),
    drop: () => fates.push(`${name} dropped`),
  };
}
