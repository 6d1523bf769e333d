import { type Request, RequestWindow } from '../../../src/core/ike/request-window.js';
import { ResponseWindow } from '../../../src/core/ike/response-window.js';
import { threeTimes, untilPeerIsDead } from '../../../src/core/ike/schedule.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

const bytes = (value: number) => Uint8Array.of(value);

function makeWindow() {
  const clock = new SteppedClock();
  const sent: number[] = [];
  const window = new RequestWindow({
    timers: clock,
    transmit: (message) => void sent.push(message[0]!),
    jitterMs: () => 0,
  });
  const ended: string[] = [];
  const request = (name: string): Request => ({
    exchange: 37,
    schedule: threeTimes,
    build: (messageId) => bytes(messageId),
    gaveUp: () => void ended.push(name),
  });
  return { clock, sent, window, ended, request };
}

test('window: one request at a time, message IDs count up, the others wait', () => {
  const { window, sent, request } = makeWindow();
  for (const name of ['a', 'b', 'c']) window.send(request(name));
  assert.equal(sent, [0]);
  assert.ok(window.pending(0, 37));
  assert.is(window.pending(0, 36), undefined);
  assert.is(window.pending(1, 37), undefined);
  window.complete();
  assert.equal(sent, [0, 1]);
  window.complete();
  window.complete();
  assert.equal(sent, [0, 1, 2]);
  assert.ok(window.isIdle);
});

test('window: repeats until the schedule ends, then gives up', async () => {
  const { clock, window, sent, ended, request } = makeWindow();
  window.send(request('a'));
  await clock.advance(29_999);
  assert.equal([sent, ended], [[0, 0, 0], []]);
  await clock.advance(1);
  assert.equal([sent, ended], [[0, 0, 0], ['a']]);
  await clock.advance(60_000);
  assert.is(sent.length, 3);
});

test('window: stop tells everybody who waits, and those who come later', () => {
  const { clock, window, ended, request } = makeWindow();
  for (const name of ['a', 'b']) window.send(request(name));
  window.stop();
  window.stop();
  window.send(request('c'));
  assert.equal(ended, ['a', 'b', 'c']);
  assert.is(clock.pendingTimers, 0);
});

test('window: rebuild sends new content under the same message ID', () => {
  const { window, sent, request } = makeWindow();
  window.rebuild();
  window.send(request('a'));
  window.rebuild();
  assert.equal(sent, [0, 0]);
});

test('schedule: within an IKE SA the peer is dead after 31 seconds', () => {
  const pauses = [1, 2, 3, 4, 5, 6].map(untilPeerIsDead);
  assert.equal(pauses, [1000, 2000, 4000, 8000, 16_000, undefined]);
});

test('responses: a request is new once, then busy, then repeated', () => {
  const window = new ResponseWindow();
  assert.is(window.classify(0, bytes(1)).kind, 'next');
  window.begin(bytes(1));
  assert.is(window.classify(0, bytes(1)).kind, 'busy');
  assert.is(window.classify(0, bytes(2)).kind, 'outside');
  window.finish(bytes(9));
  assert.equal(window.classify(0, bytes(1)), { kind: 'repeated', response: bytes(9) });
  assert.is(window.classify(0, bytes(2)).kind, 'outside');
  assert.is(window.classify(1, bytes(2)).kind, 'next');
  assert.is(window.classify(2, bytes(2)).kind, 'outside');
  window.begin(bytes(2));
  window.finish(bytes(8));
  assert.is(window.classify(0, bytes(1)).kind, 'outside');
});
