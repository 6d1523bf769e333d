/** Builds our table again when somebody took it away (`nft flush ruleset`, firewall stop). */
import type { Logger } from '../log.js';
import type { Timer, Timers } from '../platform/platform.js';
import type { HoldRules } from './kernel.js';
import type { NftTable } from './nft.js';

/** What becomes of our table is told at once; in case it ever is not, we look ourselves. */
const tableCheckMs = 60_000;

export interface TableWatchParts {
  timers: Timers;
  log: Logger;
  table: Pick<NftTable, 'create' | 'exists'>;
  /** It is there again, without the verdicts that were in it. */
  lost(): void;
}

export class TableWatch {
  /** What the table is made of; `undefined` while there shall be none. */
  #rules: HoldRules | undefined;
  #timer: Timer | undefined;
  #isLooking = false;

  constructor(private readonly parts: TableWatchParts) {}

  /** From now on; also when the rules are others. */
  watch(rules: HoldRules): void {
    this.#rules = rules;
    this.#timer ??= this.#lookLater();
  }

  stop(): void {
    this.#rules = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async look(): Promise<void> {
    if (this.#isLooking || !this.#rules) return;
    const { table, log, lost } = this.parts;
    this.#isLooking = true;
    try {
      if ((await table.exists()) || !this.#rules) return;
      await table.create(this.#rules);
      log.warning('somebody removed our nftables table; it is there again');
      lost();
    } catch (error) {
      log.error(`our nftables table can not be rebuilt: ${String(error)}`);
    } finally {
      this.#isLooking = false;
    }
  }

  #lookLater(): Timer {
    return this.parts.timers.after(tableCheckMs, () => {
      void this.look().then(() => {
        if (this.#rules) this.#timer = this.#lookLater();
      });
    });
  }
}
