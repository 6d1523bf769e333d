/**
 * Stateless cookies, RFC 7296 §2.6: whoever brings one back receives packets at the address it sends
 * from. The cookie is one byte naming the secret, then HMAC(secret, Ni | IPi | SPIi).
 */
import { concat, equalConstantTime } from '../bytes/bytes.js';
import { addressBytes, type IpAddress } from '../net/address.js';
import type { Clock } from '../platform/platform.js';
import { PRF_HMAC_SHA2_256 } from './crypto/prf.js';

/** A cookie is good for one to two of these. */
const SECRET_LIFETIME_MS = 60_000;
const SECRET_LENGTH = 32;

interface Secret {
  number: number;
  mac: (...data: readonly Uint8Array[]) => Uint8Array;
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
    const mac = secret.mac(ni, addressBytes(address), spiInitiator);
    return concat(Uint8Array.of(secret.number), mac);
  }

  /** The secret in use; it changes with time, and the one before still counts. */
  #freshSecret(): Secret {
    const now = this.clock.monotonicMs();
    const current = this.#current;
    if (current && now - current.bornMs < SECRET_LIFETIME_MS) return current;
    const isRecent = current && now - current.bornMs < 2 * SECRET_LIFETIME_MS;
    this.#previous = isRecent ? current : undefined;
    const number = ((current?.number ?? 0) + 1) & 255;
    const mac = PRF_HMAC_SHA2_256.keyed(this.random(SECRET_LENGTH));
    this.#current = { number, mac, bornMs: now };
    return this.#current;
  }
}
