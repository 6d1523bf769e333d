/** What both roles of probing on one WAN work with. */
import type { Logger } from '../../../core/log.js';
import type { IpAddress } from '../../../core/net/address.js';
import type { Clock, Timers } from '../../../core/platform/platform.js';
import type { PluginContext } from '../../../core/plugin.js';
import type { PathUser, ProvenPath } from '../path.js';
import type { ProbeCounters } from './counters.js';
import type { ProbeMemory } from './memory.js';
import type { Numbers } from './numbers.js';
import type { ProbingOptions } from './options.js';

export interface ProbingEnvironment extends Pick<PluginContext<unknown>, 'path' | 'covered'> {
  clock: Clock;
  timers: Timers;
  log: Logger;
  random(length: number): Uint8Array;
  options: ProbingOptions;
  numbers: Numbers;
  memory: ProbeMemory;
  counters: ProbeCounters;
  /** Our IPv4 addresses on the WAN; the first one is what we send from. */
  addresses(): readonly IpAddress[];
  trust: Pick<PathUser, 'refuses'>;
  /** As initiator: a path of ours is proven. `origin`: H1 before our NAT. */
  proven(path: ProvenPath, origin: IpAddress | undefined): void;
}

/** Why the pair may have no tunnel of ours; `undefined` when it may. */
export async function refusal(
  env: Pick<ProbingEnvironment, 'covered' | 'trust'>,
  pair: ProvenPath['pair'],
): Promise<string | undefined> {
  const why = env.trust.refuses(pair);
  return why ?? env.covered({ source: pair.ours, destination: pair.theirs });
}
