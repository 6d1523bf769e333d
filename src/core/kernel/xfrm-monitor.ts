/**
 * A long-lived `ip xfrm monitor` as a stream of events. It is started again when it dies; what
 * happened meanwhile is unknown, and its owner is told so.
 */
import { fromUtf8 } from '../bytes/text.js';
import type { Logger } from '../log.js';
import type { Child, Processes, Timer, Timers } from '../platform/platform.js';
import { parseEvent, splitRecords, type XfrmEvent } from './xfrm-text.js';

/** A record ends where the next begins; the last one counts as whole after this silence. */
const silenceMs = 20;
const restartMs = 1000;
/** A monitor that dies this often in a row, without a word between, is no passing trouble. */
const maxFailures = 10;
const maxPendingText = 1 << 20;

export interface MonitorEvents {
  event(event: XfrmEvent): void;
  /** It was down for a moment: anything may have changed. */
  missed(): void;
  failed(reason: string): void;
}

export class XfrmMonitor {
  readonly #parts: { processes: Processes; timers: Timers; log: Logger };
  readonly #events: MonitorEvents;
  #child: Child | undefined;
  #text = '';
  #timer: Timer | undefined;
  #failures = 0;
  #isStopped = false;

  constructor(parts: { processes: Processes; timers: Timers; log: Logger }, events: MonitorEvents) {
    this.#parts = parts;
    this.#events = events;
  }

  start(): void {
    this.#text = '';
    try {
      this.#child = this.#parts.processes.spawn(
        ['ip', 'xfrm', 'monitor', 'acquire', 'expire', 'policy'],
        {
          output: (bytes) => this.#take(fromUtf8(bytes)),
          errorOutput: (bytes) =>
            this.#parts.log.debug(`ip xfrm monitor said: ${fromUtf8(bytes).trim()}`),
          exit: (status) => this.#ended(`ended with status ${status}`),
        },
      );
    } catch (error) {
      this.#ended(String(error));
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#child?.kill('SIGTERM');
  }

  #take(text: string): void {
    if (this.#isStopped) return;
    this.#failures = 0;
    this.#text += text;
    // Text without an end is none of ours
    if (this.#text.length > maxPendingText) this.#text = '';
    const lastRecord = /\n(?=\S)[^\n]*(?:\n(?!\S)[^\n]*)*$/.exec(this.#text);
    if (lastRecord) {
      const whole = this.#text.slice(0, lastRecord.index + 1);
      this.#text = this.#text.slice(lastRecord.index + 1);
      this.#tell(whole);
    }
    this.#timer?.cancel();
    this.#timer = this.#parts.timers.after(silenceMs, () => {
      const rest = this.#text;
      this.#text = '';
      this.#tell(rest);
    });
  }

  #tell(text: string): void {
    for (const record of splitRecords(text)) {
      const event = parseEvent(record);
      if (event) this.#events.event(event);
    }
  }

  #ended(reason: string): void {
    this.#child = undefined;
    if (this.#isStopped) return;
    this.#failures++;
    if (this.#failures > maxFailures) {
      this.#events.failed(`ip xfrm monitor does not stay: ${reason}`);
      return;
    }
    this.#parts.log.warning(`ip xfrm monitor ${reason}; starting it again`);
    this.#timer?.cancel();
    this.#timer = this.#parts.timers.after(restartMs, () => {
      this.start();
      this.#events.missed();
    });
  }
}
