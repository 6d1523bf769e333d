/** What the resolver did since its start, for status and metrics. */
export interface ResolverCounters {
  /** Questions of the daemon. */
  lookups: number;
  /** Of these: answered from memory, or by a question already on the way. */
  cached: number;
  shared: number;
  /** Queries on the wire, over UDP and TCP. */
  udpQueries: number;
  tcpQueries: number;
  /** Responses that were used. */
  answers: number;
  /** Truncated over UDP, so asked again over TCP. */
  truncated: number;
  /** Datagrams that answer nothing we asked: wrong server, id or question, or broken. Ignored. */
  wrongAnswers: number;
  /** SERVFAIL, REFUSED and the like, or the server could not be reached. */
  serverFailures: number;
  /** Questions that ended without an answer, by time or because every server failed. */
  failures: number;
  /** Answers that a trusted resolver could not validate. */
  bogus: number;
}

export const noCounts = (): ResolverCounters => ({
  lookups: 0,
  cached: 0,
  shared: 0,
  udpQueries: 0,
  tcpQueries: 0,
  answers: 0,
  truncated: 0,
  wrongAnswers: 0,
  serverFailures: 0,
  failures: 0,
  bogus: 0,
});
