/**
 * Software flow offloading (`option flow_offloading` of fw4) sends the packets of a connection on from
 * where they come in. For one that is translated it keeps the route from before the translation, on which
 * no IPsec policy for the translated address lies: behind its first packets the connection goes out in
 * clear, by every rule of ours (seen with Linux 6.1). There is no way for us to keep a connection out of it.
 */
import { fromUtf8 } from '../core/bytes/text.js';
import type { Logger } from '../core/log.js';
import type { Processes } from '../core/platform/platform.js';

const warning =
  'flow offloading is on in this router: connections that it translates (masquerading) pass by IPsec and go out in clear; switch flow_offloading off in /etc/config/firewall';

export class FlowOffloading {
  #isOn = false;

  constructor(private readonly parts: { processes: Pick<Processes, 'run'>; log: Logger }) {}

  /** Looks now; the log is told when it came to be on. */
  async look(): Promise<void> {
    const wasOn = this.#isOn;
    try {
      const listed = await this.parts.processes.run(['nft', 'list', 'flowtables']);
      this.#isOn = /^\s*flowtable /m.test(fromUtf8(listed.output));
    } catch {
      return; // without nft nothing else works either
    }
    if (this.#isOn && !wasOn) this.parts.log.warning(warning);
  }

  warnings(): string[] {
    return this.#isOn ? [warning] : [];
  }
}
