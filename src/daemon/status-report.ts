/** The status report of a running service, gathered from its parts. */
import {
  type ConnectionStatus,
  type PeerStatus,
  type ReportedState,
  reportedStates,
  type StatusReport,
  trustText,
  type WanStatus,
} from '../core/control/status.js';
import type { Tunnel } from '../core/ike/daemon.js';
import { formatIdentity } from '../core/ike/identity.js';
import type { SaUse } from '../core/kernel/child-sa.js';
import type { Kernel } from '../core/kernel/kernel.js';
import type { Trust } from '../core/plugin.js';
import type { Connection } from '../core/policy/connection.js';
import type { PolicyWan } from '../core/policy/wan.js';

const spiText = (spi: number): string => spi.toString(16).padStart(8, '0');

function peerStatus(tunnel: Tunnel, trust: Trust): PeerStatus {
  const { sa } = tunnel.installed;
  return {
    address: tunnel.peer.address,
    identity: formatIdentity(tunnel.peer.identity),
    role: tunnel.role,
    trust,
    trustText: trustText[trust],
    proof: tunnel.peer.proof,
    spiIn: spiText(sa.inbound.spi),
    spiOut: spiText(sa.outbound.spi),
    ikeSpiInitiator: tunnel.ike.spiInitiator,
    ikeSpiResponder: tunnel.ike.spiResponder,
    suite: tunnel.ike.suite,
  };
}

/** The moments of the report: on the clock of the wall, and on that of the connections. */
interface Now {
  nowSeconds: number;
  nowMs: number;
}

const wallSeconds = (atMs: number, { nowSeconds, nowMs }: Now): number =>
  atMs === 0 ? 0 : Math.round(nowSeconds + (atMs - nowMs) / 1000);

async function connectionStatus(
  connection: Connection,
  { kernel, wans, ...now }: Now & Pick<ReportParts, 'kernel' | 'wans'>,
): Promise<ConnectionStatus> {
  const { tunnel } = connection;
  const { plugins } = wans.find(({ name }) => name === connection.wan) ?? {};
  const trust =
    (tunnel && plugins?.trustIn(connection.foundBy, tunnel)) ??
    connection.trust ??
    'unauthenticated';
  const counters: SaUse | undefined =
    tunnel && (await kernel.use(tunnel.installed).catch(() => undefined));
  return {
    destination: connection.destination,
    source: connection.source,
    wan: connection.wan,
    class: connection.class,
    state: connection.state as ReportedState,
    why: connection.why,
    since: wallSeconds(connection.sinceMs, now),
    until: wallSeconds(connection.untilMs, now),
    ...(connection.foundBy ? { foundBy: connection.foundBy } : {}),
    ...(tunnel ? { peer: peerStatus(tunnel, trust) } : {}),
    ...(counters ? { counters } : {}),
  };
}

const wanStatus = (wan: PolicyWan): WanStatus => ({
  name: wan.name,
  device: wan.device,
  addresses: wan.addresses,
  plugins: wan.plugins.slots.map(({ name, instance, failure }) => ({
    name,
    state: failure === '' ? 'on' : 'off',
    reason: failure,
    ...(instance.counters && { counters: instance.counters() }),
  })),
});

/** Connections with tunnels first, then by destination: what a person looks for. */
const byInterest = (a: Connection, b: Connection): number =>
  Number(!!b.tunnel) - Number(!!a.tunnel) || (a.destination < b.destination ? -1 : 1);

export interface ReportParts extends Now {
  version: string;
  startedSeconds: number;
  kernel: Pick<Kernel, 'use'>;
  wans: readonly PolicyWan[];
  connections: readonly Connection[];
  resolver: StatusReport['resolver'];
  ike: Record<string, number>;
  warnings: readonly string[];
  /** Most connections in the report; all of them when absent. */
  limit?: number;
}

const totalsOf = (connections: readonly Connection[]): StatusReport['totals'] => {
  const totals = { keyed: 0, pending: 0, potential: 0, clear: 0, deny: 0 };
  for (const { state } of connections) totals[state as ReportedState]++;
  return totals;
};

export async function statusReport(parts: ReportParts): Promise<StatusReport> {
  const states: readonly string[] = reportedStates;
  const seen = parts.connections.filter((each) => states.includes(each.state));
  const shown = seen.sort(byInterest).slice(0, parts.limit);
  return {
    version: parts.version,
    now: Math.floor(parts.nowSeconds),
    uptimeSeconds: Math.floor(parts.nowSeconds - parts.startedSeconds),
    wans: parts.wans.map(wanStatus),
    resolver: parts.resolver,
    totals: totalsOf(seen),
    connections: await Promise.all(shown.map((each) => connectionStatus(each, parts))),
    ike: parts.ike,
    warnings: parts.warnings,
  };
}
