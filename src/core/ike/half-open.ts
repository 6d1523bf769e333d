/**
 * Counts half-open IKE SAs of strangers, in all and by source block, and how fast strangers call
 * (RFC 7296 §2.6, OE-152): what decides when a cookie is demanded and when nobody new is let in.
 */
import { familyOf, formatPrefix, type IpAddress, maskAddress } from '../net/address.js';
import type { Clock } from '../platform/platform.js';
import type { IkeLimits } from './limits.js';

/** What one customer of a provider usually has. */
const BLOCK_BITS = { 4: 24, 6: 56 } as const;

const SECOND_MS = 1000;
/** So long after the last second with too many calls, there is still a flood. */
const FLOOD_ENDS_MS = 10_000;

const blockOf = (address: IpAddress): string => {
  const length = BLOCK_BITS[familyOf(address)];
  return formatPrefix({ address: maskAddress(address, length), length });
};

export class HalfOpen {
  #all = 0;
  readonly #byBlock = new Map<string, number>();
  #second = { startMs: 0, calls: 0 };
  /** Calls in the last whole second. */
  #rate = 0;
  #floodedUntilMs = 0;

  constructor(
    private readonly limits: IkeLimits,
    private readonly clock: Clock,
  ) {}

  get count(): number {
    return this.#all;
  }

  /** First messages in the last second that is over. */
  get callsPerSecond(): number {
    this.#turnSecond(this.clock.monotonicMs());
    return this.#rate;
  }

  /** A first message came; from now on it is known how many do. */
  noteCall(): void {
    const now = this.clock.monotonicMs();
    this.#turnSecond(now);
    if (++this.#second.calls > this.limits.callsPerSecond)
      this.#floodedUntilMs = now + FLOOD_ENDS_MS;
  }

  /** Every stranger has to show that its address is its own. */
  get isUnderLoad(): boolean {
    return (
      this.#all >= this.limits.cookieThreshold || this.clock.monotonicMs() < this.#floodedUntilMs
    );
  }

  /** This stranger has to, also when only its own block has many half-open SAs. */
  demandsCookie(address: IpAddress): boolean {
    return this.isUnderLoad || this.#of(address) >= this.limits.cookieThresholdPerPrefix;
  }

  hasRoomFor(address: IpAddress): boolean {
    const { maxHalfOpen, maxHalfOpenPerPrefix } = this.limits;
    return this.#all < maxHalfOpen && this.#of(address) < maxHalfOpenPerPrefix;
  }

  add(address: IpAddress): void {
    this.#all++;
    this.#byBlock.set(blockOf(address), this.#of(address) + 1);
  }

  remove(address: IpAddress): void {
    const left = this.#of(address) - 1;
    this.#all--;
    if (left > 0) this.#byBlock.set(blockOf(address), left);
    else this.#byBlock.delete(blockOf(address));
  }

  #of(address: IpAddress): number {
    return this.#byBlock.get(blockOf(address)) ?? 0;
  }

  #turnSecond(now: number): void {
    const elapsedMs = now - this.#second.startMs;
    if (elapsedMs < SECOND_MS) return;
    this.#rate = elapsedMs < 2 * SECOND_MS ? this.#second.calls : 0;
    this.#second = { startMs: now, calls: 0 };
  }
}
