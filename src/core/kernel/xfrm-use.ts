/**
 * When and how much a tunnel was used (OE-53). The kernel stamps a policy at each look-up: the `out`
 * policy when something is sent, the `in` and `fwd` policies when something came out of the tunnel.
 * A state's own time is that of its first packet on most kernels; a counter that grew since the last
 * look tells the rest.
 */
import type { Clock, Processes } from '../platform/platform.js';
import type { InstalledSa, SaUse } from './child-sa.js';
import { readXfrmLists, type XfrmLists } from './xfrm-lists.js';
import type { XfrmState } from './xfrm-text.js';

/** One reading serves all tunnels that are asked about within this time. */
const freshMs = 1000;

type Counters = Pick<SaUse, 'bytesIn' | 'bytesOut' | 'packetsIn' | 'packetsOut'>;

/** Use as the lists tell it, without memory. Pure. */
export function useIn(lists: XfrmLists, installed: InstalledSa): SaUse {
  const { sa, reqid } = installed;
  const find = (destination: string, spi: number): XfrmState | undefined =>
    lists.states.find((state) => state.destination === destination && state.spi === spi);
  const inbound = find(sa.local, sa.inbound.spi);
  const outbound = find(sa.remote, sa.outbound.spi);
  const policies = lists.policies.filter((policy) => policy.reqids.includes(reqid));
  const times = [inbound, outbound, ...policies].map((each) => each?.usedSeconds ?? 0);
  return {
    lastUseSeconds: Math.max(0, ...times),
    bytesIn: inbound?.bytes ?? 0,
    bytesOut: outbound?.bytes ?? 0,
    packetsIn: inbound?.packets ?? 0,
    packetsOut: outbound?.packets ?? 0,
  };
}

export class XfrmUse {
  readonly #processes: Processes;
  readonly #clock: Clock;
  readonly #seen = new WeakMap<InstalledSa, Counters & { atSeconds: number }>();
  #lists: { atMs: number; reading: Promise<XfrmLists> } | undefined;

  constructor(parts: { processes: Processes; clock: Clock }) {
    this.#processes = parts.processes;
    this.#clock = parts.clock;
  }

  async of(installed: InstalledSa): Promise<SaUse> {
    const use = useIn(await this.#read(), installed);
    const before = this.#seen.get(installed);
    const grew =
      use.packetsIn > (before?.packetsIn ?? 0) || use.packetsOut > (before?.packetsOut ?? 0);
    // At the first look nobody knows when the packets passed; the kernel's times have to do.
    const atSeconds =
      before && grew ? Math.floor(this.#clock.wallSeconds()) : (before?.atSeconds ?? 0);
    this.#seen.set(installed, { ...use, atSeconds });
    return { ...use, lastUseSeconds: Math.max(use.lastUseSeconds, atSeconds) };
  }

  #read(): Promise<XfrmLists> {
    const now = this.#clock.monotonicMs();
    if (this.#lists && now - this.#lists.atMs <= freshMs) return this.#lists.reading;
    const reading = readXfrmLists(this.#processes);
    this.#lists = { atMs: now, reading };
    reading.catch(() => {
      if (this.#lists?.reading === reading) this.#lists = undefined;
    });
    return reading;
  }
}
