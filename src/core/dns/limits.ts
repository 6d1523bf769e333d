/** Numbers of our own choice for the stub resolver; all can be set. */

export interface ResolverLimits {
  /** How long the first server may take before the next one is asked too. */
  firstWaitMs: number;
  /** The same for every further attempt. */
  nextWaitMs: number;
  /** How long a question may take altogether. */
  budgetMs: number;
  /** A server that did not answer comes after the others for this time. */
  avoidServerMs: number;
  /** Shortest and longest life of an answer, positive or negative. */
  minTtlSeconds: number;
  maxTtlSeconds: number;
  /** How long a failure, or a negative answer without SOA, is remembered. */
  failureSeconds: number;
  /** Longest life of an answer that does not validate: its zone may be mended soon. */
  maxBogusSeconds: number;
  cacheEntries: number;
  cacheBytes: number;
  /** Questions on the way at one time; each has a socket. More fail at once. */
  maxQuestions: number;
}

export const defaultLimits: ResolverLimits = {
  firstWaitMs: 500,
  nextWaitMs: 1000,
  budgetMs: 3000,
  avoidServerMs: 30_000,
  minTtlSeconds: 1,
  maxTtlSeconds: 86_400,
  failureSeconds: 5,
  maxBogusSeconds: 60,
  cacheEntries: 1000,
  cacheBytes: 1 << 20,
  maxQuestions: 300,
};

/** Aliases followed for one question: more is a loop, or a mistake. */
export const MAX_ALIASES = 8;
