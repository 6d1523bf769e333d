/** Questions to the kernel that wait for their answers, by the sequence number of netlink. */
import type { Timer, Timers } from '../platform/platform.js';

/** The kernel answers at once; a loop that is busy with a hundred tunnels reads it late. */
const answerMs = 10_000;
/** The kernel drops answers that the socket has no room for; two questions per tunnel stay far below. */
const maxWaiting = 256;

interface Waiting<Answer> {
  timer: Timer;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class Questions<Answer> {
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #sequence = 0;

  constructor(private readonly timers: Timers) {}

  /** Rejects, with the reason alone, when nothing comes back or too many wait. */
  ask(send: (sequence: number) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size >= maxWaiting)
        throw new Error(`${maxWaiting} questions wait for an answer already`);
      this.#sequence = (this.#sequence + 1) >>> 0;
      const sequence = this.#sequence;
      const timer = this.timers.after(answerMs, () =>
        this.#takeOff(sequence)?.reject(new Error(`no answer within ${answerMs} ms`)),
      );
      this.#waiting.set(sequence, { timer, resolve, reject });
      send(sequence);
    });
  }

  /** False when nobody waits for it, or not any more. */
  answer(sequence: number, answer: Answer): boolean {
    const waiting = this.#takeOff(sequence);
    waiting?.resolve(answer);
    return waiting !== undefined;
  }

  /** All that waits is rejected with this reason. */
  end(reason: string): void {
    for (const sequence of [...this.#waiting.keys()])
      this.#takeOff(sequence)?.reject(new Error(reason));
  }

  #takeOff(sequence: number): Waiting<Answer> | undefined {
    const waiting = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    waiting?.timer.cancel();
    return waiting;
  }
}
