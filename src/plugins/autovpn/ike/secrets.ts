/**
 * The exchange by which two peers make a lasting association (§8.2, §9.2): a notification in an
 * INFORMATIONAL request, repeated in the answer; both derive the secret from the IKE SA that carried it
 * (AV-A37). Either end may begin, at any time (AV-146). Two that cross give the same value.
 */
import { equal, equalConstantTime } from '../../../core/bytes/bytes.js';
import type { ExtensionServices, SaView } from '../../../core/ike/extension.js';
import { findNotify, notifyPayload, type Payload } from '../../../core/ike/payloads/payload.js';
import type { Logger } from '../../../core/log.js';
import type { Timers } from '../../../core/platform/platform.js';
import type { TrustOptions } from '../trust/options.js';
import type { Own } from '../trust/own.js';
import type { Peer } from '../trust/peer.js';
import { trustRows } from '../trust/states.js';
import { nameOf, type Trust } from '../trust/trust.js';
import { pairIn } from './pair.js';
import { deriveSecret } from './shared-secret.js';

export type SecretResult = { ok: true } | { ok: false; why: string };

interface SecretsParts {
  own: Own;
  trust: Trust;
  options: TrustOptions;
  timers: Timers;
  log: Logger;
}

export class Secrets {
  #services: ExtensionServices | undefined;

  constructor(private readonly parts: SecretsParts) {}

  start(services: ExtensionServices): void {
    this.#services = services;
  }

  /** AV-139: makes a secret with a peer, over an IKE SA that stands with it. Never rejects. */
  async make(peer: Peer): Promise<SecretResult> {
    const next = trustRows['secret agreed'][peer.state];
    if (typeof next === 'object') return { ok: false, why: next.refused };
    const sa = this.#services?.standing().find((each) => this.#isWith(each, peer));
    if (!sa) return { ok: false, why: 'no tunnel stands with it at the moment' };
    return this.#ask(sa, peer);
  }

  /** An IKE SA stands; where it is so configured, a peer without a secret gets one. */
  established(sa: SaView): void {
    const { options, timers, trust, log } = this.parts;
    if (options.sharedSecret !== 'auto' || sa.role !== 'initiator') return;
    const name = sa.peer!.identity.data;
    // Behind the tunnel, which somebody waits for
    timers.after(0, () => {
      const peer = trust.table.find(name);
      if (!peer || peer.secret) return;
      void this.make(peer).then((made) => {
        if (!made.ok) log.info(`no shared secret with ${nameOf(peer)}: ${made.why}`);
      });
    });
  }

  /** The peer wants one: what both know by now (AV-115). */
  asked(sa: SaView, payloads: readonly Payload[]): void {
    if (!this.#isAbout(payloads)) return;
    const peer = this.#peerOf(sa);
    const made = peer ? this.#take(sa, peer) : 'no such peer is known';
    sa.facts.set(agreedFact, made ? 'no' : 'yes');
    if (made) this.parts.log.warning(`shared secret with ${sa.path.remote.address}: ${made}`);
  }

  /** The notification again, when we have the secret. */
  answer(sa: SaView, asked: readonly Payload[]): Payload[] {
    return this.#isAbout(asked) && sa.facts.get(agreedFact) === 'yes' ? [this.#notify()] : [];
  }

  async #ask(sa: SaView, peer: Peer): Promise<SecretResult> {
    // Of the IKE SA that carries it: a rekey may be under way
    const value = deriveSecret(sa, this.parts.options.secretLength);
    const answer = await this.#services!.inform(sa, [this.#notify()]);
    if (!answer || !value) return { ok: false, why: 'the IKE SA ended before an answer came' };
    if (this.parts.options.secretEchoRequired && !this.#isAbout(answer))
      return { ok: false, why: 'its answer does not name the secret' };
    if (this.parts.trust.table.find(peer.name) !== peer)
      return { ok: false, why: 'the peer was removed meanwhile' };
    const why = this.#store(peer, value);
    return why ? { ok: false, why } : { ok: true };
  }

  /** Gives what went wrong. */
  #take(sa: SaView, peer: Peer): string | undefined {
    const value = deriveSecret(sa, this.parts.options.secretLength);
    return value ? this.#store(peer, value) : 'the IKE SA has no keys';
  }

  #store(peer: Peer, value: Uint8Array): string | undefined {
    const { own, trust, log } = this.parts;
    if (peer.secret && equalConstantTime(peer.secret.value, value)) return undefined;
    if (!trust.agreed(peer, { value, ownName: own.name })) return 'it can not be kept';
    log.info(
      `shared secret agreed with ${nameOf(peer)}: it stands until it is removed on both sides`,
    );
    return undefined;
  }

  #isAbout = (payloads: readonly Payload[]): boolean =>
    findNotify(payloads, this.parts.options.notifySharedSecret) !== undefined;

  #notify = (): Payload => notifyPayload(this.parts.options.notifySharedSecret);

  #peerOf = (sa: SaView): Peer | undefined =>
    sa.peer && this.parts.trust.table.find(sa.peer.identity.data);

  #isWith = (sa: SaView, peer: Peer): boolean =>
    pairIn(sa.facts) !== undefined && !!sa.peer && equal(sa.peer.identity.data, peer.name);
}

/** The secret of this IKE SA is kept. */
const agreedFact = 'autovpn secret';
