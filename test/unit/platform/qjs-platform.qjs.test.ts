import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { os } from '../../../src/core/platform/qjs/engine.js';
import { exitStatus } from '../../../src/core/platform/qjs/qjs-child.js';
import { openSynchronous } from '../../../src/core/platform/qjs/qjs-files.js';
import { createQjsPlatform } from '../../../src/core/platform/qjs/qjs-platform.js';
import { assert, test } from '../../support/test.js';
import { platformSuite } from './platform-suite.js';

const platform = createQjsPlatform();
platformSuite('qjs', platform);

/** O_SYNC of the generic numbers, in which /proc tells flags on the machines tests run on. */
const O_SYNC = 0o4010000;

test('qjs files: a new file is opened for synchronous writing', () => {
  const path = `/tmp/autoipsec-test-${platform.pid}`;
  const fd = openSynchronous(path, 0o600);
  try {
    const info = fromUtf8(platform.files.read(`/proc/self/fdinfo/${fd}`)!);
    const flags = Number.parseInt(/flags:\s*(\d+)/.exec(info)![1]!, 8);
    assert.is(flags & O_SYNC, O_SYNC, `flags are ${flags.toString(8)}`);
    assert.throws(() => openSynchronous(path, 0o600), /File exists/);
  } finally {
    os.close(fd);
    os.remove(path);
  }
});

test('qjs random: getRandomValues fills just the view it is given', () => {
  const { crypto } = globalThis as unknown as {
    crypto: { getRandomValues(view: ArrayBufferView): ArrayBufferView };
  };
  const whole = new Uint8Array(48);
  const view = new Uint32Array(whole.buffer, 8, 8);
  assert.is(crypto.getRandomValues(view), view);
  assert.ok(whole.subarray(0, 8).every((byte) => byte === 0));
  assert.ok(whole.subarray(40).every((byte) => byte === 0));
  assert.ok(whole.subarray(8, 40).some((byte) => byte !== 0));
});

test('qjs processes: no descriptor of ours leaks into a child', async () => {
  const { output } = await platform.processes.run(['ls', '/proc/self/fd']);
  assert.is(fromUtf8(output), '0\n1\n2\n3\n'); // 3 is the folder
});

test('qjs child: wait statuses are read as wait(2) says', () => {
  assert.is(exitStatus(0x0300), 3);
  assert.is(exitStatus(0x000f), -15);
  assert.is(exitStatus(0x0086), -6); // with core dump
});

test('qjs child: outputs that a grandchild keeps open do not hold up the report', async () => {
  const start = platform.clock.monotonicMs();
  const result = await platform.processes.run(['sh', '-c', 'echo early; sleep 9 & exit 5']);
  assert.is(result.status, 5);
  assert.is(fromUtf8(result.output), 'early\n');
  assert.ok(platform.clock.monotonicMs() - start < 2000);
});

test('qjs child: no output is lost when timers are due before every read', async () => {
  const { exec } = os as unknown as {
    exec(argv: readonly string[], options: { block: true }): number;
  };
  const hold = (seconds: string) => void exec(['sleep', seconds], { block: true });
  const said = await new Promise<string[]>((resolve) => {
    const lines: string[] = [];
    let living = 6;
    for (let i = 0; i < 6; i++) {
      let text = '';
      platform.processes.spawn(['echo', `${i}`], {
        output: (bytes) => {
          text += fromUtf8(bytes);
          hold('0.01'); // each read takes so long that the next timer is due
        },
        exit: () => {
          lines[i] = text;
          if (--living === 0) resolve(lines);
        },
      });
    }
    // The children end during the first, and their ends are seen before the others.
    for (let n = 0; n < 3; n++) platform.timers.after(0, () => hold('0.2'));
  });
  assert.equal(said, ['0\n', '1\n', '2\n', '3\n', '4\n', '5\n']);
});

test('qjs child: a grandchild that writes for ever does not hold up the report for ever', async () => {
  const { output } = await platform.processes.run(['sh', '-c', 'echo early; yes & sleep 0.1']);
  assert.is(fromUtf8(output.slice(0, 6)), 'early\n');
});

test('qjs child: all output is there although the script was busy when the child ended', async () => {
  const running = platform.processes.run(['cat'], utf8('x'.repeat(60_000)));
  const start = platform.clock.monotonicMs();
  platform.timers.after(5, () => {
    while (platform.clock.monotonicMs() - start < 400);
  });
  assert.is((await running).output.length, 60_000);
});
