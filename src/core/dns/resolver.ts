/**
 * What the rest of the daemon sees of the DNS: questions with a verdict on every answer. The stub
 * resolver behind it is `stub-resolver.ts`; tests give a table of answers instead.
 */

/** Record types that the daemon asks for (IANA DNS parameters). */
export const RecordType = {
  A: 1,
  SOA: 6,
  CNAME: 5,
  TXT: 16,
  KEY: 25,
  AAAA: 28,
  IPSECKEY: 45,
} as const;
export type RecordTypeNumber = (typeof RecordType)[keyof typeof RecordType];

/**
 * How far an answer is vouched for, as far as a resolver we may believe tells (RFC 4035 §4.9.3):
 * - `secure`: AD bit from a trusted resolver
 * - `insecure`: an answer, but nobody vouches for it
 * - `bogus`: a trusted resolver refuses it (SERVFAIL) and hands it out with CD set
 */
export type DnssecStatus = 'secure' | 'insecure' | 'bogus';

export interface Answer {
  kind: 'records';
  /** Record data of the asked type, as on the wire, without owner and header. */
  records: Uint8Array[];
  /** The owner after CNAMEs were followed (RFC 2317), without a final dot. */
  owner: string;
  status: DnssecStatus;
  /** Seconds for which the answer holds, the smallest of all records on the way. */
  ttlSeconds: number;
}

/** NXDOMAIN or no data: holds for the SOA's MINIMUM (RFC 2308). */
export interface NoRecords {
  kind: 'none';
  reason: 'name does not exist' | 'no record of this type';
  status: DnssecStatus;
  ttlSeconds: number;
}

/** Nothing usable came: no server answered in time, or all refused. */
export interface NoAnswer {
  kind: 'failed';
  reason: string;
}

export type LookupResult = Answer | NoRecords | NoAnswer;

export interface Resolver {
  /** Never rejects. Identical questions under way at the same time share one query. */
  lookup(name: string, type: RecordTypeNumber): Promise<LookupResult>;
  /** Forgets everything remembered about a name, for all types. */
  forget(name: string): void;
}
