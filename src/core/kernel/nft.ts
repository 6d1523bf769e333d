/**
 * Our table, as it is in the kernel: loads it, keeps the verdicts on pairs in it, and notices when it
 * is gone. Changes of pairs that come while `nft` runs wait and go together in its next run.
 */
import type { Logger } from '../log.js';
import type { Processes } from '../platform/platform.js';
import { runText } from './commands.js';
import type { HoldRules } from './kernel.js';
import { type ConfiguredTraffic, configuredText } from './nft-configured.js';
import { type PairChange, pairText } from './nft-pairs.js';
import { removeTableText, type TableSettings, tableName, tableText } from './nft-table.js';
import { type TunnelTraffic, unoffloadedText } from './nft-unoffloaded.js';

/** Changes in one run of `nft`. */
const maxBatch = 256;
/** Changes that may wait; a flood above it is refused, and the daemon is asked again later. */
const maxWaiting = 20_000;

interface Waiting {
  change: PairChange;
  resolve(): void;
  reject(error: unknown): void;
}

export class NftTable {
  readonly #processes: Processes;
  readonly #settings: TableSettings;
  readonly #log: Logger;
  #rules: HoldRules | undefined;
  #configured: readonly ConfiguredTraffic[] = [];
  /** Kept out of flowtables; `undefined` while there are none. */
  #keptOut: readonly TunnelTraffic[] | undefined;
  /** What of that the kernel has. */
  #isKeptOut: readonly TunnelTraffic[] | undefined;
  #waiting: Waiting[] = [];
  /** The table is loaded and changed by one `nft` at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #isWriting = false;

  constructor(parts: { processes: Processes; settings: TableSettings; log: Logger }) {
    this.#processes = parts.processes;
    this.#settings = parts.settings;
    this.#log = parts.log;
  }

  /** Makes the table anew, in one step with these pairs; what an earlier one remembered is gone. */
  create(rules: HoldRules, pairs: readonly PairChange[] = []): Promise<void> {
    return this.#inTurn(async () => {
      const keptOut = this.#keptOut;
      const text = [
        tableText(rules, this.#settings),
        configuredText(this.#configured),
        keptOut ? unoffloadedText(keptOut) : '',
      ].join('');
      await this.#load(removeTableText + text + (pairs.length > 0 ? pairText(pairs) : ''));
      this.#rules = rules;
      this.#isKeptOut = keptOut;
    });
  }

  /** New rules; pairs stay remembered. */
  update(rules: HoldRules): Promise<void> {
    return this.#inTurn(async () => {
      await this.#load(tableText(rules, this.#settings, this.#rules));
      this.#rules = rules;
    });
  }

  /** Traffic that passes by the hold; kept for when the table is made anew. */
  setConfigured(traffic: readonly ConfiguredTraffic[]): Promise<void> {
    this.#configured = traffic;
    return this.#inTurn(async () => {
      if (this.#rules) await this.#load(configuredText(traffic));
    });
  }

  /** Traffic that goes into no flowtable; kept for when the table is made anew. */
  keepOut(traffic: readonly TunnelTraffic[]): Promise<void> {
    this.#keptOut = traffic;
    return this.#inTurn(async () => {
      // Of several that wait, the first one writes what the last one has
      const latest = this.#keptOut;
      if (!this.#rules || !latest || latest === this.#isKeptOut) return;
      await this.#load(unoffloadedText(latest));
      this.#isKeptOut = latest;
    });
  }

  remove(): Promise<void> {
    this.#rules = undefined;
    return this.#inTurn(() => this.#load(removeTableText));
  }

  /** False when somebody took the table away. */
  async exists(): Promise<boolean> {
    const tables = await runText(this.#processes, ['nft', 'list', 'tables']);
    return tables.split('\n').some((line) => line.trim() === `table ${tableName}`);
  }

  /** Resolves when the kernel has it. */
  change(change: PairChange): Promise<void> {
    if (this.#waiting.length >= maxWaiting)
      return Promise.reject(new Error(`forwarding cache: ${maxWaiting} changes are waiting`));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ change, resolve, reject });
      if (this.#isWriting) return;
      this.#isWriting = true;
      void this.#inTurn(() => this.#write());
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #load(text: string): Promise<void> {
    await runText(this.#processes, ['nft', '-f', '-'], text);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, maxBatch);
      try {
        await this.#load(pairText(batch.map((each) => each.change)));
        for (const each of batch) each.resolve();
      } catch (error) {
        if (batch.length === 1) batch[0]!.reject(error);
        else await this.#writeEach(batch, error);
      }
    }
    this.#isWriting = false;
  }

  /** One bad change spoils its whole transaction: find out which. */
  async #writeEach(batch: readonly Waiting[], error: unknown): Promise<void> {
    this.#log.debug(`changing ${batch.length} pairs one by one: ${String(error)}`);
    for (const each of batch)
      await this.#load(pairText([each.change])).then(each.resolve, each.reject);
  }
}
