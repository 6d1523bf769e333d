/**
 * Stateless cookies, RFC 7296 §2.6: whoever brings one back receives packets at the address it sends
 * from. The cookie is one byte naming the secret, then half of SHA-256(secret | IPi | SPIi | Ni).
 *
 * A flood asks for thousands a second, and the hash is nearly all that one costs. The secret fills a
 * block of the hash, which is done once; the usual nonce of 32 bytes leaves one block to do (HMAC: two).
 * Whoever knows half of the state can not hash on, and could make another nonce of it at most.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equalConstantTime } from '../bytes/bytes.js';
import { addressBytes, type IpAddress } from '../net/address.js';
import type { Clock } from '../platform/platform.js';

/** A cookie is good for one to two of these. */
const SECRET_LIFETIME_MS = 60_000;
const SECRET_LENGTH = sha256.blockLen;
const HASH_LENGTH = sha256.outputLen / 2;

interface Secret {
  number: number;
  /** The hash with the secret in it. */
  begun: ReturnType<typeof sha256.create>;
  bornMs: number;
}

export interface CookieClaim {
  ni: Uint8Array;
  address: IpAddress;
  spiInitiator: Uint8Array;
}

export class Cookies {
  #current: Secret | undefined;
  #previous: Secret | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly random: (length: number) => Uint8Array,
  ) {}

  /** The cookie that this claim has to bring. */
  make(claim: CookieClaim): Uint8Array {
    return this.#cookie(this.#freshSecret(), claim);
  }

  isGood(cookie: Uint8Array, claim: CookieClaim): boolean {
    const current = this.#freshSecret();
    const secret = [current, this.#previous].find((one) => one?.number === cookie[0]);
    return secret !== undefined && equalConstantTime(cookie, this.#cookie(secret, claim));
  }

  #cookie(secret: Secret, { ni, address, spiInitiator }: CookieClaim): Uint8Array {
    const data = concat(addressBytes(address), spiInitiator, ni);
    const hash = secret.begun.clone().update(data).digest();
    return concat(Uint8Array.of(secret.number), hash.subarray(0, HASH_LENGTH));
  }

  /** The secret in use; it changes with time, and the one before still counts. */
  #freshSecret(): Secret {
    const now = this.clock.monotonicMs();
    const current = this.#current;
    if (current && now - current.bornMs < SECRET_LIFETIME_MS) return current;
    const isRecent = current && now - current.bornMs < 2 * SECRET_LIFETIME_MS;
    this.#previous = isRecent ? current : undefined;
    const number = ((current?.number ?? 0) + 1) & 255;
    const begun = sha256.create().update(this.random(SECRET_LENGTH));
    this.#current = { number, begun, bornMs: now };
    return this.#current;
  }
}
