/** What one response says about a question: aliases followed as far as it goes, TTL, status. */
import { MAX_ALIASES } from './limits.js';
import type { ResourceRecord, Response } from './message.js';
import {
  type Answer,
  type DnssecStatus,
  type NoAnswer,
  type NoRecords,
  RecordType,
} from './resolver.js';

/** The answer goes on at another name, which this response does not have. */
export interface Alias {
  kind: 'alias';
  target: string;
  /** CNAME records passed so far. */
  aliases: number;
  status: DnssecStatus;
  ttlSeconds: number;
}

export type Verdict = Answer | NoRecords | NoAnswer | Alias;

const RCODE_NO_ERROR = 0;
const RCODE_NAME_ERROR = 3;

const leastTtl = (records: readonly ResourceRecord[]): number =>
  records.reduce((least, record) => Math.min(least, record.ttlSeconds), Infinity);

/** The CNAME records from `name` on, in order; a loop ends at the limit. */
function followAliases(answers: readonly ResourceRecord[], name: string): ResourceRecord[] {
  const chain: ResourceRecord[] = [];
  for (let owner = name; chain.length <= MAX_ALIASES; ) {
    const next = answers.find((record) => record.owner === owner && record.target !== undefined);
    if (next?.target === undefined) break;
    chain.push(next);
    owner = next.target;
  }
  return chain;
}

export const tooManyAliases = (name: string): NoAnswer => ({
  kind: 'failed',
  reason: `more than ${MAX_ALIASES} aliases from ${name}`,
});

/**
 * Reads a response with NOERROR or NXDOMAIN. `withoutSoaSeconds`: life of a negative answer that
 * does not say its own.
 */
export function readVerdict(
  response: Response,
  question: { name: string; type: number },
  status: DnssecStatus,
  withoutSoaSeconds: number,
): Verdict {
  const { answers, rcode, negativeSeconds } = response;
  const chain = question.type === RecordType.CNAME ? [] : followAliases(answers, question.name);
  if (chain.length > MAX_ALIASES) return tooManyAliases(question.name);
  const owner = chain.at(-1)?.target ?? question.name;
  const found = answers.filter((record) => record.owner === owner && record.type === question.type);
  const ttlOf = (seconds: number) => Math.min(seconds, leastTtl(chain));
  if (found.length > 0) {
    const records = found.map((record) => record.data);
    return { kind: 'records', records, owner, status, ttlSeconds: ttlOf(leastTtl(found)) };
  }
  const isNegative = rcode === RCODE_NAME_ERROR || negativeSeconds !== undefined;
  if (chain.length > 0 && rcode === RCODE_NO_ERROR && !isNegative)
    return {
      kind: 'alias',
      target: owner,
      aliases: chain.length,
      status,
      ttlSeconds: ttlOf(Infinity),
    };
  const reason = rcode === RCODE_NAME_ERROR ? 'name does not exist' : 'no record of this type';
  return { kind: 'none', reason, status, ttlSeconds: ttlOf(negativeSeconds ?? withoutSoaSeconds) };
}

const order: readonly DnssecStatus[] = ['bogus', 'insecure', 'secure'];

/** An alias and what was found behind it: the weaker status, the smaller TTL. */
export function behindAlias<T extends Answer | NoRecords | Alias>(alias: Alias, found: T): T {
  const weakest = Math.min(order.indexOf(alias.status), order.indexOf(found.status));
  return {
    ...found,
    status: order[weakest]!,
    ttlSeconds: Math.min(alias.ttlSeconds, found.ttlSeconds),
  };
}
