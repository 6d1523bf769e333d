/**
 * The source address that a packet will carry on its WAN. Ruleset and addresses are kept at hand,
 * because a held packet waits for the answer; the owner says when the ruleset has changed.
 */
import type { Logger } from '../log.js';
import { familyOf, type IpAddress } from '../net/address.js';
import type { Clock, Processes, Timer, Timers } from '../platform/platform.js';
import { CommandError, runText } from './commands.js';
import { parseDeviceAddresses } from './device-addresses.js';
import { type NatRuleset, natTables, parseRuleset, sourceNatOf } from './source-nat.js';

export type Masquerade = 'auto' | 'yes' | 'no';

/** Addresses this old are read again, while the packet goes by those we know. */
const refreshMs = 1000;
/** Addresses this old are waited for. */
const staleMs = 10_000;
/** Without a packet that asks, new rules are read behind the last of a bunch of changes. */
const rulesetDelayMs = 200;

export interface TranslatedPacket {
  device: string;
  masquerade: Masquerade;
  source: IpAddress;
  destination: IpAddress;
  isOwn: boolean;
  inputDevice: string | undefined;
}

export class SourceAddresses {
  readonly #processes: Processes;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #addresses = new Map<string, { atMs: number; list: Promise<IpAddress[]> }>();
  readonly #doubts = new Set<string>();
  readonly #timers: Timers;
  #ruleset: Promise<NatRuleset> | undefined;
  /** The rules are read by one `nft` at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  /** A reading that has not begun will see every change until then. */
  #waitsForTurn = false;
  #rulesetTimer: Timer | undefined;

  constructor(parts: { processes: Processes; clock: Clock; timers: Timers; log: Logger }) {
    this.#processes = parts.processes;
    this.#clock = parts.clock;
    this.#timers = parts.timers;
    this.#log = parts.log;
  }

  stop(): void {
    this.#rulesetTimer?.cancel();
  }

  /** The next packet waits for the new rules; mostly they are read before it comes. */
  rulesetChanged(): void {
    if (!this.#waitsForTurn) this.#ruleset = undefined;
    this.#rulesetTimer?.cancel();
    this.#rulesetTimer = this.#timers.after(rulesetDelayMs, () => {
      this.#readRuleset().catch((error) => this.#log.debug(`source NAT: ${String(error)}`));
    });
  }

  addressesChanged(): void {
    this.#addresses.clear();
  }

  async translate(packet: TranslatedPacket): Promise<IpAddress> {
    if (packet.masquerade === 'no') return packet.source;
    if (packet.masquerade === 'yes') {
      // Networks that hide IPv6 behind one address say so in their firewall, and `auto` finds it.
      const isHidden = familyOf(packet.source) === 4 && !packet.isOwn;
      return isHidden ? this.#firstOf(packet) : packet.source;
    }
    const nat = sourceNatOf(await this.#readRuleset(), packet, (what) => this.#doubt(what));
    if (nat.kind === 'snat') return nat.to;
    return nat.kind === 'masquerade' ? this.#firstOf(packet) : packet.source;
  }

  /** Empty when there is no such device. */
  async addressesOf(device: string): Promise<IpAddress[]> {
    try {
      return parseDeviceAddresses(
        await runText(this.#processes, ['ip', '-j', 'addr', 'show', 'dev', device]),
      );
    } catch (error) {
      if (error instanceof CommandError && /does not exist|can't find device/i.test(error.said))
        return [];
      throw error;
    }
  }

  async #firstOf({ device, source, isOwn }: TranslatedPacket): Promise<IpAddress> {
    const list = await this.#knownAddresses(device);
    const ofFamily = list.filter((own) => familyOf(own) === familyOf(source));
    // masquerading leaves an own source alone where it is an address of the device's network
    if (isOwn && ofFamily.includes(source)) return source;
    return ofFamily[0] ?? source;
  }

  /** A held packet waits for this, so it mostly gets what is at hand. */
  #knownAddresses(device: string): Promise<IpAddress[]> {
    const now = this.#clock.monotonicMs();
    const known = this.#addresses.get(device);
    const ageMs = known ? now - known.atMs : staleMs;
    if (known && ageMs < refreshMs) return known.list;
    const list = this.addressesOf(device);
    this.#addresses.set(device, { atMs: now, list });
    list.catch(() => this.#addresses.delete(device));
    return known && ageMs < staleMs ? known.list : list;
  }

  #readRuleset(): Promise<NatRuleset> {
    if (this.#ruleset) return this.#ruleset;
    this.#waitsForTurn = true;
    const reading = this.#turn.then(() => {
      this.#waitsForTurn = false;
      return this.#readTables();
    });
    this.#turn = reading.catch(() => {
      if (this.#ruleset === reading) this.#ruleset = undefined;
    });
    this.#ruleset = reading;
    return reading;
  }

  async #readTables(): Promise<NatRuleset> {
    const tables = natTables(await runText(this.#processes, ['nft', '-j', 'list', 'chains']));
    const answers: string[] = [];
    for (const [family, table] of tables)
      answers.push(await runText(this.#processes, ['nft', '-j', 'list', 'table', family, table]));
    return parseRuleset(answers);
  }

  /** Each kind of condition is told once. */
  #doubt(what: string): void {
    if (this.#doubts.has(what) || this.#doubts.size > 100) return;
    this.#doubts.add(what);
    this.#log.debug(`source NAT: condition not understood, taken as not matching: ${what}`);
  }
}
