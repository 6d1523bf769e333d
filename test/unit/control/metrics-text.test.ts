import { metricsText } from '../../../src/core/control/metrics-text.js';
import type { ConnectionStatus, StatusReport } from '../../../src/core/control/status.js';
import { address } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

const keyed = (bytesIn: number): ConnectionStatus => ({
  ...{ destination: address('198.18.2.1'), source: address('198.18.1.1'), wan: 'wan' },
  ...{ class: 'oe-permissive', state: 'keyed', why: 'a test', since: 0, until: 0 },
  counters: { bytesIn, bytesOut: 2, packetsIn: 1, packetsOut: 1, lastUseSeconds: 0 },
});

const report: StatusReport = {
  ...{ version: '0.1.0', now: 1_800_000_000, uptimeSeconds: 60 },
  wans: [
    {
      ...{ name: 'wan', device: 'eth1', addresses: [address('198.18.1.1')] },
      plugins: [{ name: 'oe-dns', state: 'off', reason: 'a "bad" thing' }],
    },
  ],
  resolver: { servers: [], validates: 'no' },
  totals: { keyed: 2, pending: 0, potential: 0, clear: 7, deny: 0 },
  connections: [keyed(40), keyed(5_000_000_000)],
  ike: { 'messages received': 9 },
  warnings: ['one'],
};

test('metrics: golden', () =>
  assert.snapshot(
    metricsText(report),
    `# HELP autoipsec_info The version, as a label of the constant 1.
# TYPE autoipsec_info gauge
autoipsec_info{version="0.1.0"} 1
# HELP autoipsec_start_time_seconds When the service started, Unix time.
# TYPE autoipsec_start_time_seconds gauge
autoipsec_start_time_seconds 1799999940
# HELP autoipsec_connections Pairs of addresses by state; keyed ones are encrypted.
# TYPE autoipsec_connections gauge
autoipsec_connections{state="keyed"} 2
autoipsec_connections{state="pending"} 0
autoipsec_connections{state="potential"} 0
autoipsec_connections{state="clear"} 7
autoipsec_connections{state="deny"} 0
# HELP autoipsec_tunnel_bytes Bytes that the tunnels of now have carried.
# TYPE autoipsec_tunnel_bytes gauge
autoipsec_tunnel_bytes{direction="in"} 5000000040
autoipsec_tunnel_bytes{direction="out"} 4
# HELP autoipsec_tunnel_packets Packets that the tunnels of now have carried.
# TYPE autoipsec_tunnel_packets gauge
autoipsec_tunnel_packets{direction="in"} 2
autoipsec_tunnel_packets{direction="out"} 2
# HELP autoipsec_wan_addresses Addresses of a WAN; 0 while it is down.
# TYPE autoipsec_wan_addresses gauge
autoipsec_wan_addresses{wan="wan"} 1
# HELP autoipsec_plugin_up Whether a plugin works on a WAN.
# TYPE autoipsec_plugin_up gauge
autoipsec_plugin_up{wan="wan",plugin="oe-dns"} 0
# HELP autoipsec_dnssec_validated Whether DNS answers come validated, once known.
# TYPE autoipsec_dnssec_validated gauge
autoipsec_dnssec_validated 0
# HELP autoipsec_ike_events_total What happened in IKE, by name.
# TYPE autoipsec_ike_events_total counter
autoipsec_ike_events_total{event="messages received"} 9
# HELP autoipsec_warnings Warnings that autoipsec status shows.
# TYPE autoipsec_warnings gauge
autoipsec_warnings 1
`,
  ));

test('metrics: what is not known is left out, and a label can not break out', () => {
  const text = metricsText({
    ...{ ...report, version: 'a"b\\c\nd', wans: [] },
    resolver: { servers: [], validates: 'unknown' },
  });
  assert.not.match(text, 'dnssec');
  assert.not.match(text, 'autoipsec_wan');
  assert.ok(text.includes('autoipsec_info{version="a\\"b\\\\c\\nd"} 1\n'), text);
});
