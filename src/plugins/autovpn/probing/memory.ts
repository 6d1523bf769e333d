/**
 * What probing remembers, for all WANs together: keys, attempts, exchanges under way, and the paths that
 * were proven and wait for their IKE_SA_INIT. Everything that strangers can fill is bounded and fades.
 */
import { equal } from '../../../core/bytes/bytes.js';
import { toHex } from '../../../core/bytes/hex.js';
import type { Logger } from '../../../core/log.js';
import type { IpAddress } from '../../../core/net/address.js';
import type { Clock, Files, Timer, Timers } from '../../../core/platform/platform.js';
import type { ClaimedPath, PathBook, ProvenPath } from '../path.js';
import { ProbeAttempts } from './attempts.js';
import { Fading } from './fading.js';
import { NonceKeys } from './keys.js';
import { MemoryFile, type SavedCount } from './memory-file.js';
import { keyIdOf, type NonceBinding, type NonceKey, openNonce, type ProbedFlow } from './nonce.js';
import type { ProbingOptions } from './options.js';

/** Exchanges at a time; each has about 500 bytes. */
const mostExchanges = 2000;

/** The responder's side of one Nonce-R. */
export interface Exchange {
  flow: ProbedFlow;
  /** The clear packet that is quoted. */
  quoted: Uint8Array;
  /** Probe Completes sent. */
  completes: number;
  /** A valid Probe Response came. */
  path?: ProvenPath;
  attempt: string;
  /** IKE SPI of the initiator that uses the nonce. */
  usedBy?: Uint8Array;
}

export interface MemoryParts {
  files: Files;
  folder: string;
  clock: Clock;
  timers: Timers;
  log: Logger;
  random(length: number): Uint8Array;
  options: Pick<ProbingOptions, 'nonceLifetime' | 'nonceKeyInterval'> & { persistInterval: number };
}

export class ProbeMemory implements PathBook {
  readonly keys: NonceKeys;
  readonly attempts: ProbeAttempts;
  /** By Nonce-R in hexadecimal. */
  readonly exchanges: Fading<Exchange>;
  /** The initiator's: Probe Responses sent, by Nonce-R. */
  readonly responses: Fading<number>;
  /** Nonce-Rs for which IKE was begun. */
  readonly begun: Fading<true>;
  /** Probe Completes of an earlier run. */
  readonly earlierCompletes: Fading<number>;
  readonly #file: MemoryFile;
  #timer: Timer | undefined;

  constructor(private readonly parts: MemoryParts) {
    const { clock, random, options } = parts;
    const fading = <T>() => new Fading<T>(clock, mostExchanges, options.nonceLifetime * 1000);
    this.exchanges = fading();
    this.responses = fading();
    this.begun = fading();
    this.earlierCompletes = fading();
    this.#file = new MemoryFile(parts);
    const saved = this.#file.read();
    for (const { nonce, count } of saved.responses) this.responses.add(nonce, count);
    for (const { nonce, count } of saved.completes) this.earlierCompletes.add(nonce, count);
    this.attempts = new ProbeAttempts(clock, saved.attempts);
    this.keys = new NonceKeys(
      {
        ...{ clock, random, intervalSeconds: options.nonceKeyInterval },
        changed: () => this.changed(),
      },
      saved.keys,
    );
  }

  /** The key that made this nonce, if it is ours and young, and the flow it is about. */
  open(nonce: Uint8Array, binding: NonceBinding): { key: NonceKey; flow: ProbedFlow } | undefined {
    const { clock, options } = this.parts;
    const id = keyIdOf(nonce);
    const key = id && this.keys.withId(id);
    const opened = key && openNonce(key, nonce, clock.wallSeconds(), binding);
    if (!key || !opened || opened.ageSeconds > options.nonceLifetime) return undefined;
    return { key, flow: opened.flow };
  }

  claim(nonceR: Uint8Array, spiInitiator: Uint8Array, from: IpAddress): ClaimedPath {
    const exchange = this.exchanges.get(toHex(nonceR));
    if (!exchange) return { ok: false, why: 'the nonce is not ours, or too old' };
    const { path, usedBy } = exchange;
    if (!path) return { ok: false, why: 'no Probe Response came with this nonce' };
    if (path.peerGateway !== from)
      return { ok: false, why: `${path.peerGateway} answered the probe, not ${from}` };
    if (usedBy && !equal(usedBy, spiInitiator))
      return { ok: false, why: 'the nonce was used before' };
    exchange.usedBy = spiInitiator.slice();
    this.attempts.succeeded(exchange.attempt);
    return { ok: true, path };
  }

  /** Something that outlives a run has changed. */
  changed(): void {
    const { timers, options } = this.parts;
    if (options.persistInterval === 0) this.#write();
    else
      this.#timer ??= timers.after(options.persistInterval * 1000, () => {
        this.#timer = undefined;
        this.#write();
      });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#write();
  }

  #write(): void {
    const completes: SavedCount[] = this.exchanges
      .entries()
      .map(([nonce, { completes: count }]) => ({ nonce, count }));
    this.#file.write({
      keys: this.keys.saved(),
      attempts: this.attempts.saved(),
      completes,
      responses: this.responses.entries().map(([nonce, count]) => ({ nonce, count })),
    });
  }
}
