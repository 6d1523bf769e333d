import { address } from '../../../src/core/net/address.js';
import type { Connection } from '../../../src/core/policy/connection.js';
import { statusReport } from '../../../src/daemon/status-report.js';
import { assert, test } from '../../support/test.js';

const connection = (state: string, last: number) =>
  ({
    ...{ state, destination: address(`198.18.2.${last}`), source: address('198.18.1.1') },
    ...{ wan: 'wan', class: 'oe-permissive', why: 'a test', untilMs: 0, sinceMs: 2000 },
  }) as unknown as Connection;

const parts = {
  ...{ version: '1', nowSeconds: 100, nowMs: 5000, startedSeconds: 40, wans: [], warnings: [] },
  kernel: { use: () => Promise.reject(new Error('no tunnel here')) },
  connections: [
    ...[9, 3, 5].map((last) => connection('clear', last)),
    connection('deny', 1),
    // lasts no time, and is not told
    connection('expired', 2),
  ],
  resolver: { servers: [], validates: 'unknown' as const },
  ike: {},
};

test('status report: the list is cut at the limit, the totals are not', async () => {
  const all = await statusReport(parts);
  assert.is(all.connections.length, 4);
  const { connections, totals } = await statusReport({ ...parts, limit: 2 });
  assert.equal(
    connections.map((each) => each.destination),
    [address('198.18.2.1'), address('198.18.2.3')],
  );
  assert.equal(totals, { keyed: 0, pending: 0, potential: 0, clear: 3, deny: 1 });
  assert.equal(all.totals, totals);
});

test('status report: moments are those of the wall clock, and none stays 0', async () => {
  const [first] = (await statusReport(parts)).connections;
  assert.is(first!.since, 97);
  assert.is(first!.until, 0);
});
