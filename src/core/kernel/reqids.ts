/**
 * Our range of request IDs. Everything of ours in the SAD and SPD has one of them, which is how it is
 * recognised later, also by another run of the daemon.
 */

const rangeSize = 65_536;

export class Reqids {
  readonly #first: number;
  readonly #inUse = new Map<string, { reqid: number; holders: number }>();
  readonly #taken = new Set<number>();
  #next = 0;

  constructor(first: number) {
    this.#first = first;
  }

  isOurs(reqid: number): boolean {
    return reqid >= this.#first && reqid < this.#first + rangeSize;
  }

  /** The last of the range is never given away: it belongs to the probe. */
  get probe(): number {
    return this.#first + rangeSize - 1;
  }

  /** The same number for the same tunnel while one of them is held. Throws when all are taken. */
  take(tunnel: string): number {
    const known = this.#inUse.get(tunnel);
    if (known) {
      known.holders++;
      return known.reqid;
    }
    if (this.#taken.size >= rangeSize - 1) throw new Error(`all ${rangeSize} reqids are in use`);
    while (this.#taken.has(this.#first + this.#next))
      this.#next = (this.#next + 1) % (rangeSize - 1);
    const reqid = this.#first + this.#next;
    this.#next = (this.#next + 1) % (rangeSize - 1);
    this.#taken.add(reqid);
    this.#inUse.set(tunnel, { reqid, holders: 1 });
    return reqid;
  }

  /** A number that an earlier run gave to this tunnel; held once more. False: another one has it. */
  adopt(tunnel: string, reqid: number): boolean {
    const known = this.#inUse.get(tunnel);
    if (known ? known.reqid !== reqid : this.#taken.has(reqid)) return false;
    if (known) known.holders++;
    else this.#inUse.set(tunnel, { reqid, holders: 1 });
    this.#taken.add(reqid);
    return true;
  }

  release(tunnel: string): void {
    const known = this.#inUse.get(tunnel);
    if (!known || --known.holders > 0) return;
    this.#inUse.delete(tunnel);
    this.#taken.delete(known.reqid);
  }
}
