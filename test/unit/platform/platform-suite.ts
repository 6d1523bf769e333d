/** What every platform has to do, run on the real machine: files, processes, timers, signals. */
import { concat, equal } from '../../../src/core/bytes/bytes.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import type { Child, Platform } from '../../../src/core/platform/platform.js';
import { assert, test } from '../../support/test.js';

const decoded = (bytes: Uint8Array) => fromUtf8(bytes).trim();

/** Bytes that differ from place to place, so that a lost or doubled block shows. */
export const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + (i >> 16)) & 255);

const shell = (script: string) => ['sh', '-c', script];

/** Runs `use` with a new folder, which is removed afterwards. */
async function inFolder(platform: Platform, use: (folder: string) => unknown): Promise<void> {
  const folder = decoded((await platform.processes.run(['mktemp', '-d'])).output);
  try {
    await use(folder);
  } finally {
    await platform.processes.run(['rm', '-rf', folder]);
  }
}

const pause = (platform: Platform, ms: number) =>
  new Promise<void>((resolve) => void platform.timers.after(ms, resolve));

export function platformSuite(name: string, platform: Platform): void {
  fileTests(name, platform);
  processTests(name, platform);
  childTests(name, platform);
  timerTests(name, platform);
  otherTests(name, platform);
}

function fileTests(name: string, { files, processes, ...rest }: Platform): void {
  const platform = { files, processes, ...rest };

  test(`${name} files: written bytes are read back, with the mode asked for`, () =>
    inFolder(platform, async (folder) => {
      const content = pattern(100_000);
      files.writeAtomic(`${folder}/key`, content, 0o600);
      assert.ok(equal(files.read(`${folder}/key`)!, content));
      const { output } = await processes.run(['stat', '-c', '%a', `${folder}/key`]);
      assert.is(decoded(output), '600');
      files.writeAtomic(`${folder}/key`, utf8('short'), 0o644);
      assert.is(fromUtf8(files.read(`${folder}/key`)!), 'short');
      assert.equal(files.list(folder), ['key']);
    }));

  test(`${name} files: a view into a larger buffer is written as the view`, () =>
    inFolder(platform, (folder) => {
      files.writeAtomic(`${folder}/a`, utf8('xxmiddlexx').subarray(2, 8), 0o600);
      assert.is(fromUtf8(files.read(`${folder}/a`)!), 'middle');
    }));

  test(`${name} files: what can not be written leaves the old file and no other`, () =>
    inFolder(platform, (folder) => {
      files.makeFolder(`${folder}/taken/deep`, 0o755);
      assert.throws(() => files.writeAtomic(`${folder}/taken`, utf8('x'), 0o600), /taken/);
      assert.throws(() => files.writeAtomic(`${folder}/no/file`, utf8('x'), 0o600), /no\/file/);
      assert.equal(files.list(folder), ['taken']);
      assert.equal(files.list(`${folder}/taken`), ['deep']);
    }));

  test(`${name} files: what is missing is undefined, empty, or removed already`, () =>
    inFolder(platform, (folder) => {
      assert.is(files.read(`${folder}/none`), undefined);
      assert.equal(files.list(`${folder}/none`), []);
      files.remove(`${folder}/none`);
      assert.throws(() => files.read(folder));
      files.makeFolder(folder, 0o700);
    }));
}

function processTests(name: string, { processes, clock }: Platform): void {
  test(`${name} processes: megabytes go in and come out whole`, async () => {
    const input = pattern(3_000_000);
    const { status, output } = await processes.run(['cat'], input);
    assert.is(status, 0);
    assert.ok(equal(output, input));
  });

  test(`${name} processes: both outputs and the exit status are told apart`, async () => {
    const result = await processes.run(shell('echo out; echo wrong >&2; exit 3'));
    assert.is(decoded(result.output), 'out');
    assert.is(decoded(result.errorOutput), 'wrong');
    assert.is(result.status, 3);
  });

  test(`${name} processes: a missing program ends with 127`, async () => {
    assert.is((await processes.run(['/no/such/program'])).status, 127);
  });

  test(`${name} processes: a signal shows as its negated number`, async () => {
    assert.is((await processes.run(shell('kill -TERM $$'))).status, -15);
    assert.is((await processes.run(shell('kill -KILL $$'))).status, -9);
  });

  test(`${name} processes: arguments pass as they are, PATH is searched`, async () => {
    const { output } = await processes.run(['printf', '%s|', '$HOME', 'a b', '"']);
    assert.is(fromUtf8(output), '$HOME|a b|"|');
  });

  test(`${name} processes: a child that reads nothing does not kill us`, async () => {
    assert.is((await processes.run(['true'], pattern(500_000))).status, 0);
  });

  test(`${name} processes: an ended child leaves no zombie`, async () => {
    const { output } = await processes.run(shell('echo $$'));
    const state = await processes.run(['ls', `/proc/${decoded(output)}`]);
    assert.is.not(state.status, 0);
  });

  test(`${name} processes: one that floods us does not keep another waiting`, async () => {
    let flooded = 0;
    const flood = processes.spawn(['yes'], {
      output: (bytes) => {
        flooded += bytes.length;
      },
    });
    const start = clock.monotonicMs();
    await processes.run(['cat'], pattern(200_000));
    const took = clock.monotonicMs() - start;
    flood.kill('SIGKILL');
    assert.ok(flooded > 0 && took < 5000, `${flooded} bytes of flood, ${took} ms`);
  });
}

function childTests(name: string, platform: Platform): void {
  const { processes, timers } = platform;
  const ended = (start: (exit: (status: number) => void) => Child): Promise<number> =>
    new Promise((resolve) => void start(resolve));

  test(`${name} child: input queues without blocking, and pendingBytes tells how much`, async () => {
    let child: Child | undefined;
    const status = ended((exit) => {
      child = processes.spawn(['sleep', '100'], { exit });
      return child;
    });
    for (let i = 0; i < 100; i++) child!.write(pattern(10_000));
    await pause(platform, 20);
    const pending = child!.pendingBytes;
    assert.ok(pending > 800_000 && pending <= 1_000_000, `${pending} bytes pending`);
    child!.kill('SIGTERM');
    assert.is(await status, -15);
    child!.write(utf8('late'));
    child!.kill('SIGKILL');
    child!.closeInput();
  });

  test(`${name} child: order of small writes is kept, the caller may reuse its buffer`, async () => {
    const seen: Uint8Array[] = [];
    const status = ended((exit) => {
      const child = processes.spawn(['cat'], { exit, output: (bytes) => seen.push(bytes) });
      const buffer = new Uint8Array(3);
      for (let i = 0; i < 3000; i++) {
        buffer.fill(i & 255);
        child.write(buffer);
      }
      child.closeInput();
      return child;
    });
    assert.is(await status, 0);
    const expected = Uint8Array.from({ length: 9000 }, (_, i) => Math.floor(i / 3) & 255);
    assert.ok(equal(concat(...seen), expected));
  });

  test(`${name} child: a dialogue works line by line`, async () => {
    const lines: string[] = [];
    const status = ended((exit) => {
      const child = processes.spawn(shell('while read line; do echo "<$line>"; done'), {
        exit,
        output: (bytes) => {
          lines.push(decoded(bytes));
          if (lines.length < 3) child.write(utf8(`${lines.length}\n`));
          else child.closeInput();
        },
      });
      child.write(utf8('0\n'));
      return child;
    });
    assert.is(await status, 0);
    assert.equal(lines, ['<0>', '<1>', '<2>']);
  });

  test(`${name} child: one that closes its outputs and lives on is reported when it ends`, async () => {
    const start = platform.clock.monotonicMs();
    const script = 'exec >/dev/null 2>&1; sleep 0.2; exit 7';
    assert.is(await ended((exit) => processes.spawn(shell(script), { exit })), 7);
    assert.ok(platform.clock.monotonicMs() - start >= 190);
  });

  test(`${name} timers: a chain of zero delays leaves time for children`, async () => {
    let isChaining = true;
    const chain = () => void (isChaining && timers.after(0, chain));
    chain();
    const { output } = await processes.run(['echo', 'served']);
    isChaining = false;
    assert.is(decoded(output), 'served');
  });
}

function timerTests(name: string, platform: Platform): void {
  const { timers, clock } = platform;

  test(`${name} timers: they fire in the order of their deadlines, not before time`, async () => {
    const order: string[] = [];
    const start = clock.monotonicMs();
    timers.after(30, () => order.push('30'));
    timers.after(10, () => order.push('10'));
    const cancelled = timers.after(15, () => order.push('cancelled'));
    timers.after(20, () => order.push('20'));
    cancelled.cancel();
    cancelled.cancel();
    // block past all deadlines: QuickJS by itself would now go by creation
    while (clock.monotonicMs() - start < 35);
    await pause(platform, 10);
    assert.equal(order, ['10', '20', '30']);
    timers.after(5, () => order.push(String(clock.monotonicMs() - start >= 50)));
    await pause(platform, 60 - (clock.monotonicMs() - start));
    cancelled.cancel();
  });

  test(`${name} timers: one that throws does not stop the next`, async () => {
    const order: string[] = [];
    timers.after(1, () => {
      order.push('throws');
      throw new Error('thrown by a test, expected in its output');
    });
    timers.after(2, () => order.push('next'));
    await pause(platform, 10);
    assert.equal(order, ['throws', 'next']);
  });
}

function otherTests(name: string, platform: Platform): void {
  test(`${name}: a signal reaches its handler`, async () => {
    let count = 0;
    platform.onSignal('SIGHUP', () => {
      count++;
    });
    await platform.processes.run(shell(`kill -HUP ${platform.pid}`));
    await pause(platform, 20);
    assert.is(count, 1);
  });

  test(`${name}: the process id is ours`, async () => {
    const { output } = await platform.processes.run(shell('echo $PPID'));
    assert.is(decoded(output), String(platform.pid));
  });

  test(`${name}: random bytes have the length asked for and differ`, () => {
    assert.is(platform.random(0).length, 0);
    assert.is(platform.random(1000).length, 1000);
    assert.not(equal(platform.random(16), platform.random(16)));
    assert.ok(new Set(platform.random(4096)).size > 200);
  });

  test(`${name}: the wall clock agrees with the machine's`, async () => {
    const { output } = await platform.processes.run(['date', '+%s']);
    assert.ok(Math.abs(Number(decoded(output)) - platform.clock.wallSeconds()) < 5);
  });

  test(`${name}: the environment is there`, () => {
    assert.ok(platform.environment('PATH'));
    assert.is(platform.environment('AUTOIPSEC_NOT_SET'), undefined);
  });
}
