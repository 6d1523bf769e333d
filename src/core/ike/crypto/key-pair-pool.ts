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

/** A pair that knows which random bytes it is from, so that another run of the daemon can make it again. */
export function generateFrom(group: DhGroup, random: Random): KeyPair {
  const drawn: Uint8Array[] = [];
  const pair = group.generate((length) => {
    const bytes = random(length);
    drawn.push(bytes.slice());
    return bytes;
  });
  return { ...pair, drawn };
}

/** The pair of an earlier run. Throws when these are not the bytes of such a pair. */
export function generateAgain(group: DhGroup, drawn: readonly Uint8Array[]): KeyPair {
  const left = [...drawn];
  return generateFrom(group, (length) => {
    const bytes = left.shift();
    if (bytes?.length !== length) throw new Error(`key pair of ${group.name}: other random bytes`);
    return bytes;
  });
}

export function createKeyPairPool(options: KeyPairPoolOptions): KeyPairPool {
  const generate = (group: DhGroup) => generateFrom(group, options.random);
  const stock = new Map(options.groups.map((group) => [group, [] as KeyPair[]]));
  let timer: Timer | undefined;

  const makeOne = () => {
    timer = undefined;
    const [group, pairs] = [...stock].find(([, made]) => made.length < options.size) ?? [];
    if (!group || !pairs) return;
    pairs.push(generate(group));
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
      const pair = stock.get(group)?.shift() ?? generate(group);
      wait();
      return pair;
    },
    stop() {
      timer?.cancel();
      stock.clear();
    },
  };
}
