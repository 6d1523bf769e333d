import { concat, uintBytes } from '../../../src/core/bytes/bytes.js';
import { RequestWindow } from '../../../src/core/ike/request-window.js';
import { ResponseWindow } from '../../../src/core/ike/response-window.js';
import { untilPeerIsDead } from '../../../src/core/ike/schedule.js';
import { whole } from '../../../src/core/ike/sealed.js';
import { chance } from '../../support/memory-network.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

/** What a path does to its `number`-th packet: milliseconds until each copy of it arrives. */
type Path = (number: number) => readonly number[];

const REQUESTS = 40;
const WINDOW = 16;

/** Both windows with a path between them, and a responder that takes its time. No cryptography. */
class Pair {
  readonly clock = new SteppedClock();
  readonly responses = new ResponseWindow(WINDOW);
  readonly processed: number[] = [];
  readonly answered: number[] = [];
  readonly lost: number[] = [];
  readonly requests = new RequestWindow({
    clock: this.clock,
    timers: this.clock,
    transmit: (bytes) => this.#send((id) => this.#requested(id, bytes), bytes[0]!),
    jitterMs: () => 0,
  });
  readonly #answers = new Map<number, number>();
  #packets = 0;
  mostOut = 0;

  constructor(private readonly path: Path) {}

  async run(): Promise<void> {
    this.requests.resize(WINDOW);
    for (let i = 0; i < REQUESTS; i++)
      this.requests.send({
        exchange: 36,
        schedule: untilPeerIsDead,
        build: (messageId) => whole(concat(uintBytes(messageId, 1), uintBytes(i, 4))),
        gaveUp: () => void this.lost.push(i),
      });
    await this.clock.advance(300_000);
  }

  #send(arrive: (messageId: number) => void, messageId: number): void {
    for (const delayMs of this.path(++this.#packets))
      this.clock.after(delayMs, () => arrive(messageId));
  }

  #requested(id: number, bytes: Uint8Array): void {
    const arrival = this.responses.classify(id, bytes);
    if (arrival.kind === 'repeated') this.#answer(id, arrival.response.datagrams[0]!);
    if (arrival.kind !== 'new') return;
    this.responses.begin(id, bytes);
    this.processed.push(id);
    this.mostOut = Math.max(this.mostOut, this.responses.busy);
    this.clock.after(10 + ((id * 37) % 90), () => {
      const response = concat(bytes, uintBytes(this.processed.indexOf(id), 1));
      this.responses.finish(id, whole(response));
      this.#answer(id, response);
    });
  }

  #answer(id: number, response: Uint8Array): void {
    const same = this.#answers.get(id) ?? response[5]!;
    this.#answers.set(id, same);
    assert.is(response[5], same, 'an answer is sent again as it was');
    this.#send(() => {
      if (!this.requests.pending(id, 36)) return;
      this.answered.push(id);
      this.requests.complete(id);
    }, id);
  }
}

const all = Array.from({ length: REQUESTS }, (_, i) => i);
const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);

/** Each request was processed once and answered once, whatever the path did. */
async function walk(path: Path): Promise<Pair> {
  const pair = new Pair(path);
  await pair.run();
  assert.equal(sorted(pair.processed), all);
  assert.equal(sorted(pair.answered), all);
  assert.equal(pair.lost, []);
  assert.ok(pair.requests.isIdle);
  assert.is(pair.clock.pendingTimers, 0);
  assert.ok(pair.mostOut <= WINDOW);
  return pair;
}

test('window pair: a good path keeps sixteen in work', async () => {
  const pair = await walk(() => [20]);
  assert.is(pair.mostOut, WINDOW);
});

for (const [what, fate] of [
  ['lost', []],
  ['late by the time of a window', [700]],
  ['late by more than a repetition', [2500]],
  ['doubled', [20, 20]],
  ['doubled, once much later', [20, 4000]],
] as const)
  test(`window pair: each packet of ${2 * REQUESTS} ${what}`, async () => {
    for (let chosen = 1; chosen <= 2 * REQUESTS; chosen++)
      await walk((number) => (number === chosen ? fate : [20]));
  });

for (const seed of [1, 2, 3, 4, 5, 6])
  test(`window pair: all of it at random, seed ${seed}`, async () => {
    const [isLost, isDoubled, isLate] = [0.1, 0.3, 0.4].map((rate, i) =>
      chance(rate, seed * 7919 + i * 104_729),
    );
    await walk(() => {
      const delayMs = isLate!() ? 1500 : 20;
      if (isLost!()) return [];
      return isDoubled!() ? [delayMs, 3000] : [delayMs];
    });
  });
