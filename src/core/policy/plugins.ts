/**
 * The plugins of a WAN, asked in order. A plugin that throws is off from then on, with a reason in
 * status, and the others go on.
 */
import type { Tunnel } from '../ike/daemon.js';
import type { PathWatcher } from '../kernel/packet-path.js';
import type { Logger } from '../log.js';
import type { IpAddress } from '../net/address.js';
import type {
  Authorization,
  AuthorizationClaim,
  KeysForClaim,
  PeerClaim,
  Plan,
  PluginInstance,
  Trust,
  Wish,
} from '../plugin.js';

export interface PluginSlot {
  readonly name: string;
  readonly instance: PluginInstance;
  /** Why it is off; empty while it works. */
  failure: string;
}

/** What a plugin said, and which one it was. */
export type Found<T> = T & { plugin: string };

export class WanPlugins {
  constructor(
    readonly slots: readonly PluginSlot[],
    private readonly log: Logger,
  ) {}

  /** The first plugin with a gateway or a refusal decides; else the best of the rest. */
  async plan(wish: Wish): Promise<Found<Plan>> {
    let unknown: Found<Plan> | undefined;
    let none: Found<Plan> | undefined;
    for (const slot of this.working()) {
      const plan = await this.guard(slot, async (instance) => instance.plan?.(wish));
      if (!plan) continue;
      const found = { ...plan, plugin: slot.name };
      if (found.kind === 'key' || found.kind === 'refuse') return found;
      if (found.kind === 'unknown') unknown ??= found;
      else if (none?.kind !== 'none' || found.ttlSeconds < none.ttlSeconds) none = found;
    }
    const isOthers = this.working().length > 0 && !this.plans;
    const why = isOthers
      ? 'no plugin of this WAN looks for gateways'
      : 'no plugin of this WAN works';
    const nobody = { kind: 'unknown', why, plugin: '' } as const;
    return unknown ?? none ?? nobody;
  }

  /** Some plugin answers to packets that wait. */
  get plans(): boolean {
    return this.slots.some((slot) => slot.instance.plan !== undefined);
  }

  /** May a tunnel that this plugin began have new keys? `undefined`: its plan tells. */
  renews(plugin: string | undefined, tunnel: Tunnel): boolean | undefined {
    const slot = this.slots.find((each) => each.name === plugin);
    if (!slot || slot.instance.plan) return undefined;
    return slot.failure === '' && (slot.instance.renews?.(tunnel) ?? true);
  }

  fallback(plugin: string | undefined, destination: IpAddress): 'allow' | 'block' {
    const slot = this.working().find((each) => each.name === plugin);
    return (slot && this.guardNow(slot, (instance) => instance.fallback?.(destination))) ?? 'allow';
  }

  /** How far the peer of a tunnel is vouched for now, where its plugin looks again. */
  trustIn(plugin: string | undefined, tunnel: Tunnel): Trust | undefined {
    const slot = this.working().find((each) => each.name === plugin);
    return slot && this.guardNow(slot, (instance) => instance.trustIn?.(tunnel));
  }

  /** What plugins want of the packets on this WAN. */
  get watchers(): PathWatcher[] {
    return this.working().flatMap((slot) => slot.instance.path ?? []);
  }

  /** A packet that one of them may want; true when it goes no further. */
  take(packet: Uint8Array): boolean {
    return this.working().some(
      (slot) => this.guardNow(slot, (instance) => instance.path?.take(packet)) === true,
    );
  }

  seen(packet: Uint8Array, stage: 'first' | 'answered'): void {
    for (const slot of this.working())
      this.guardNow(slot, (instance) => instance.path?.seen?.(packet, stage));
  }

  /** What costs time may begin now (SP-6). */
  called(address: IpAddress): void {
    for (const slot of this.working())
      void this.guard(slot, async (instance) => instance.called?.(address));
  }

  /** Keys that could prove a claim: of the first plugin that has some. */
  async keysFor(claim: PeerClaim): Promise<Found<KeysForClaim>> {
    const reasons: string[] = [];
    for (const slot of this.working()) {
      const keys = await this.guard(slot, (instance) => instance.keysFor(claim));
      if (keys?.kind === 'keys') return { ...keys, plugin: slot.name };
      if (keys) reasons.push(keys.why);
    }
    return {
      kind: 'refused',
      why: reasons.join('; ') || 'no plugin of this WAN works',
      plugin: '',
    };
  }

  /** Only the plugin that vouched for the key may grant the client. */
  async authorize(plugin: string, claim: AuthorizationClaim): Promise<Authorization> {
    const slot = this.working().find((each) => each.name === plugin);
    const answer = slot && (await this.guard(slot, (instance) => instance.authorize(claim)));
    return answer ?? { kind: 'refused', why: `plugin ${plugin} does not work` };
  }

  forget(address: IpAddress): void {
    for (const slot of this.slots) slot.instance.forget(address);
  }

  stop(): void {
    for (const slot of this.slots) {
      try {
        slot.instance.stop();
      } catch (error) {
        this.log.error(`plugin ${slot.name} failed to stop: ${String(error)}`);
      }
    }
  }

  private working(): PluginSlot[] {
    return this.slots.filter((slot) => slot.failure === '');
  }

  private async guard<T>(
    slot: PluginSlot,
    run: (instance: PluginInstance) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await run(slot.instance);
    } catch (error) {
      return this.failed(slot, error);
    }
  }

  private guardNow<T>(slot: PluginSlot, run: (instance: PluginInstance) => T): T | undefined {
    try {
      return run(slot.instance);
    } catch (error) {
      return this.failed(slot, error);
    }
  }

  private failed(slot: PluginSlot, error: unknown): undefined {
    slot.failure = String(error);
    this.log.error(`plugin ${slot.name} is off, it failed: ${slot.failure}`);
  }
}
