/** Stand-in for `@noble/hashes/hmac.js`, as far as src uses it: a checksum of key and data. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { hashOf } from '../dice.js';
import { toyBytes } from './toy.js';

class ToyMac {
  constructor(
    private readonly length: number,
    private state: number,
  ) {}

  update(data: Uint8Array): this {
    this.state = hashOf(concat(toyBytes(this.state, 4), data));
    return this;
  }

  digest(): Uint8Array {
    return toyBytes(this.state, this.length);
  }

  clone(): ToyMac {
    return new ToyMac(this.length, this.state);
  }
}

const create = ({ outputLen }: { outputLen: number }, key: Uint8Array): ToyMac =>
  new ToyMac(outputLen, hashOf(key));

export const hmac = Object.assign(
  (hash: { outputLen: number }, key: Uint8Array, data: Uint8Array) =>
    create(hash, key).update(data).digest(),
  { create },
);
