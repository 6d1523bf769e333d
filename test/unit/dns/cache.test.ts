import { Cache } from '../../../src/core/dns/cache.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

test('cache: an entry ends when its time is over, not before', async () => {
  const clock = new SteppedClock();
  const cache = new Cache<string>(clock, 10, 1000);
  cache.set('a', 'A', 5000, 1);
  await clock.advance(4999);
  assert.equal(cache.get('a'), { value: 'A', leftMs: 1 });
  await clock.advance(1);
  assert.is(cache.get('a'), undefined);
  assert.is(cache.size, 0);
});

test('cache: full, the entry longest unused goes', () => {
  const cache = new Cache<number>(new SteppedClock(), 3, 1000);
  for (const [i, key] of ['a', 'b', 'c'].entries()) cache.set(key, i, 1000, 1);
  cache.get('a');
  cache.set('d', 3, 1000, 1);
  assert.is(cache.get('b'), undefined);
  assert.ok(cache.get('a') && cache.get('c') && cache.get('d'));
});

test('cache: bounded by bytes as well, also over many changes', () => {
  const cache = new Cache<number>(new SteppedClock(), 1000, 100);
  for (let i = 0; i < 500; i++) cache.set(`k${i % 7}`, i, 1000, 40);
  assert.is(cache.size, 2);
  cache.set('large', 1, 1000, 101);
  assert.is(cache.get('large'), undefined);
  assert.is(cache.size, 2, 'what does not fit drives nothing out');
});
