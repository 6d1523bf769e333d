/** Ephemeral key pairs made ahead, when the daemon has nothing to do, so that none is made in a handshake. */
import type { Timer, Timers } from '../../platform/platform.js';
import type { DhGroup, KeyPair, Random } from './dh.js';

export interface KeyPairPool {
  /** A pair nobody had before: from the pool, or made now when that is empty. */
  take(group: DhGroup): KeyPair;
  /** Drops all pairs and makes no more. */
  stop(): void;
}

/** Pause between two pairs, and after a take: a handshake goes first. */
const IDLE_MS = 50;

export interface KeyPairPoolOptions {
  /** Groups to make pairs for; others are served by making a pair on the spot. */
  groups: readonly DhGroup[];
  /** Pairs of each group to keep. */
  size: number;
  timers: Timers;
  random: Random;
}

export function createKeyPairPool(options: KeyPairPoolOptions): KeyPairPool {
  const stock = new Map(options.groups.map((group) => [group, [] as KeyPair[]]));
  let timer: Timer | undefined;

  const makeOne = () => {
    timer = undefined;
    const [group, pairs] = [...stock].find(([, made]) => made.length < options.size) ?? [];
    if (!group || !pairs) return;
    pairs.push(group.generate(options.random));
    wait();
  };
  /** Starts the pause anew: a burst of handshakes is not slowed by refilling. */
  const wait = () => {
    timer?.cancel();
    timer = stock.size > 0 ? options.timers.after(IDLE_MS, makeOne) : undefined;
  };
  wait();

  return {
    take(group) {
      const pair = stock.get(group)?.shift() ?? group.generate(options.random);
      wait();
      return pair;
    },
    stop() {
      timer?.cancel();
      stock.clear();
    },
  };
}
