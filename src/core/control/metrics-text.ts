/**
 * A status report as metrics in Prometheus' text format, for the textfile collector of
 * prometheus-node-exporter-lua. Names and labels are an interface: dashboards are built on them.
 */
import { reportedStates, type StatusReport } from './status.js';

type Labels = Readonly<Record<string, string>>;

const escaped = (value: string): string =>
  value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');

function sample(name: string, value: number, labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
}

/** One metric: its help, and a sample for each of `values`. */
function metric(
  [name, type, help]: readonly [name: string, type: 'gauge' | 'counter', help: string],
  values: readonly (readonly [value: number, labels?: Labels])[],
): string[] {
  if (values.length === 0) return [];
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...values.map(([value, labels]) => sample(name, value, labels)),
  ];
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

/** What the tunnels of now have carried; a tunnel that ends takes its part with it. */
function traffic({ connections }: StatusReport): string[] {
  const used = connections.flatMap(({ counters }) => (counters ? [counters] : []));
  return [
    ...metric(
      ['autoipsec_tunnel_bytes', 'gauge', 'Bytes that the tunnels of now have carried.'],
      [
        [sum(used.map((each) => each.bytesIn)), { direction: 'in' }],
        [sum(used.map((each) => each.bytesOut)), { direction: 'out' }],
      ],
    ),
    ...metric(
      ['autoipsec_tunnel_packets', 'gauge', 'Packets that the tunnels of now have carried.'],
      [
        [sum(used.map((each) => each.packetsIn)), { direction: 'in' }],
        [sum(used.map((each) => each.packetsOut)), { direction: 'out' }],
      ],
    ),
  ];
}

/** The whole file, ending in a line end. */
export function metricsText(report: StatusReport): string {
  const { version, now, uptimeSeconds, totals, wans, resolver, ike, warnings } = report;
  const lines = [
    ...metric(
      ['autoipsec_info', 'gauge', 'The version, as a label of the constant 1.'],
      [[1, { version }]],
    ),
    ...metric(
      ['autoipsec_start_time_seconds', 'gauge', 'When the service started, Unix time.'],
      [[now - uptimeSeconds]],
    ),
    ...metric(
      ['autoipsec_connections', 'gauge', 'Pairs of addresses by state; keyed ones are encrypted.'],
      reportedStates.map((state) => [totals[state], { state }] as const),
    ),
    ...traffic(report),
    ...metric(
      ['autoipsec_wan_addresses', 'gauge', 'Addresses of a WAN; 0 while it is down.'],
      wans.map(({ name, addresses }) => [addresses.length, { wan: name }] as const),
    ),
    ...metric(
      ['autoipsec_plugin_up', 'gauge', 'Whether a plugin works on a WAN.'],
      wans.flatMap((wan) =>
        wan.plugins.map(
          ({ name, state }) => [state === 'on' ? 1 : 0, { wan: wan.name, plugin: name }] as const,
        ),
      ),
    ),
    ...metric(
      ['autoipsec_dnssec_validated', 'gauge', 'Whether DNS answers come validated, once known.'],
      resolver.validates === 'unknown' ? [] : [[resolver.validates === 'yes' ? 1 : 0]],
    ),
    ...metric(
      ['autoipsec_ike_events_total', 'counter', 'What happened in IKE, by name.'],
      Object.entries(ike).map(([event, count]) => [count, { event }] as const),
    ),
    ...metric(
      ['autoipsec_warnings', 'gauge', 'Warnings that autoipsec status shows.'],
      [[warnings.length]],
    ),
  ];
  return `${lines.join('\n')}\n`;
}
