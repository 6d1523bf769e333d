/** Undoes in reverse order what was started. One step that fails does not keep the others. */
import type { Logger } from '../core/log.js';

type Step = () => void | Promise<void>;

export class Undo {
  private readonly steps: Step[] = [];

  constructor(private readonly log: Logger) {}

  add(step: Step): void {
    this.steps.push(step);
  }

  async all(): Promise<void> {
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await step();
      } catch (error) {
        this.log.error(`while stopping: ${String(error)}`);
      }
    }
  }
}
