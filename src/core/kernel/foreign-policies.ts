/**
 * XFRM policies that are not ours: configured tunnels, which come first and are never touched. The
 * list is read when it is needed, and kept until the monitor tells of a change.
 */
import { type IpAddress, prefixContains } from '../net/address.js';
import type { Processes } from '../platform/platform.js';
import { runText } from './commands.js';
import { policyPriority } from './xfrm-commands.js';
import { parsePolicies, type XfrmPolicy } from './xfrm-text.js';

/** Whether all outgoing traffic between its addresses goes by this policy rather than by ours. */
const isDecisive = (policy: XfrmPolicy): boolean =>
  policy.direction === 'out' &&
  // One port or protocol of the pair is not the pair; the kernel prefers that policy for it.
  !policy.isNarrow &&
  // Route-based tunnels and marked traffic do not pass our way.
  policy.interfaceId === 0 &&
  policy.mark.value === 0 &&
  policy.priority <= policyPriority;

export class ForeignPolicies {
  readonly #processes: Processes;
  readonly #isOurs: (policy: XfrmPolicy) => boolean;
  #list: Promise<XfrmPolicy[]> | undefined;

  constructor(processes: Processes, isOurs: (policy: XfrmPolicy) => boolean) {
    this.#processes = processes;
    this.#isOurs = isOurs;
  }

  /**
   * Something changed; of `undefined` nobody knows what. True when the list is to be read again:
   * changes of our own policies do not count.
   */
  changed(policy: XfrmPolicy | undefined): boolean {
    if (policy && this.#isOurs(policy)) return false;
    this.#list = undefined;
    return true;
  }

  async cover(source: IpAddress, destination: IpAddress): Promise<boolean> {
    const covers = (policy: XfrmPolicy) =>
      prefixContains(policy.source, source) && prefixContains(policy.destination, destination);
    return (await this.decisive()).some(covers);
  }

  /** Those that decide about all traffic between their addresses. */
  decisive(): Promise<XfrmPolicy[]> {
    if (this.#list) return this.#list;
    const reading = runText(this.#processes, ['ip', 'xfrm', 'policy', 'list']).then((text) =>
      parsePolicies(text).filter((policy) => !this.#isOurs(policy) && isDecisive(policy)),
    );
    this.#list = reading;
    reading.catch(() => {
      if (this.#list === reading) this.#list = undefined;
    });
    return reading;
  }
}
