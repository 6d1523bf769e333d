import { type CliParts, type DaemonOptions, runCommandLine } from '../../../src/cli/commands.js';
import { usage } from '../../../src/cli/usage.js';
import { type ControlHandlers, createControlServer } from '../../../src/core/control/server.js';
import type { StatusReport } from '../../../src/core/control/status.js';
import { statusText } from '../../../src/core/control/status-text.js';
import { silentLogger } from '../../../src/core/log.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { FakeMachine } from './fake-context.js';

const socket = '/run/a.sock';

async function run(line: string, handlers?: ControlHandlers) {
  const machine = new FakeMachine();
  const daemons: DaemonOptions[] = [];
  if (handlers) {
    const parts = { network: machine.host, timers: machine.clock, files: new MemoryFiles() };
    await createControlServer({ ...parts, log: silentLogger }, socket, handlers);
  }
  const context = machine.context();
  const parts: CliParts = {
    version: '0.1.0',
    print: context.print,
    complain: context.complain,
    context: () => context,
    daemon: async (options) => {
      daemons.push(options);
      return 7;
    },
  };
  const status = await runCommandLine(parts, line === '' ? [] : line.split(' '));
  return { status, printed: machine.printed, complaints: machine.complaints, daemons };
}

test('cli: --version and --help', async () => {
  assert.is((await run('--version')).printed, 'autoipsec 0.1.0\n');
  const help = await run('--help');
  assert.is(help.printed, usage);
  assert.is(help.status, 0);
  for (const line of usage.split('\n')) assert.ok(line.length <= 80, line);
});

test('cli: a wrong command line ends in status 2 and a sentence', async () => {
  const { status, complaints, printed } = await run('dance');
  assert.is(status, 2);
  assert.is(printed, '');
  assert.equal(complaints, [
    "autoipsec: command 'dance' is not known; 'autoipsec --help' tells more",
  ]);
});

test('cli: daemon gets its places, and gives its exit status', async () => {
  const { status, daemons } = await run('daemon -c /tmp/c -s /tmp/s');
  assert.is(status, 7);
  assert.equal(daemons, [{ configFile: '/tmp/c', socketPath: '/tmp/s', version: '0.1.0' }]);
});

const notRunning =
  "the daemon is not running: switch it on with option enabled '1' in /etc/config/autoipsec and " +
  "start it with 'service autoipsec start' (/run/a.sock: connect: No such file or directory)";
for (const line of ['status', 'status --json', 'forget 192.0.2.1'])
  test(`cli: '${line}' without a daemon says what to do`, async () => {
    const { status, complaints, printed } = await run(line);
    assert.is(status, 1);
    assert.is(printed, '');
    assert.equal(complaints, [notRunning]);
  });

const report: StatusReport = {
  version: '0.1.0',
  now: 1_800_000_000,
  uptimeSeconds: 60,
  wans: [],
  resolver: { servers: [], validates: 'unknown' },
  totals: { keyed: 0, pending: 0, potential: 0, clear: 0, deny: 0 },
  connections: [],
  ike: {},
  warnings: [],
};

test('cli: status as text and as JSON', async () => {
  const handlers = { status: () => report };
  assert.is((await run('status', handlers)).printed, statusText(report));
  const { printed, status } = await run('status --json', handlers);
  assert.is(status, 0);
  assert.equal(JSON.parse(printed), report);
});

test('cli: a report that is none is told, not printed', async () => {
  for (const result of [null, 7, {}, { ...report, connections: 1 }]) {
    const { status, complaints } = await run('status', { status: () => result });
    assert.is(status, 1);
    assert.match(complaints[0]!, /another release/);
  }
});

test('cli: forget says how much was forgotten', async () => {
  const asked: unknown[] = [];
  const forget = (forgotten: number): ControlHandlers => ({
    forget: (request) => {
      asked.push(request);
      return { forgotten };
    },
  });
  assert.is(
    (await run('forget 2001:DB8::1', forget(2))).printed,
    'forgot 2 connections with 2001:db8::1: its next packet starts a fresh look-up\n',
  );
  assert.is(
    (await run('forget 192.0.2.1', forget(0))).printed,
    'nothing was remembered about 192.0.2.1: its next packet starts a look-up anyway\n',
  );
  assert.equal(asked[0], { command: 'forget', address: '2001:db8::1' });
});

test('cli: a bug ends in status 1 and a sentence', async () => {
  const parts: CliParts = {
    version: '0.1.0',
    print: () => undefined,
    complain: (line) => void complaints.push(line),
    context: () => {
      throw new Error('no such thing');
    },
    daemon: async () => 0,
  };
  const complaints: string[] = [];
  assert.is(await runCommandLine(parts, ['status']), 1);
  assert.is(complaints[0], 'autoipsec: no such thing');
});
