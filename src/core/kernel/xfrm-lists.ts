/** Reads the kernel's SAD and SPD, and clears from them what is ours. */
import type { Processes } from '../platform/platform.js';
import type { ChildSa } from './child-sa.js';
import { runText } from './commands.js';
import type { IpCommand } from './xfrm-commands.js';
import { parsePolicies, parseStates, type XfrmPolicy, type XfrmState } from './xfrm-text.js';

export interface XfrmLists {
  states: XfrmState[];
  policies: XfrmPolicy[];
}

/** With counters and times; the times are printed in UTC, keys are not printed. */
export async function readXfrmLists(processes: Processes): Promise<XfrmLists> {
  const ip = ['env', 'TZ=UTC0', 'ip', '-s', 'xfrm'];
  const [states, policies] = await Promise.all([
    runText(processes, [...ip, 'state', 'list', 'nokeys']),
    runText(processes, [...ip, 'policy', 'list']),
  ]);
  return { states: parseStates(states), policies: parsePolicies(policies) };
}

/** Commands that remove all that has a reqid of ours, and nothing else. */
export function removeOursCommands(
  lists: XfrmLists,
  isOurs: (reqid: number) => boolean,
): IpCommand[] {
  const policies = lists.policies.filter((policy) => policy.reqids.some(isOurs));
  // A larval state (SPI 0, made by an acquire) can not be deleted by name and goes by itself.
  const states = lists.states.filter((state) => isOurs(state.reqid) && state.spi !== 0);
  return [
    ...policies.map(({ selector, direction }) => ({
      line: `xfrm policy delete ${selector} dir ${direction}`,
      what: `delete policy ${direction} ${selector}`,
    })),
    ...states.map(({ source, destination, protocol, spi }) => {
      const id = `src ${source} dst ${destination} proto ${protocol} spi 0x${spi.toString(16)}`;
      return { line: `xfrm state delete ${id}`, what: `delete state ${id}` };
    }),
  ];
}

/** Has a state of this tunnel reached a soft limit? The kernel says so only once. */
export function isOld(sa: ChildSa, states: readonly XfrmState[], nowSeconds: number): boolean {
  const reached = (value: number, limit = 0) => limit > 0 && value >= limit;
  return states.some(
    ({ destination, spi, addedSeconds, bytes, packets }) =>
      ((destination === sa.local && spi === sa.inbound.spi) ||
        (destination === sa.remote && spi === sa.outbound.spi)) &&
      (reached(addedSeconds && nowSeconds - addedSeconds, sa.softSeconds) ||
        reached(bytes, sa.softBytes) ||
        reached(packets, sa.softPackets)),
  );
}
