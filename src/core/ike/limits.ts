/** Limits and times of our own choosing, with the reason. Tests and settings may replace each. */
import type { IpFamily } from '../net/address.js';
import type { FragmentLimits } from './reassembly.js';

export interface IkeLimits extends FragmentLimits {
  /**
   * Sizes of IP datagrams, from large to small (RFC 7383 §2.5.1, §2.5.2). 1280 passes wherever IPv6
   * does; 576 is what RFC 7383 holds for safe with IPv4, and the second try.
   */
  fragmentSizes: Readonly<Record<IpFamily, readonly number[]>>;
  /** Half-open SAs from which on a stranger must bring a cookie back (RFC 7296 §2.6). */
  cookieThreshold: number;
  /** The same for those of one IPv4 /24 or IPv6 /56. */
  cookieThresholdPerPrefix: number;
  /** First messages in a second from which on there is a flood, and a cookie is demanded of all. */
  callsPerSecond: number;
  /** Part of all time that goes into demanding cookies, and into checking those that are brought. */
  doorTimeShare: number;
  returnTimeShare: number;
  /** Half-open SAs up to which the owner is told of a caller before IKE_AUTH comes (SP-6). */
  foreseenCallers: number;
  /** Half-open SAs in all; one takes about 3 KB. */
  maxHalfOpen: number;
  /** Half-open SAs of one IPv4 /24 or IPv6 /56: the size of what one person may own. */
  maxHalfOpenPerPrefix: number;
  /** A peer that answered IKE_SA_INIT needs one round trip for IKE_AUTH, or a few if packets are lost. */
  halfOpenMs: number;
  /** DNS may take its time, but the peer's patience has an end too. */
  ownerMs: number;
  /**
   * A repeated request is answered for so long after the IKE SA is gone; so long an answer to IKE_AUTH
   * is waited for when patience is over.
   */
  lingerMs: number;
  /** An IKE SA without tunnels is kept for the next one to the same peer (SP-30, OE-153). */
  idleMs: number;
  /**
   * Requests of one peer that are worked on at once, and of ours that are out (RFC 7296 §2.3): a
   * hundred pairs then take seven round trips. Each costs up to 1 KB until the next 16 have come.
   */
  window: number;
  /** Requests of all peers that wait for the owner at once. */
  maxBusyRequests: number;
  /** Messages within IKE SAs that wait for their turn; one has about 400 bytes. */
  maxWaitingMessages: number;
  /** The same for strangers, whose turn comes last. */
  maxWaitingStrangers: number;
  /** Tunnels with one peer; a person's browser opens some dozens of pairs. */
  maxChildrenPerSa: number;
  /** So soon after one, a peer that asks for the same tunnel over another IKE SA has asked twice. */
  twinMs: number;
  /** IKE SAs in all. */
  maxSas: number;
  /** Silence after which a peer with tunnels is probed (SP-34); 0: never. */
  livenessMs: number;
  /** RFC 3948 §4 */
  keepaliveMs: number;
  /**
   * Sendings of a CREATE_CHILD_SA request without an answer to anything: wishes go on with a fresh
   * IKE SA.
   */
  doubtAfterSendings: number;
  /** Lines a minute about strangers that were turned away; the rest is for debugging (OE-60). */
  refusalLinesPerMinute: number;
  /** INVALID_IKE_SPI and its like to strangers (RFC 7296 §2.21.4). */
  unprotectedAnswersPerSecond: number;
  /** An unprotected message makes us ask a peer whether it lives, at most so often (OE-51). */
  hintPauseMs: number;
  /** Changes of the IKE_SA_INIT request because of COOKIE and INVALID_KE_PAYLOAD. */
  maxInitRetries: number;
}

export const defaultLimits: IkeLimits = {
  fragmentSizes: { 4: [1280, 576], 6: [1280] },
  // Chains of certificates make some 8 KB, in fragments of 500 bytes and more.
  maxFragments: 48,
  maxReassembledBytes: 16_384,
  maxFragmentBytes: 524_288,
  reassemblyMs: 20_000,
  cookieThreshold: 32,
  cookieThresholdPerPrefix: 16,
  callsPerSecond: 32,
  doorTimeShare: 0.5,
  returnTimeShare: 0.25,
  foreseenCallers: 8,
  maxHalfOpen: 512,
  maxHalfOpenPerPrefix: 32,
  halfOpenMs: 30_000,
  ownerMs: 20_000,
  lingerMs: 30_000,
  idleMs: 120_000,
  window: 16,
  maxBusyRequests: 256,
  maxWaitingMessages: 256,
  maxWaitingStrangers: 64,
  maxChildrenPerSa: 256,
  twinMs: 10_000,
  maxSas: 4096,
  livenessMs: 60_000,
  keepaliveMs: 20_000,
  doubtAfterSendings: 2,
  refusalLinesPerMinute: 20,
  unprotectedAnswersPerSecond: 10,
  hintPauseMs: 30_000,
  maxInitRetries: 4,
};
