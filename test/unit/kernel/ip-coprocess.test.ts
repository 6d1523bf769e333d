import { IpCoprocess } from '../../../src/core/kernel/ip-coprocess.js';
import { silentLogger } from '../../../src/core/log.js';
import { SteppedClock, settle } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { FakeMachine } from './fake-machine.js';

function set() {
  const machine = new FakeMachine();
  const clock = new SteppedClock();
  const ip = new IpCoprocess({ processes: machine, timers: clock, log: silentLogger });
  return { machine, clock, ip };
}

const add = (spi: number) => ({
  line: `xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi ${spi} aead x 0x${'ab'.repeat(20)} 128`,
  what: `add state ${spi}`,
});

test('ip coprocess: a batch is done when each command has its sign, in one process', async () => {
  const { machine, ip } = set();
  assert.equal(await ip.run([add(1), add(2)]), { ok: true });
  assert.equal(await ip.run([add(3)]), { ok: true });
  assert.is(machine.objects.size, 3);
  assert.equal(machine.started, ['ip -force -batch -']);
});

test('ip coprocess: keys are in no argument list', async () => {
  const { machine, ip } = set();
  await ip.run([add(1)]);
  for (const argv of [...machine.started, ...machine.runs.map((run) => run.argv)])
    assert.not.match(argv, 'abab');
});

test('ip coprocess: the error names its command, and nothing runs behind it', async () => {
  const { machine, ip } = set();
  machine.refusals.push([/spi 2 /, 'Error: argument "0xabababababababababab" is wrong']);
  const result = await ip.run([add(1), add(2), add(3)]);
  assert.equal(result, {
    ok: false,
    done: 1,
    error: 'ip: add state 2: Error: argument \\u0022\\u003ckey\\u003e\\u0022 is wrong',
  });
  assert.not.ok(machine.lines.some((line) => line.includes('spi 3 ')));
});

test('ip coprocess: after a failure the next batch has a new process', async () => {
  const { machine, ip } = set();
  machine.refusals.push([/spi 2 /, 'RTNETLINK answers: File exists']);
  const [bad, good] = await Promise.all([ip.run([add(2)]), ip.run([add(4)])]);
  assert.equal(bad, {
    ok: false,
    done: 0,
    error: 'ip: add state 2: RTNETLINK answers: File exists',
  });
  assert.equal(good, { ok: true });
  assert.is(machine.started.length, 2);
});

test('ip coprocess: an error that does not end the process is an error all the same', async () => {
  const { machine, ip } = set();
  const odd = { line: 'nonsense', what: 'try nonsense' };
  const result = await ip.run([odd, add(1)]);
  assert.is(result.ok, false);
  assert.match(result.ok ? '' : result.error, 'try nonsense: Object');
  assert.is(machine.objects.size, 0);
  assert.equal(await ip.run([add(1)]), { ok: true });
});

test('ip coprocess: killed while idle, it is started again; while at work, the batch fails', async () => {
  const { machine, ip } = set();
  await ip.run([add(1)]);
  machine.kill(/batch/);
  await settle();
  assert.equal(await ip.run([add(2)]), { ok: true });
  machine.isMute = true;
  const dying = ip.run([add(3)]);
  machine.kill(/batch/);
  assert.equal(await dying, { ok: false, done: 0, error: 'ip: add state 3: ended with status -9' });
});

test('ip coprocess: a program that is not there is an error of the batch', async () => {
  const { machine, ip } = set();
  machine.canStart = false;
  const result = await ip.run([add(1)]);
  assert.match(result.ok ? '' : result.error, 'can not be started');
});

test('ip coprocess: a command without an end is given up', async () => {
  const { machine, clock, ip } = set();
  machine.isMute = true;
  const waiting = ip.run([add(1)]);
  await clock.advance(60_000);
  assert.match(JSON.stringify(await waiting), 'no end after 60 s');
});

test('ip coprocess: each command on its own, whatever the others did', async () => {
  const { machine, ip } = set();
  machine.refusals.push([/spi [13] /, 'RTNETLINK answers: No such process']);
  const errors = await ip.runEach([add(1), add(2), add(3), add(4)]);
  assert.is(errors.length, 2);
  assert.equal(
    [...machine.objects.values()].map((line) => /spi (\d)/.exec(line)?.[1]),
    ['2', '4'],
  );
});

test('ip coprocess: stopping answers what waits, and leaves no process and no timer', async () => {
  const { machine, clock, ip } = set();
  const waiting = [ip.run([add(1)]), ip.run([add(2)])];
  ip.stop();
  for (const result of await Promise.all(waiting)) assert.is(result.ok, false);
  assert.is(machine.living.size, 0);
  assert.is(clock.pendingTimers, 0);
  assert.is((await ip.run([add(3)])).ok, false);
});
