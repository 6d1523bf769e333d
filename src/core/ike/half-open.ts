/** Counts half-open IKE SAs of strangers, in all and by source block (RFC 7296 §2.6, OE-152). */
import { familyOf, formatPrefix, type IpAddress, maskAddress } from '../net/address.js';
import type { IkeLimits } from './limits.js';

/** What one customer of a provider usually has. */
const BLOCK_BITS = { 4: 24, 6: 56 } as const;

const blockOf = (address: IpAddress): string => {
  const length = BLOCK_BITS[familyOf(address)];
  return formatPrefix({ address: maskAddress(address, length), length });
};

export class HalfOpen {
  #all = 0;
  readonly #byBlock = new Map<string, number>();

  constructor(private readonly limits: IkeLimits) {}

  get count(): number {
    return this.#all;
  }

  /** Under load, a stranger has to show that its address is its own. */
  get demandsCookie(): boolean {
    return this.#all >= this.limits.cookieThreshold;
  }

  hasRoomFor(address: IpAddress): boolean {
    const ofBlock = this.#byBlock.get(blockOf(address)) ?? 0;
    return this.#all < this.limits.maxHalfOpen && ofBlock < this.limits.maxHalfOpenPerPrefix;
  }

  add(address: IpAddress): void {
    const block = blockOf(address);
    this.#all++;
    this.#byBlock.set(block, (this.#byBlock.get(block) ?? 0) + 1);
  }

  remove(address: IpAddress): void {
    const block = blockOf(address);
    const left = (this.#byBlock.get(block) ?? 1) - 1;
    this.#all--;
    if (left > 0) this.#byBlock.set(block, left);
    else this.#byBlock.delete(block);
  }
}
