import { fromUtf8 } from '../../../src/core/bytes/text.js';
import type { StatusReport } from '../../../src/core/control/status.js';
import { silentLogger } from '../../../src/core/log.js';
import { MetricsFile, metricsSeconds } from '../../../src/daemon/metrics-file.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';

const report = (clear: number): StatusReport => ({
  ...{ version: '1', now: 1000, uptimeSeconds: 1, wans: [], connections: [], ike: {} },
  ...{ resolver: { servers: [], validates: 'unknown' }, warnings: [] },
  totals: { keyed: 0, pending: 0, potential: 0, clear, deny: 0 },
});

function fixture() {
  const files = new MemoryFiles();
  const clock = new SteppedClock();
  let looks = 0;
  const metrics = new MetricsFile({ files, timers: clock }, silentLogger, () =>
    Promise.resolve(report(++looks)),
  );
  const clear = (path: string) => {
    const bytes = files.read(path);
    return bytes && /state="clear"} (\d+)/.exec(fromUtf8(bytes))?.[1];
  };
  return { files, clock, metrics, clear, looks: () => looks };
}

const settled = () => new Promise<void>((resolve) => Promise.resolve().then(() => resolve()));
const path = '/var/prometheus/autoipsec.prom';

test('metrics file: written at once and again, readable for the collector, gone at the end', async () => {
  const { files, clock, metrics, clear, looks } = fixture();
  metrics.use(path);
  await settled();
  assert.is(clear(path), '1');
  assert.is(files.content.get(path)?.mode, 0o644);
  await clock.advance(metricsSeconds * 1000);
  await settled();
  assert.is(clear(path), '2');
  metrics.stop();
  assert.equal([...files.content.keys()], []);
  await clock.advance(metricsSeconds * 1000);
  await settled();
  assert.is(looks(), 2);
});

test('metrics file: another one takes its place, none ends it', async () => {
  const { files, clock, metrics } = fixture();
  metrics.use(path);
  // before the first report is there
  metrics.use('/tmp/other.prom');
  await settled();
  assert.equal([...files.content.keys()], ['/tmp/other.prom']);
  metrics.use('');
  await clock.advance(metricsSeconds * 1000);
  await settled();
  assert.equal([...files.content.keys()], []);
});
