/**
 * The asynchronous stub resolver: remembers answers, shares questions, follows aliases and tells how
 * far an answer is vouched for. The talking is done by `exchange.ts`. It validates no signatures
 * itself: AD counts from a resolver that is trusted, over a path nobody else can write to (OE-86).
 */
import type { Read } from '../bytes/struct.js';
import type { Network } from '../net/network.js';
import type { Clock, Timers } from '../platform/platform.js';
import { Cache } from './cache.js';
import { noCounts, type ResolverCounters } from './counters.js';
import { Exchange, type ExchangeContext, type ExchangeResult } from './exchange.js';
import { defaultLimits, MAX_ALIASES, type ResolverLimits } from './limits.js';
import { canonicalName, parseName } from './name.js';
import type {
  DnssecStatus,
  LookupResult,
  NoAnswer,
  RecordTypeNumber,
  Resolver,
} from './resolver.js';
import { type DnsServer, isTrusted, ServerHealth } from './server.js';
import { type Alias, behindAlias, readVerdict, tooManyAliases, type Verdict } from './verdict.js';

export interface StubResolverOptions {
  network: Pick<Network, 'udp' | 'tcp'>;
  clock: Pick<Clock, 'monotonicMs'>;
  timers: Timers;
  /** Secure random bytes: ids must not be guessed. */
  random(length: number): Uint8Array;
  /** Asked anew for each question, so that a changed `resolv.conf` counts at once. */
  servers(): readonly DnsServer[];
  /** Firewall mark on all sockets: keeps our own queries out of our own tunnels. */
  mark?: number;
  limits?: Partial<ResolverLimits>;
  /** Letters of random case in questions (draft-vixie-dnsext-dns0x20). Off by default. */
  mixesCase?: boolean;
}

export interface StubResolver extends Resolver {
  /** Ends all questions as failed and leaves no socket and no timer. */
  stop(): void;
  counters(): ResolverCounters;
}

const failed = (reason: string): NoAnswer => ({ kind: 'failed', reason });

/** RFC 4035 §3.2.3, as far as we may believe the server. */
function statusOf(result: ExchangeResult & { ok: true }): DnssecStatus {
  if (result.checkingDisabled) return 'bogus';
  return result.response.authenticData && isTrusted(result.server) ? 'secure' : 'insecure';
}

/** About what a verdict takes in memory, with its key and bookkeeping. */
function sizeOf(key: string, verdict: Verdict): number {
  const data = verdict.kind === 'records' ? verdict.records : [];
  return data.reduce((sum, record) => sum + record.length + 100, 300 + 2 * key.length);
}

class Stub implements StubResolver {
  readonly #options: StubResolverOptions;
  readonly #limits: ResolverLimits;
  readonly #context: ExchangeContext;
  readonly #counters = noCounts();
  readonly #cache: Cache<Verdict>;
  /** Questions on the way, by the same key as the cache. */
  readonly #underWay = new Map<string, { exchange: Exchange; verdict: Promise<Verdict> }>();
  #isStopped = false;

  constructor(options: StubResolverOptions) {
    const { network, timers, clock, mark } = options;
    const limits = { ...defaultLimits, ...options.limits };
    this.#options = options;
    this.#limits = limits;
    this.#cache = new Cache(clock, limits.cacheEntries, limits.cacheBytes);
    this.#context = {
      network,
      timers,
      limits,
      counters: this.#counters,
      health: new ServerHealth(clock, limits.avoidServerMs),
      random: (length) => options.random(length),
      mixesCase: options.mixesCase === true,
      ...(mark !== undefined && { mark }),
    };
  }

  counters(): ResolverCounters {
    return { ...this.#counters };
  }

  stop(): void {
    this.#isStopped = true;
    for (const { exchange } of [...this.#underWay.values()]) exchange.stop('the resolver stopped');
    this.#cache.clear();
  }

  forget(text: string): void {
    const prefix = `${canonicalName(text)}/`;
    for (const key of this.#cache.keysFrom(prefix)) this.#forgetKey(key);
  }

  /** Behind an alias too: the caller wants fresh facts, not the old ones by another name. */
  #forgetKey(key: string): void {
    const verdict = this.#cache.get(key)?.value;
    this.#cache.delete(key);
    if (verdict?.kind === 'alias') this.#forgetKey(`${verdict.target}/${key.split('/').at(-1)}`);
  }

  async lookup(text: string, type: RecordTypeNumber): Promise<LookupResult> {
    this.#counters.lookups++;
    const name = parseName(text);
    if (!name.ok) return failed(name.error);
    try {
      return await this.#followed(name.value, type);
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }

  /** Asks on behind aliases until something else comes. */
  async #followed(name: string, type: number): Promise<LookupResult> {
    let verdict = await this.#one(name, type);
    for (let aliases = 0; verdict.kind === 'alias'; ) {
      const alias: Alias = verdict;
      aliases += alias.aliases;
      const target: Read<string> = parseName(alias.target);
      if (aliases > MAX_ALIASES) return tooManyAliases(name);
      if (!target.ok) return failed(`alias of ${name}: ${target.error}`);
      const found: Verdict = await this.#one(target.value, type);
      verdict = found.kind === 'failed' ? found : behindAlias(alias, found);
    }
    return verdict;
  }

  /** One question: from memory, from one under way, or from the servers. */
  #one(name: string, type: number): Promise<Verdict> | Verdict {
    const key = `${name}/${type}`;
    const known = this.#cache.get(key);
    if (known) {
      this.#counters.cached++;
      const { value, leftMs } = known;
      return value.kind === 'failed' ? value : { ...value, ttlSeconds: Math.ceil(leftMs / 1000) };
    }
    const shared = this.#underWay.get(key);
    if (shared) {
      this.#counters.shared++;
      return shared.verdict;
    }
    if (this.#isStopped) return failed('the resolver stopped');
    const { maxQuestions } = this.#limits;
    if (this.#underWay.size >= maxQuestions) {
      this.#counters.failures++;
      return failed(`${maxQuestions} questions are under way already`);
    }
    return this.#ask(key, name, type);
  }

  #ask(key: string, name: string, type: number): Promise<Verdict> {
    const exchange = new Exchange(this.#context, this.#options.servers(), { name, type });
    const verdict = exchange.result.then((result) => {
      this.#underWay.delete(key);
      return this.#remember(key, this.#judge(result, name, type));
    });
    this.#underWay.set(key, { exchange, verdict });
    return verdict;
  }

  #judge(result: ExchangeResult, name: string, type: number): Verdict {
    if (!result.ok) {
      this.#counters.failures++;
      return failed(result.reason);
    }
    const status = statusOf(result);
    if (status === 'bogus') this.#counters.bogus++;
    return readVerdict(result.response, { name, type }, status, this.#limits.failureSeconds);
  }

  /** Gives the verdict back with the TTL within our bounds. */
  #remember(key: string, verdict: Verdict): Verdict {
    if (this.#isStopped) return verdict;
    const { minTtlSeconds, maxTtlSeconds, maxBogusSeconds, failureSeconds } = this.#limits;
    const size = sizeOf(key, verdict);
    if (verdict.kind === 'failed') {
      this.#cache.set(key, verdict, failureSeconds * 1000, size);
      return verdict;
    }
    const most = verdict.status === 'bogus' ? maxBogusSeconds : maxTtlSeconds;
    const ttlSeconds = Math.min(most, Math.max(minTtlSeconds, verdict.ttlSeconds));
    const bounded = { ...verdict, ttlSeconds };
    this.#cache.set(key, bounded, ttlSeconds * 1000, size);
    return bounded;
  }
}

/** A resolver that asks `options.servers()`. Nothing is opened before the first question. */
export const createStubResolver = (options: StubResolverOptions): StubResolver => new Stub(options);
