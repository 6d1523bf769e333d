import { type Request, RequestWindow } from '../../../src/core/ike/request-window.js';
import { ResponseWindow } from '../../../src/core/ike/response-window.js';
import { threeTimes, untilPeerIsDead } from '../../../src/core/ike/schedule.js';
import { whole } from '../../../src/core/ike/sealed.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

const bytes = (value: number) => Uint8Array.of(value);

function makeWindow() {
  const clock = new SteppedClock();
  const sent: number[] = [];
  const window = new RequestWindow({
    clock,
    timers: clock,
    transmit: (message) => void sent.push(message[0]!),
    jitterMs: () => 0,
  });
  const ended: string[] = [];
  const request = (name: string): Request => ({
    exchange: 37,
    schedule: threeTimes,
    build: (messageId) => whole(bytes(messageId)),
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
  window.complete(0);
  assert.equal(sent, [0, 1]);
  window.complete(1);
  window.complete(2);
  assert.equal(sent, [0, 1, 2]);
  assert.ok(window.isIdle);
});

test('window: RFC 7296 §2.3, as many as the peer takes, held by the oldest without an answer', () => {
  const { window, sent, request } = makeWindow();
  for (const name of 'abcdefgh') window.send(request(name));
  window.resize(4);
  assert.equal(sent, [0, 1, 2, 3]);
  for (const answered of [1, 2, 3]) window.complete(answered);
  assert.equal(sent, [0, 1, 2, 3]);
  window.complete(0);
  assert.equal(sent, [0, 1, 2, 3, 4, 5, 6, 7]);
});

test('window: a smaller size leaves out what is out, and counts for the next', () => {
  const { window, sent, request, ended } = makeWindow();
  window.resize(4);
  for (const name of 'abcdef') window.send(request(name));
  window.resize(2);
  assert.equal([sent, ended], [[0, 1, 2, 3], []]);
  for (const answered of [0, 1, 2]) window.complete(answered);
  assert.equal(sent, [0, 1, 2, 3, 4]);
  window.complete(3);
  assert.equal(sent, [0, 1, 2, 3, 4, 5]);
  window.resize(0);
  window.complete(4);
  window.complete(5);
  window.send(request('g'));
  assert.equal(sent, [0, 1, 2, 3, 4, 5, 6]);
});

test('window: each request has its own repetitions', async () => {
  const { clock, window, sent, ended, request } = makeWindow();
  window.resize(2);
  window.send(request('a'));
  await clock.advance(5000);
  window.send(request('b'));
  await clock.advance(5000);
  assert.equal(sent, [0, 1, 0]);
  window.complete(0);
  await clock.advance(24_999);
  assert.equal([sent, ended], [[0, 1, 0, 1, 1], []]);
  await clock.advance(1);
  assert.equal(ended, ['b']);
  assert.is(clock.pendingTimers, 0);
});

test('window: a peer that answers slowly is asked again later, up to a limit', async () => {
  const { clock, window, sent, request } = makeWindow();
  let messageId = 0;
  /** When the next request was repeated first; its answer comes after `answerMs`. */
  const firstPause = async (answerMs: number): Promise<number> => {
    sent.length = 0;
    window.send({ ...request('one'), schedule: untilPeerIsDead });
    const start = clock.monotonicMs();
    await clock.advanceUntil(() => sent.length === 2);
    const pauseMs = clock.monotonicMs() - start;
    await clock.advance(Math.max(0, answerMs - pauseMs));
    window.complete(messageId++);
    return pauseMs;
  };
  assert.is(await firstPause(3000), 1000);
  assert.is(await firstPause(5500), 3000);
  assert.is(await firstPause(20_000), 7000);
  assert.is(await firstPause(0), 8000);
  for (let i = 0; i < 5; i++) {
    window.send(request('quick'));
    window.complete(messageId++);
  }
  assert.is(await firstPause(0), 1000);
});

test('window: what nobody wants any more when its turn comes takes no message ID', () => {
  const { window, sent, request, ended } = makeWindow();
  window.send(request('a'));
  let isWanted = true;
  window.send({ ...request('b'), isWanted: () => isWanted });
  window.send(request('c'));
  isWanted = false;
  window.complete(0);
  assert.equal([sent, ended], [[0, 1], []]);
  window.complete(1);
  assert.ok(window.isIdle);
});

test('window: the last request overtakes those that wait, and nothing follows it', () => {
  const { window, sent, request, ended } = makeWindow();
  for (const name of 'ab') window.send(request(name));
  window.send({ ...request('last'), isLast: true, build: () => whole(bytes(99)) });
  window.resize(4);
  window.send(request('c'));
  assert.equal([sent, ended], [[0, 99], []]);
  window.stop();
  assert.equal(ended, ['a', 'last', 'b', 'c']);
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
  window.rebuild(0);
  window.send(request('a'));
  window.rebuild(0);
  assert.equal(sent, [0, 0]);
});

test('schedule: within an IKE SA the peer is dead after 31 seconds', () => {
  const pauses = [1, 2, 3, 4, 5, 6].map(untilPeerIsDead);
  assert.equal(pauses, [1000, 2000, 4000, 8000, 16_000, undefined]);
});

test('responses: a request is new once, then busy, then repeated', () => {
  const window = new ResponseWindow(1);
  assert.is(window.classify(0, bytes(1)).kind, 'new');
  window.begin(0, bytes(1));
  assert.is(window.classify(0, bytes(1)).kind, 'busy');
  assert.is(window.classify(0, bytes(2)).kind, 'outside');
  assert.is(window.classify(1, bytes(2)).kind, 'outside');
  window.finish(0, whole(bytes(9)));
  assert.equal(window.classify(0, bytes(1)), { kind: 'repeated', response: whole(bytes(9)) });
  assert.is(window.classify(0, bytes(2)).kind, 'outside');
  assert.is(window.classify(1, bytes(2)).kind, 'new');
  assert.is(window.classify(2, bytes(2)).kind, 'outside');
  window.begin(1, bytes(2));
  window.finish(1, whole(bytes(8)));
  assert.is(window.classify(0, bytes(1)).kind, 'outside');
});

test('responses: a closed window takes nothing until it is opened', () => {
  const window = new ResponseWindow(0);
  assert.is(window.classify(0, bytes(1)).kind, 'outside');
  window.open(2);
  assert.equal(
    [0, 1, 2].map((id) => window.classify(id, bytes(1)).kind),
    ['new', 'new', 'outside'],
  );
});

/** What the picture in `response-window.ts` shows. */
function pictured(): ResponseWindow {
  const window = new ResponseWindow(4);
  for (const id of [0, 1, 2, 3, 4, 5, 6]) {
    window.begin(id, bytes(id));
    if (id !== 5) window.finish(id, whole(bytes(100 + id)));
  }
  return window;
}

test('responses: RFC 7296 §2.3, the window as it is pictured', () => {
  const window = pictured();
  assert.equal(
    [2, 3, 4, 5, 6, 7, 8, 9, 0xffff_ffff].map((id) => window.classify(id, bytes(id & 255)).kind),
    ['outside', 'repeated', 'repeated', 'busy', 'repeated', 'new', 'new', 'outside', 'outside'],
  );
  assert.equal(window.classify(4, bytes(4)), { kind: 'repeated', response: whole(bytes(104)) });
  assert.is(window.busy, 1);
  assert.equal([window.isNewest(6), window.isNewest(7)], [false, true]);
});

test('responses: the window moves when its oldest is answered, and forgets when newer ones come', () => {
  const window = pictured();
  window.begin(8, bytes(8));
  assert.equal(
    [4, 5, 9].map((id) => window.classify(id, bytes(id)).kind),
    ['outside', 'busy', 'outside'],
  );
  window.finish(5, whole(bytes(105)));
  assert.equal(
    [5, 7, 9, 10, 11].map((id) => window.classify(id, bytes(id)).kind),
    ['repeated', 'new', 'new', 'new', 'outside'],
  );
});
