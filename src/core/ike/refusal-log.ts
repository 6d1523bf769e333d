/**
 * Log lines about peers that were turned away. A person wants to see them (OE-60, OE-63), and any
 * stranger can cause them: a few in a minute are for the person, the rest for debugging.
 */
import type { Logger } from '../log.js';
import type { Clock } from '../platform/platform.js';

const MINUTE_MS = 60_000;

export class RefusalLog {
  #startMs = 0;
  #lines = 0;

  constructor(
    private readonly log: Logger,
    private readonly clock: Clock,
    private readonly linesPerMinute: number,
  ) {}

  write(line: string): void {
    const now = this.clock.monotonicMs();
    if (now - this.#startMs >= MINUTE_MS) {
      this.#startMs = now;
      this.#lines = 0;
    }
    this.#lines++;
    if (this.#lines < this.linesPerMinute) this.log.info(line);
    else if (this.#lines === this.linesPerMinute) this.log.info(`${line} (more: see debug)`);
    else this.log.debug(line);
  }
}
