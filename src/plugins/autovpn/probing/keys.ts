/** The keys that seal nonces: a new one now and then, the one before is taken a little longer. */
import { equal } from '../../../core/bytes/bytes.js';
import type { Clock } from '../../../core/platform/platform.js';
import type { NonceKey } from './nonce.js';

const keyLength = 32;
const idLength = 4;
/** AV-A21 */
const previousSeconds = 600;

export interface DatedKey extends NonceKey {
  /** Wall clock, when it became the one to seal with. */
  sinceSeconds: number;
}

export class NonceKeys {
  #keys: DatedKey[];

  constructor(
    private readonly parts: {
      clock: Pick<Clock, 'wallSeconds'>;
      random(length: number): Uint8Array;
      intervalSeconds: number;
      /** There is a new key. */
      changed(): void;
    },
    saved: readonly DatedKey[] = [],
  ) {
    this.#keys = saved.slice(-2);
  }

  /** The one to seal with; the last one of an earlier run while it is young. */
  current(): NonceKey {
    const now = this.parts.clock.wallSeconds();
    const last = this.#keys.at(-1);
    const age = last ? now - last.sinceSeconds : Number.POSITIVE_INFINITY;
    // A clock that was set back would keep a key for ever
    if (last && age >= 0 && age < this.parts.intervalSeconds) return last;
    const { random } = this.parts;
    const fresh = { id: random(idLength), key: random(keyLength), sinceSeconds: now };
    this.#keys = [...this.#keys.slice(-1), fresh];
    this.parts.changed();
    return fresh;
  }

  /** The key that a nonce names, if it still counts. */
  withId(id: Uint8Array): NonceKey | undefined {
    this.current();
    const found = this.#keys.find((each) => equal(each.id, id));
    const last = this.#keys.at(-1)!;
    const lastAge = this.parts.clock.wallSeconds() - last.sinceSeconds;
    return found === last || lastAge <= previousSeconds ? found : undefined;
  }

  saved(): readonly DatedKey[] {
    return this.#keys;
  }
}
