/**
 * First messages under load (RFC 7296 §2.6): answered with a cookie, or turned away, before anything
 * of them is parsed and without a trace of them. Only what has a good cookie, or was answered before,
 * goes on to `dispatch.ts`. What this may cost is bounded too, so that a flood leaves time for
 * established peers and for our own calls.
 */
import { concat, uintBytes } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import type { Clock } from '../platform/platform.js';
import type { IkeContext } from './context.js';
import { Flag, HEADER_LENGTH, IKE_VERSION } from './payloads/header.js';
import { NONCE_LENGTHS } from './payloads/nonce.js';
import { Exchange } from './registries/exchanges.js';
import { NotifyType } from './registries/notifies.js';
import { PayloadType } from './registries/payload-types.js';
import { transmit } from './sa-life.js';
import type { Path } from './transport.js';

/** Payloads that are looked at in search of the nonce. */
const MOST_PAYLOADS = 24;
const GENERIC_LENGTH = 4;
/** Protocol, SPI size and type, behind the generic header. */
const NOTIFY_LENGTH = 8;

/** Time that may be spent, as a part of all time: what is not used is saved up to a limit. */
export class TimeShare {
  #leftMs: number;
  #atMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly share: number,
    private readonly savedMs: number,
  ) {
    this.#leftMs = savedMs;
    this.#atMs = clock.monotonicMs();
  }

  /** Runs it when there is time left. False: it was not run. */
  spend(work: () => void): boolean {
    const now = this.clock.monotonicMs();
    this.#leftMs = Math.min(this.savedMs, this.#leftMs + (now - this.#atMs) * this.share);
    this.#atMs = now;
    if (this.#leftMs <= 0) return false;
    work();
    this.#leftMs -= this.clock.monotonicMs() - now;
    return true;
  }
}

/** Is it a request of IKE_SA_INIT, as far as the header tells? Cheap: for every datagram. */
export function isFirstMessage(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_LENGTH || bytes[17]! >> 4 !== IKE_VERSION >> 4) return false;
  if (bytes[18] !== Exchange.IKE_SA_INIT || (bytes[19]! & Flag.response) !== 0) return false;
  for (let at = 8; at < 16; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** The body of the first payload of a type, found by lengths alone. */
function bodyOf(bytes: Uint8Array, wanted: number): Uint8Array | undefined {
  let type = bytes[16]!;
  let at = HEADER_LENGTH;
  for (let count = 0; count < MOST_PAYLOADS && at + GENERIC_LENGTH <= bytes.length; count++) {
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!;
    if (length < GENERIC_LENGTH || at + length > bytes.length) return undefined;
    if (type === wanted) return bytes.subarray(at + GENERIC_LENGTH, at + length);
    type = bytes[at]!;
    at += length;
  }
  return undefined;
}

/** §2.6: a cookie that comes back is the first payload. */
function cookieIn(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[16] !== PayloadType.N) return undefined;
  const body = bodyOf(bytes, PayloadType.N);
  const isCookie = body && body[1] === 0 && body[2]! * 256 + body[3]! === NotifyType.COOKIE;
  return isCookie ? body.subarray(NOTIFY_LENGTH - GENERIC_LENGTH) : undefined;
}

/** What stands behind the SPIs in an answer with a cookie, up to the length. */
const ANSWER = concat(
  Uint8Array.of(PayloadType.N, IKE_VERSION, Exchange.IKE_SA_INIT, Flag.response),
  fromHex('00000000'),
);

/** The answer that leaves nothing behind. Written by hand: a flood asks for thousands. */
function demand(bytes: Uint8Array, cookie: Uint8Array): Uint8Array {
  const length = NOTIFY_LENGTH + cookie.length;
  return concat(
    bytes.subarray(0, 16),
    ANSWER,
    uintBytes(HEADER_LENGTH + length, 4),
    Uint8Array.of(PayloadType.none, 0),
    uintBytes(length, 2),
    Uint8Array.of(0, 0),
    uintBytes(NotifyType.COOKIE, 2),
    cookie,
  );
}

/** May this first message go on? If not, all that is to be done about it has been done. */
export function admits(ctx: IkeContext, bytes: Uint8Array, path: Path): boolean {
  ctx.halfOpen.noteCall();
  if (!ctx.halfOpen.isUnderLoad || ctx.sas.byInit(bytes.subarray(0, 8), path)) return true;
  let isGood = false;
  // Whoever has come back is not drowned out by those who never will.
  const time = bytes[16] === PayloadType.N ? ctx.returnTime : ctx.doorTime;
  const hadTime = time.spend(() => {
    isGood = hasGoodCookie(ctx, bytes, path);
  });
  if (!hadTime) ctx.counters.count('calls passed over');
  return isGood;
}

function hasGoodCookie(ctx: IkeContext, bytes: Uint8Array, path: Path): boolean {
  const ni = bodyOf(bytes, PayloadType.Nonce);
  // What is longer would take time for nothing.
  if (!ni || ni.length < NONCE_LENGTHS.least || ni.length > NONCE_LENGTHS.most) {
    ctx.counters.count('malformed messages');
    return false;
  }
  const claim = { ni, address: path.remote.address, spiInitiator: bytes.subarray(0, 8) };
  const cookie = cookieIn(bytes);
  if (cookie && ctx.cookies.isGood(cookie, claim)) return true;
  ctx.counters.count(cookie ? 'wrong cookies' : 'cookies demanded');
  transmit(ctx, demand(bytes, ctx.cookies.make(claim)), path);
  return false;
}
