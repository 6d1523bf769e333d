/** Two daemons of ours for whoever fuzzes what is said between them. */
import type { IkeSa } from '../../../src/core/ike/ike-sa.js';
import { endSa } from '../../../src/core/ike/sa-life.js';
import { type IkeEnd, IkeWorld } from '../../support/ike-end.js';
import { contextOf, sasOf } from '../../support/ike-peer.js';
import { countingRandom } from '../../support/list-random.js';
import { assert } from '../target.js';

let worlds = 0;

/** Two daemons that are made anew when they have served for a while. */
export class Pair {
  world!: IkeWorld;
  left!: IkeEnd;
  right!: IkeEnd;
  #served = Number.POSITIVE_INFINITY;

  constructor(private readonly most: number) {}

  async ready(): Promise<void> {
    if (this.#served++ < this.most) return;
    await this.end();
    this.world = new IkeWorld();
    // A peer that sends nonsense every few milliseconds is no reason to say nothing any more
    const limits = { lingerMs: 100, halfOpenMs: 1000, maxHalfOpenPerPrefix: 1000 };
    // Not what the seeds were made with: they would be no strange messages, but true repetitions
    const random = countingRandom(++worlds * 7919);
    this.left = await this.world.add('192.0.2.1', { limits, random });
    this.right = await this.world.add('198.51.100.1', { limits, random });
    this.#served = 1;
  }

  /** Nothing may stay when both have stopped. */
  async end(): Promise<void> {
    if (!this.world) return;
    this.world.network.path.rewrites = undefined;
    await this.world.stop();
    await this.world.clock.advance(200_000);
    this.check();
    assert(this.world.clock.pendingTimers === 0, `${this.world.clock.pendingTimers} timers stay`);
    for (const end of [this.left, this.right]) assert(sasOf(end).length === 0, 'an IKE SA stays');
  }

  /** The SA of both, made where there is none; the peer must be able to make one at any time. */
  async established(): Promise<{ left: IkeSa; right: IkeSa }> {
    const { world, left, right } = this;
    const found = () => {
      const own = sasOf(left).find(({ state }) => state === 'ESTABLISHED');
      const other =
        own && sasOf(right).find((each) => each.spiPeer.every((b, i) => b === own.spiOwn[i]));
      return own && other?.state === 'ESTABLISHED' ? { left: own, right: other } : undefined;
    };
    if (found()) return found()!;
    // What only one of them believes in is over, without a word: a call within it would be for nothing
    for (const end of [left, right])
      for (const sa of sasOf(end)) await endSa(contextOf(end), sa, 'expired', 'the two are apart');
    await world.clock.advance(200);
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert(result.ok, `an honest peer gets no tunnel: ${result.ok ? '' : result.failure.why}`);
    return found()!;
  }

  /** Lines at the level of errors speak of bugs, as nobody's kernel fails here. */
  check(): void {
    for (const end of [this.left, this.right]) {
      const bug = end.lines.find((line) => line.startsWith('error '));
      end.lines.length = 0;
      end.events.length = 0;
      end.ended.length = 0;
      end.established.length = 0;
      assert(!bug, `the daemon logs ${bug}`);
    }
    this.world.network.captured.length = 0;
  }
}

/** A difference of counters in words: what the daemon has made of it. */
export function countersOf(end: IkeEnd): () => string {
  const before = end.daemon.counters();
  return () =>
    Object.entries(end.daemon.counters())
      .filter(([name, count]) => count !== before[name])
      .map(([name]) => name)
      .join();
}
