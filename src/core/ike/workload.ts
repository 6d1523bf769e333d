/**
 * Requests within established IKE SAs that wait for an answer of the owner. One SA can have as many as
 * its window holds; here is the bound on all of them together. A request without room is passed over
 * unread, and its repetition finds room.
 */
import type { IkeLimits } from './limits.js';

export class Workload {
  #all = 0;

  constructor(private readonly limits: Pick<IkeLimits, 'maxBusyRequests'>) {}

  /**
   * May a peer with `busy` requests in work have one more? The second half is for peers that have
   * none, so that a few busy ones do not shut out the others.
   */
  hasRoomFor(busy: number): boolean {
    const { maxBusyRequests } = this.limits;
    return this.#all < (busy === 0 ? maxBusyRequests : maxBusyRequests / 2);
  }

  async during<T>(work: Promise<T>): Promise<T> {
    this.#all++;
    try {
      return await work;
    } finally {
      this.#all--;
    }
  }
}
