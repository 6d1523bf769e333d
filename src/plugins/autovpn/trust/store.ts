/**
 * The table in its file. What a person did, a secret and an alarm are written at once; that peers come
 * and are used, now and then: flash wears (AV-A24).
 */
import type { Logger } from '../../../core/log.js';
import type { Clock, Files, Timer, Timers } from '../../../core/platform/platform.js';
import { readTable, type Saved, writeTable } from './file.js';

/** A pause before the first write: what comes together is written together. */
const gatherMs = 2000;

export interface StoreParts {
  files: Files;
  clock: Clock;
  timers: Timers;
  log: Logger;
  folder: string;
  /** Least pause between two writes of what can wait. */
  intervalMs(): number;
  content(): Saved;
}

export class TableStore {
  readonly path: string;
  #timer: Timer | undefined;
  #writtenMs: number | undefined;
  #isStale = false;

  constructor(private readonly parts: StoreParts) {
    this.path = `${parts.folder}/autovpn-peers`;
  }

  /** The last write failed, or one is due. */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** What earlier runs have left. Throws, with the file's name, for what can not be read. */
  read(): Saved {
    const content = this.parts.files.read(this.path);
    if (!content) return { peers: [], addresses: [] };
    const read = readTable(content);
    if (!read.ok) throw new Error(`${this.path}: ${read.error}`);
    return read.value;
  }

  /** Something changed that may wait. */
  later(): void {
    this.#isStale = true;
    if (this.#timer) return;
    const { clock, timers, intervalMs } = this.parts;
    const passed = this.#writtenMs === undefined ? Infinity : clock.monotonicMs() - this.#writtenMs;
    const waitMs = Math.max(intervalMs() > 0 ? gatherMs : 0, intervalMs() - passed);
    this.#timer = timers.after(waitMs, () => {
      this.#timer = undefined;
      this.now();
    });
  }

  /** A failure is told in the log, and tried again with the next change. */
  now(): void {
    const { files, folder, log, clock, content } = this.parts;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#writtenMs = clock.monotonicMs();
    this.#isStale = true;
    try {
      files.makeFolder(folder, 0o700);
      files.writeAtomic(this.path, writeTable(content()), 0o600);
      this.#isStale = false;
    } catch (error) {
      log.error(`${this.path} is not written: ${String((error as Error).message ?? error)}`);
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isStale) this.now();
  }
}
