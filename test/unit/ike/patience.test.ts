import { Patience } from '../../../src/core/ike/patience.js';
import { address } from '../../../src/core/net/address.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

function started(goesOn: () => boolean = () => false) {
  const clock = new SteppedClock();
  const over: number[] = [];
  const events = { goesOn, over: (waitedMs: number) => void over.push(waitedMs) };
  return { clock, over, patience: new Patience({ clock, timers: clock }, 1000, events) };
}

test('patience: ends once, and a restart is a full one', async () => {
  const { clock, over, patience } = started();
  await clock.advance(900);
  patience.restart();
  await clock.advance(999);
  assert.equal(over, []);
  await clock.advance(5000);
  assert.equal(over, [1900]);
});

test('patience: goes on while something happens, but not longer than four of it', async () => {
  let news = true;
  const { clock, over } = started(() => news);
  await clock.advance(2500);
  news = false;
  await clock.advance(5000);
  assert.equal(over, [3000]);
  const endless = started(() => true);
  await endless.clock.advance(3500);
  endless.patience.restart();
  await endless.clock.advance(5000);
  assert.equal(endless.over, [4000]);
});

test('patience: stopped, it leaves no timer and does not start again', () => {
  const { clock, patience } = started();
  patience.stop();
  patience.restart();
  assert.is(clock.pendingTimers, 0);
});

interface Ends {
  world: IkeWorld;
  left: IkeEnd;
  right: IkeEnd;
}

/** An IKE SA with one tunnel; from then on the right owner needs a second for each question. */
async function slowEnds(): Promise<Ends> {
  const ends = await twoEnds({}, { limits: { window: 1 } });
  const { world, left, right } = ends;
  await world.until(left.daemon.connect(left.wish(right)));
  right.authorize = () =>
    new Promise((resolve) => void world.clock.after(1000, () => resolve({ ok: true })));
  return ends;
}

const wishFor = ({ left, right }: Ends, count: number, patienceMs: number) =>
  Promise.all(
    Array.from({ length: count }, (_, i) =>
      left.daemon.connect(left.wish(right, { theirs: `10.2.0.${i + 1}`, patienceMs })),
    ),
  );

test('patience: the time in line behind others that are answered does not count', async () => {
  const ends = await slowEnds();
  const results = await ends.world.until(wishFor(ends, 10, 3000));
  assert.ok(results.every(({ ok }) => ok));
  assert.is(ends.left.counter('IKE SAs'), 1);
  await ends.world.stop();
});

test('patience: even in line behind others there is an end to it, and it is said', async () => {
  const ends = await slowEnds();
  const start = ends.world.clock.monotonicMs();
  const results = await ends.world.until(wishFor(ends, 20, 3000));
  assert.is(ends.world.clock.monotonicMs() - start, 12_000);
  const whys = results.flatMap((result) => (result.ok ? [] : [result.failure.why]));
  assert.ok(whys.length >= 8 && whys.length <= 9, `${whys.length} failed`);
  assert.match(whys.at(-1)!, /too slow with others of ours to be asked within 12 s/);
  const before = ends.world.network.captured.length;
  await ends.world.clock.advance(20_000);
  // the one that was out, and at most a delete of what came of it
  const more = ends.world.network.captured.length - before;
  assert.ok(more <= 4, `${more} packets for what nobody wants`);
  await ends.world.stop();
});

test('patience: a peer that falls silent is given up soon by all in line', async () => {
  const ends = await slowEnds();
  const { world } = ends;
  world.network.path.loses = () => true;
  const start = world.clock.monotonicMs();
  const results = await world.until(wishFor(ends, 10, 5000));
  // the first repetition in vain makes the others try a fresh IKE SA, and this one gets a patience
  const tookMs = world.clock.monotonicMs() - start;
  assert.ok(tookMs >= 5000 && tookMs < 9000, `${tookMs} ms`);
  for (const result of results) assert.is(!result.ok && result.failure.kind, 'silent');
  await world.stop();
});

test('SP-40 patience: in line behind a delete that stays unanswered it does not go on', async () => {
  const ends = await slowEnds();
  const { world, left, right } = ends;
  const first = await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.99' })));
  world.network.path.loses = () => true;
  if (first.ok) void left.daemon.close(first.tunnel);
  const start = world.clock.monotonicMs();
  await world.until(wishFor(ends, 3, 5000));
  assert.is(world.clock.monotonicMs() - start, 5000);
  await world.stop();
});

test('SP-40 patience: all who wait for one IKE SA with a silent gateway give up with their own', async () => {
  const { world, left } = await twoEnds();
  const start = world.clock.monotonicMs();
  const ends: number[] = [];
  const remote = address('203.0.113.99');
  for (const [i, patienceMs] of [2000, 5000, 3000].entries()) {
    const wish = left.wish(left, { theirs: `10.2.0.${i + 1}`, patienceMs });
    void left.daemon
      .connect({ ...wish, remote })
      .then(() => ends.push(world.clock.monotonicMs() - start));
  }
  await world.clock.advance(60_000);
  assert.equal(ends, [2000, 3000, 5000]);
  assert.is(left.counter('IKE SAs'), 0);
  await world.stop();
});

test('patience: a peer that is slow with one pair and answers others is not in doubt', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  let asked = 0;
  right.authorize = () =>
    new Promise((resolve) => {
      world.clock.after(asked++ === 0 ? 6000 : 50, () => resolve({ ok: true }));
    });
  const results = await world.until(wishFor({ world, left, right }, 12, 20_000));
  assert.ok(results.every(({ ok }) => ok));
  assert.is(left.counter('IKE SAs'), 1);
  assert.is(right.installed.length, 13);
  await world.stop();
});

test('patience: a kernel that is slower than that costs no tunnel', async () => {
  const { world, left, right } = await twoEnds();
  await world.until(left.daemon.connect(left.wish(right)));
  left.install = () => new Promise((resolve) => void world.clock.after(9000, resolve));
  const results = await world.until(wishFor({ world, left, right }, 3, 3000));
  assert.ok(results.every(({ ok }) => ok));
  left.install = () => new Promise(() => undefined);
  const wish = left.wish(right, { theirs: '10.2.0.99', patienceMs: 3000 });
  const result = await world.until(left.daemon.connect(wish));
  assert.match(!result.ok ? result.failure.why : '', /not in the kernel within 12 s/);
  await world.stop();
});
