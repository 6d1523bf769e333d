/** The name servers to ask: whom to believe, and in which order. */
import { type IpAddress, prefix, prefixContains } from '../net/address.js';
import type { Endpoint } from '../net/network.js';
import type { Clock } from '../platform/platform.js';

export interface DnsServer {
  address: IpAddress;
  /** 53 when absent. */
  port?: number;
  /** The administrator vouches for the resolver and for the path to it. */
  trusted?: boolean;
}

const loopback = [prefix('127.0.0.0/8'), prefix('::1')];

export const isLoopback = (server: DnsServer): boolean =>
  loopback.some((block) => prefixContains(block, server.address));

/** Whether the AD bit of this server counts (RFC 4035 §4.9.3: over a path nobody else can write to). */
export const isTrusted = (server: DnsServer): boolean =>
  server.trusted === true || isLoopback(server);

export const endpointOf = (server: DnsServer): Endpoint => ({
  address: server.address,
  port: server.port ?? 53,
});

export const isFrom = (peer: Endpoint, server: DnsServer): boolean =>
  peer.address === server.address && peer.port === (server.port ?? 53);

const keyOf = (server: DnsServer): string => `${server.address} ${server.port ?? 53}`;

/** Which servers did not answer lately. */
export class ServerHealth {
  readonly #silentUntilMs = new Map<string, number>();

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly avoidMs: number,
  ) {}

  silent(server: DnsServer): void {
    this.#silentUntilMs.set(keyOf(server), this.clock.monotonicMs() + this.avoidMs);
  }

  answered(server: DnsServer): void {
    this.#silentUntilMs.delete(keyOf(server));
  }

  /** Trusted ones first, then those that answered lately, then as given. */
  order(servers: readonly DnsServer[]): DnsServer[] {
    const now = this.clock.monotonicMs();
    for (const [key, untilMs] of this.#silentUntilMs)
      if (untilMs <= now) this.#silentUntilMs.delete(key);
    const rank = (server: DnsServer) =>
      (isTrusted(server) ? 0 : 2) + (this.#silentUntilMs.has(keyOf(server)) ? 1 : 0);
    return [...servers].sort((a, b) => rank(a) - rank(b));
  }
}
