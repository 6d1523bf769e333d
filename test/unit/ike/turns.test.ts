import { Turns } from '../../../src/core/ike/turns.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { assertMirrored, up, wishFor } from './far-ends.js';

test('turns: the first piece runs at once, the others one by one with time for others between', async () => {
  const clock = new SteppedClock();
  const turns = new Turns(clock, { peer: 9, stranger: 9 });
  const done: string[] = [];
  for (const name of ['a', 'b', 'c']) turns.run('peer', () => void done.push(name));
  assert.equal(done, ['a']);
  clock.after(0, () => void done.push('other'));
  await clock.advance(0);
  assert.equal(done, ['a', 'b', 'other', 'c']);
  turns.run('peer', () => void done.push('d'));
  assert.is(done.at(-1), 'd');
});

test('turns: strangers come last, and have a limit of their own', async () => {
  const clock = new SteppedClock();
  const turns = new Turns(clock, { peer: 9, stranger: 2 });
  const done: string[] = [];
  for (const name of ['a', 'b', 'c']) turns.run('stranger', () => void done.push(name));
  assert.equal([turns.isFull('stranger'), turns.isFull('peer')], [true, false]);
  for (const name of ['1', '2']) turns.run('peer', () => void done.push(name));
  await clock.advance(0);
  assert.equal(done, ['a', '1', '2', 'b', 'c']);
});

test('turns: full at its limit, and empty after a stop', async () => {
  const clock = new SteppedClock();
  const turns = new Turns(clock, { peer: 2, stranger: 1 });
  let runs = 0;
  for (let i = 0; i < 2; i++) turns.run('peer', () => void runs++);
  assert.is(turns.isFull('peer'), false);
  turns.run('peer', () => void runs++);
  assert.is(turns.isFull('peer'), true);
  turns.stop();
  await clock.advance(10);
  assert.equal([runs, turns.isFull('peer'), clock.pendingTimers], [1, false, 0]);
});

test('turns: messages beyond the limit are put off, and all is done in the end', async () => {
  const ends = await up({}, { limits: { maxWaitingMessages: 3 } });
  const results = await ends.world.until(wishFor(ends, 12));
  assert.ok(results.every(({ ok }) => ok));
  assert.is(ends.right.counter('messages put off'), 8);
  assertMirrored(ends, 13);
  await ends.world.stop();
});
