/**
 * Flow offloading (flowtables of nftables, `option flow_offloading` of fw4) and IPsec.
 *
 * An offloaded connection is sent on from where it comes in, with the route that it had before source
 * NAT: no IPsec policy for the translated address lies on that, and it would go out in clear, by every
 * rule of ours (seen with Linux 6.1). What comes in for it is not asked for IPsec either. So the traffic of
 * tunnels is kept out of flowtables (`nft-unoffloaded.ts`). A connection that was offloaded before
 * falls back by itself when policies are written, for that makes its route invalid; this is why its
 * traffic has to be known here before its tunnel comes.
 */
import { fromUtf8 } from '../bytes/text.js';
import type { Logger } from '../log.js';
import type { Processes } from '../platform/platform.js';
import type { ChildSa } from './child-sa.js';
import type { NftTable } from './nft.js';
import { tableName } from './nft-table.js';
import type { TunnelTraffic } from './nft-unoffloaded.js';
import { trafficKey } from './xfrm-commands.js';

const hardwareWarning =
  'hardware flow offloading is on in this router: a connection that is offloaded already when its tunnel comes may go on in clear; switch flow_offloading_hw off in /etc/config/firewall';

export interface FlowOffloadingParts {
  processes: Pick<Processes, 'run'>;
  log: Logger;
  table: Pick<NftTable, 'keepOut'>;
}

export class FlowOffloading {
  #isOn = false;
  #isHardware = false;
  #failure: string | undefined;
  /** That of tunnels, by `trafficKey`. */
  readonly #traffic = new Map<string, readonly TunnelTraffic[]>();

  constructor(private readonly parts: FlowOffloadingParts) {}

  /** Looks whether somebody has a flowtable; true when that is new. */
  async look(): Promise<boolean> {
    const wasOn = this.#isOn;
    const wasHardware = this.#isHardware;
    try {
      const listed = await this.parts.processes.run(['nft', 'list', 'flowtables']);
      const others = fromUtf8(listed.output)
        .split(/^(?=table )/m)
        .filter((text) => !text.startsWith(`table ${tableName} `) && /^\s*flowtable /m.test(text));
      this.#isOn = others.length > 0;
      this.#isHardware = others.some((text) => /^\s*flags .*\boffload\b/m.test(text));
    } catch {
      return false; // without nft nothing else works either
    }
    if (this.#isHardware && !wasHardware) this.parts.log.warning(hardwareWarning);
    if (!this.#isOn || wasOn) return false;
    this.parts.log.info('flow offloading is on: connections in tunnels are kept out of it');
    await this.#tell();
    return true;
  }

  /** To be waited for before the first tunnel of this traffic comes. */
  async add(sa: ChildSa): Promise<void> {
    this.#traffic.set(trafficKey(sa), trafficOf(sa));
    await this.#tell();
  }

  /** Its last tunnel is gone. */
  async release(sa: ChildSa): Promise<void> {
    this.#traffic.delete(trafficKey(sa));
    await this.#tell();
  }

  /** What a person should know. */
  warnings(): string[] {
    const failed = this.#failure && `flow offloading: ${this.#failure}`;
    return [...(this.#isHardware ? [hardwareWarning] : []), ...(failed ? [failed] : [])];
  }

  async #tell(): Promise<void> {
    if (!this.#isOn) return;
    try {
      await this.parts.table.keepOut([...this.#traffic.values()].flat());
      this.#failure = undefined;
    } catch (error) {
      this.#failure = `connections in tunnels may pass by IPsec: ${String(error)}`;
      this.parts.log.error(this.#failure);
    }
  }
}

const trafficOf = (sa: ChildSa): TunnelTraffic[] =>
  [{ ours: sa.ours, theirs: sa.theirs }, ...(sa.furtherTraffic ?? [])].map(({ ours, theirs }) => ({
    ...{ ours: ours.prefix, theirs: theirs.prefix },
  }));
