/** A status report as text for people: aligned columns within 100 characters, then sentences. */
import { byteCount, columns, duration, wrap } from './columns.js';
import {
  type ConnectionStatus,
  type PeerStatus,
  type ReportedState,
  type StatusReport,
  reportedStates as states,
  type WanStatus,
} from './status.js';

/** The states in words, for those who do not know the draft. */
const stateHelp: Readonly<Record<ReportedState, string>> = {
  keyed: 'encrypted',
  pending: 'tunnel being set up',
  potential: 'looking for a peer',
  clear: 'not encrypted',
  deny: 'blocked',
};

function wanRows(wan: WanStatus): string[][] {
  const plugins = wan.plugins.map(({ name, state, reason }) =>
    state === 'on' ? [name, 'on'] : [name, `off: ${reason}`],
  );
  const height = Math.max(1, wan.addresses.length, plugins.length);
  return Array.from({ length: height }, (_, i) => [
    i === 0 ? wan.name : '',
    i === 0 ? wan.device || '(down)' : '',
    wan.addresses[i] ?? (i === 0 ? '(none)' : ''),
    ...(plugins[i] ?? (i === 0 ? ['(none)', ''] : ['', ''])),
  ]);
}

function wanPart(report: StatusReport): string[] {
  if (report.wans.length === 0) return ['No WAN is in use.'];
  return columns([
    ['WAN', 'DEVICE', 'ADDRESS', 'PLUGIN', 'STATE'],
    ...report.wans.flatMap(wanRows),
  ]);
}

function resolverPart({ resolver }: StatusReport): string[] {
  if (resolver.servers.length === 0) return ['Name servers: none. No peer can be found.'];
  const servers = resolver.servers.map(
    ({ address, isTrusted }) => `${address}${isTrusted ? ' (trusted)' : ''}`,
  );
  const validates = {
    yes: 'Answers are validated with DNSSEC.',
    no: 'Answers are not validated with DNSSEC: tunnels are safe from listeners only.',
    unknown: 'Whether answers are validated with DNSSEC is not known yet.',
  }[resolver.validates];
  return wrap(`${servers.join(', ')}. ${validates}`, 14, 'Name servers: ');
}

function peerLines(peer: PeerStatus, indent: number): string[] {
  const identity = peer.identity === peer.address ? '' : `, identity ${peer.identity}`;
  const who = peer.role === 'initiator' ? 'tunnel started here' : 'tunnel started by the peer';
  return [
    ...wrap(`peer ${peer.address}${identity}; ${peer.trustText}; ${who}`, indent),
    ...wrap(`ESP SPI in ${peer.spiIn}, out ${peer.spiOut}; ${peer.suite}`, indent),
  ];
}

function counterText(connection: ConnectionStatus, now: number): string {
  const { counters } = connection;
  if (!counters) return '';
  const { bytesIn, bytesOut, packetsIn, packetsOut, lastUseSeconds } = counters;
  const used =
    lastUseSeconds > 0 ? `last used ${duration(now - lastUseSeconds)} ago` : 'not used yet';
  return `in ${byteCount(bytesIn)} (${packetsIn} packets), out ${byteCount(bytesOut)} (${packetsOut} packets); ${used}`;
}

const headings = ['STATE', 'DESTINATION', 'WAN', 'CLASS', 'FOR'];

const untilText = (until: number, now: number): string => (until > 0 ? duration(until - now) : '-');

function connectionPart({ connections, now }: StatusReport): string[] {
  if (connections.length === 0) return ['No connections.'];
  const inOrder = states.flatMap((state) => connections.filter((each) => each.state === state));
  const heads = columns([
    headings,
    ...inOrder.map((each) => [
      each.state,
      each.destination,
      each.wan,
      each.class,
      untilText(each.until, now),
    ]),
  ]);
  const indent = Math.max(...inOrder.map((each) => each.state.length), headings[0]!.length) + 2;
  const blocks = inOrder.flatMap((each, i) => [
    heads[i + 1]!,
    ...wrap(`from ${each.source}: ${each.why}`, indent),
    ...(each.peer ? peerLines(each.peer, indent) : []),
    ...(each.counters ? wrap(counterText(each, now), indent) : []),
  ]);
  return [summary(connections), '', heads[0]!, ...blocks];
}

/** `3 connections: 1 keyed (encrypted), 2 clear (not encrypted)` */
function summary(connections: readonly ConnectionStatus[]): string {
  const counts = states
    .map((state) => ({ state, count: connections.filter((each) => each.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state} (${stateHelp[state]})`);
  const total = connections.length;
  return `${total} connection${total === 1 ? '' : 's'}: ${counts.join(', ')}`;
}

/** Only what happened: a wall of zeros hides the one number that matters. `--json` has them all. */
function ikePart({ ike }: StatusReport): string[] {
  const counters = Object.entries(ike)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`);
  return counters.length > 0 ? wrap(counters.join(', '), 5, 'IKE: ') : [];
}

const warningPart = ({ warnings }: StatusReport): string[] =>
  warnings.flatMap((warning) => wrap(warning, 9, 'Warning: '));

/** The whole report, ending in a line end. */
export function statusText(report: StatusReport): string {
  const parts = [
    [`autoipsec ${report.version}, running for ${duration(report.uptimeSeconds)}`],
    warningPart(report),
    wanPart(report),
    [...resolverPart(report), ...ikePart(report)],
    connectionPart(report),
  ];
  const shown = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${shown.join('\n\n')}\n`;
}
