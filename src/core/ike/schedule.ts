/**
 * When a request is sent again (RFC 7296 §2.1, §2.4). A schedule gives the pause in milliseconds
 * after the n-th sending (from 1), or `undefined` when it was the last and is still unanswered.
 */

export type Schedule = (sendings: number) => number | undefined;

const FIRST_PAUSE_MS = 500;
export const LONGEST_PAUSE_MS = 8000;

/** Doubling pauses without an end: the patience of the one who waits ends it. */
export const untilPatienceEnds: Schedule = (sendings) =>
  Math.min(FIRST_PAUSE_MS * 2 ** (sendings - 1), LONGEST_PAUSE_MS);

/**
 * For requests within an established IKE SA: sent five times, dead after 31 s. Ten seconds of outage
 * are survived (OE-133), a rebooted peer is noticed soon.
 */
export const untilPeerIsDead: Schedule = (sendings) =>
  sendings <= 5 ? 1000 * 2 ** (sendings - 1) : undefined;

const LONGEST_RENEWAL_PAUSE_MS = 60_000;

/**
 * For new keys: what they are for works as yet (OE-50), so there is time until it does not; see
 * `endIfDead`.
 */
export const whileThePeerLives: Schedule = (sendings) =>
  Math.min(1000 * 2 ** (sendings - 1), LONGEST_RENEWAL_PAUSE_MS);

/** OE-130: deletes go out three times, ten seconds apart. */
export const threeTimes: Schedule = (sendings) => (sendings <= 3 ? 10_000 : undefined);

/** While stopping there is a limit of seconds on the whole, so the pauses are short. */
export const inHaste: Schedule = (sendings) => (sendings <= 8 ? 400 : undefined);
