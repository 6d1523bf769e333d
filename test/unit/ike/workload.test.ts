import { Workload } from '../../../src/core/ike/workload.js';
import { IkeWorld } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

const never = new Promise<never>(() => undefined);

test('workload: the second half is for peers that have nothing in work', async () => {
  const workload = new Workload({ maxBusyRequests: 4 });
  let finish: (value: number) => void = () => undefined;
  const work = workload.during(new Promise<number>((resolve) => (finish = resolve)));
  assert.ok(workload.hasRoomFor(1));
  void workload.during(never);
  assert.equal([workload.hasRoomFor(1), workload.hasRoomFor(0)], [false, true]);
  for (let i = 0; i < 2; i++) void workload.during(never);
  assert.is(workload.hasRoomFor(0), false);
  finish(7);
  assert.is(await work, 7);
  assert.ok(workload.hasRoomFor(0));
});

test('workload: failed work makes room as well', async () => {
  const workload = new Workload({ maxBusyRequests: 1 });
  let why = '';
  await workload.during(Promise.reject(new Error('no'))).catch((error) => (why = error.message));
  assert.is(why, 'no');
  assert.ok(workload.hasRoomFor(0));
});

async function busyWorld(maxBusyRequests: number) {
  const world = new IkeWorld();
  const right = await world.add('198.51.100.1', { limits: { maxBusyRequests } });
  const left = await world.add('192.0.2.1');
  const third = await world.add('203.0.113.1');
  for (const end of [left, third]) await world.until(end.daemon.connect(end.wish(right)));
  const wishFor = (end: typeof left, count: number) =>
    Array.from({ length: count }, (_, i) =>
      end.daemon.connect(end.wish(right, { theirs: `10.2.0.${i + 1}` })),
    );
  return { world, left, right, third, wishFor };
}

test('workload: what finds no room is put off, and all of it is done in the end', async () => {
  const { world, left, right, wishFor } = await busyWorld(4);
  right.authorize = () =>
    new Promise((resolve) => void world.clock.after(50, () => resolve({ ok: true })));
  const results = await world.until(Promise.all(wishFor(left, 8)));
  assert.ok(results.every(({ ok }) => ok));
  assert.ok(right.counter('messages put off') >= 6);
  assert.is(right.installed.length, 10);
  await world.stop();
});

test('workload: a peer whose requests all wait does not shut out another', async () => {
  const { world, left, right, third, wishFor } = await busyWorld(8);
  let asked = 0;
  right.authorize = () => (asked++ < 4 ? never : Promise.resolve({ ok: true }));
  for (const wish of wishFor(left, 20)) void wish;
  await world.clock.advance(200);
  assert.is(right.counter('messages put off'), 12);
  const start = world.clock.monotonicMs();
  const [result] = await world.until(Promise.all(wishFor(third, 1)));
  assert.ok(result?.ok);
  assert.ok(world.clock.monotonicMs() - start < 100);
  await world.stop();
});
