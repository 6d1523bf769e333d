/**
 * How long a wish waits. It begins anew when the wish itself is asked for, and goes on while it only
 * waits for its turn with a peer that keeps answering others; there is an end to that too.
 *
 *        IKE_SA_INIT           in line behind others         its own request
 *   ──────────┬───────────────────┬───────────┬───────────────────┬────────────▶
 *             └─ patience         └─ patience └─ patience …       └─ patience
 */
import type { Clock, Timer, Timers } from '../platform/platform.js';

/** All of it together, in patiences: a peer that answers others slowly, and this wish never. */
const LONGEST = 4;

export interface PatienceEvents {
  /** It is through: has enough happened since then to go on? */
  goesOn(sinceMs: number): boolean;
  /** Called at most once. */
  over(waitedMs: number): void;
}

export class Patience {
  readonly #startMs: number;
  #sinceMs!: number;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(
    private readonly env: { clock: Clock; timers: Timers },
    private readonly patienceMs: number,
    private readonly events: PatienceEvents,
  ) {
    this.#startMs = env.clock.monotonicMs();
    this.restart();
  }

  /** A full patience from now, as far as the longest allows. */
  restart(): void {
    if (this.#isStopped) return;
    this.#sinceMs = this.env.clock.monotonicMs();
    const leftMs = Math.max(0, LONGEST * this.patienceMs - this.#waitedMs);
    this.#timer?.cancel();
    this.#timer = this.env.timers.after(Math.min(this.patienceMs, leftMs), () => this.#through());
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  get #waitedMs(): number {
    return this.env.clock.monotonicMs() - this.#startMs;
  }

  #through(): void {
    const isLast = this.#waitedMs >= LONGEST * this.patienceMs;
    if (!isLast && this.events.goesOn(this.#sinceMs)) this.restart();
    else this.events.over(this.#waitedMs);
  }
}
