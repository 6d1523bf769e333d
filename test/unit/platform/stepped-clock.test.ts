import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

test('stepped clock: timers run by deadline, equal ones in the order they were set', async () => {
  const clock = new SteppedClock();
  const order: string[] = [];
  clock.after(20, () => order.push('late'));
  clock.after(10, () => order.push('first'));
  clock.after(10, () => order.push('second'));
  await clock.advance(9);
  assert.equal(order, []);
  await clock.advance(100);
  assert.equal(order, ['first', 'second', 'late']);
  assert.is(clock.pendingTimers, 0);
});

test('stepped clock: promises settle between two timers of one step', async () => {
  const clock = new SteppedClock();
  const order: string[] = [];
  clock.after(1, async () => {
    for (let i = 0; i < 30; i++) await undefined;
    order.push(`promise at ${clock.monotonicMs()}`);
  });
  clock.after(2, () => order.push('timer'));
  await clock.advance(5);
  assert.equal(order, ['promise at 1001', 'timer']);
});

test('stepped clock: a timer set by a timer fires in the same step; a cancelled one does not', async () => {
  const clock = new SteppedClock();
  const order: number[] = [];
  const cancelled = clock.after(3, () => order.push(-1));
  clock.after(2, () => {
    clock.after(2, () => order.push(clock.monotonicMs()));
    cancelled.cancel();
    cancelled.cancel();
  });
  await clock.advance(4);
  assert.equal(order, [1004]);
});

test('stepped clock: endless timers fail the test instead of hanging it', async () => {
  const clock = new SteppedClock();
  const again = () => void clock.after(0, again);
  again();
  let message = '';
  await clock.advance(1, 50).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, '50 timers fired');
});

test('stepped clock: wall time goes along', async () => {
  const clock = new SteppedClock(5, 100);
  await clock.advance(2500);
  assert.is(clock.wallSeconds(), 102.5);
});
