/**
 * Asks all extensions. One that throws is off from then on, with a log line, and the others go on; where
 * it has a say in who may have a tunnel, nobody new may.
 */
import type { Logger } from '../log.js';
import type { Prefix } from '../net/address.js';
import type { AllowedTraffic, ClientResult, TunnelWish } from './daemon.js';
import type {
  AuthenticationMethod,
  ExtensibleMessage,
  Extension,
  ExtensionServices,
  FirstMessage,
  SaView,
  Veto,
} from './extension.js';
import type { Traffic } from './narrowing.js';
import type { Payload } from './payloads/payload.js';

export class Extensions {
  readonly #off = new Set<Extension>();

  constructor(
    private readonly all: readonly Extension[],
    private readonly log: Logger,
  ) {
    const names = all.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`IKE extension '${twice}' is registered twice`);
  }

  start(services: ExtensionServices): void {
    for (const one of this.#working()) this.#guard(one, () => one.start?.(services));
  }

  /** Does an extension understand payloads of this type? */
  knows(type: number): boolean {
    return this.#working().some((one) => one.payloadTypes?.includes(type));
  }

  outgoing(message: ExtensibleMessage, sa: SaView, asked: readonly Payload[] = []): Payload[] {
    return this.#working().flatMap(
      (one) => this.#guard(one, () => one.outgoing?.(message, sa, asked)) ?? [],
    );
  }

  admits(first: FirstMessage): Veto {
    for (const one of this.#working()) {
      const veto = this.#guard(one, () => one.admits?.(first));
      if (veto) return { why: `${one.name}: ${veto.why}` };
    }
    return undefined;
  }

  /** The first veto; every extension has seen the message up to then. */
  incoming(message: ExtensibleMessage, sa: SaView, payloads: readonly Payload[]): Veto {
    for (const one of this.#working()) {
      const veto = this.#guard(one, () => one.incoming?.(message, sa, payloads));
      if (veto) return { why: `${one.name}: ${veto.why}` };
    }
    return undefined;
  }

  propose(sa: SaView, wish: TunnelWish): Traffic | undefined {
    return this.#first((one) => one.propose?.(sa, wish));
  }

  allowedTraffic(sa: SaView): AllowedTraffic | undefined {
    return this.#first((one) => one.allowedTraffic?.(sa));
  }

  /** One no is a no. One that is off says no too: what it was to guard is not left open. */
  async authorize(sa: SaView, theirs: Prefix, ours: Prefix): Promise<ClientResult> {
    for (const one of this.all) {
      if (!one.authorize) continue;
      if (this.#off.has(one)) return { ok: false, why: `extension ${one.name} is off` };
      const result = await this.#guardAsync(one, one.authorize(sa, theirs, ours));
      if (!result.ok) return result;
    }
    return { ok: true };
  }

  authentication(): AuthenticationMethod[] {
    return this.#working().flatMap((one) => one.authentication ?? []);
  }

  /** The first answer that is one. */
  #first<T>(ask: (one: Extension) => T | undefined): T | undefined {
    for (const one of this.#working()) {
      const answer = this.#guard(one, () => ask(one));
      if (answer) return answer;
    }
    return undefined;
  }

  #working(): Extension[] {
    return this.all.filter((one) => !this.#off.has(one));
  }

  #guard<T>(one: Extension, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.#switchOff(one, error);
      return undefined;
    }
  }

  async #guardAsync(one: Extension, answer: Promise<ClientResult>): Promise<ClientResult> {
    try {
      return await answer;
    } catch (error) {
      this.#switchOff(one, error);
      return { ok: false, why: `extension ${one.name} failed` };
    }
  }

  #switchOff(one: Extension, error: unknown): void {
    this.#off.add(one);
    this.log.error(`extension ${one.name} is off, it failed: ${String(error)}`);
  }
}
