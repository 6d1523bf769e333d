/** Runs the proofs in gwa's namespace: see kernel-proof.mjs. */

import type { HeldPacket, HoldRules, KernelEvents } from '../../../src/core/kernel/kernel.js';
import { createLinuxKernel, type LinuxKernel } from '../../../src/core/kernel/linux-kernel.js';
import { createLogger } from '../../../src/core/log.js';
import { SocketNetwork } from '../../../src/core/net/socket-network.js';
import { briefly, proofs } from './proofs.js';
import { buildSite, platform } from './site.js';
import { type Proof, tooSlow } from './stage.js';

export const rules: HoldRules = {
  wans: [{ name: 'wan', device: 'wan', index: 0 }],
  exemptDestinations: [],
  heldDestinations: [],
  nameServers: [],
  rejectsDenied: true,
};

/** What the kernel room reported; proofs replace `onHeld`. */
export class Witness implements KernelEvents {
  onHeld: (packet: HeldPacket) => void = (packet) => packet.drop();
  readonly seen: string[] = [];
  held(packet: HeldPacket): void {
    this.seen.push(`held ${packet.source} ${packet.destination} ${packet.protocol}`);
    this.onHeld(packet);
  }
  taken(): boolean {
    return false;
  }
  flowSeen(): void {}
  expired(sa: { reqid: number }, kind: string): void {
    this.seen.push(`expired ${sa.reqid} ${kind}`);
  }
  acquire(source: string, destination: string): void {
    this.seen.push(`acquire ${source} ${destination}`);
  }
  addressesChanged(): void {
    this.seen.push('addressesChanged');
  }
  cacheLost(): void {
    this.seen.push('cacheLost');
  }
  failed(reason: string): void {
    this.seen.push(`failed ${reason}`);
  }
}

async function main(): Promise<void> {
  const isVerbose = platform.environment('VERBOSE') !== undefined;
  const log = createLogger(platform.log, () => (isVerbose ? 'debug' : 'info'), 'kernel');
  await buildSite();
  const network = new SocketNetwork(platform);
  const settings = { markBit: 0x20000000, firstQueue: 4500, firstReqid: 0x41490000 };
  const kernel: LinuxKernel = createLinuxKernel({ ...platform, network, log, settings });
  const witness = new Witness();
  const started = Date.now();
  const missing = await kernel.missingParts();
  console.log(`# missing: ${JSON.stringify(missing)} (${Date.now() - started} ms)`);
  await kernel.start(rules, witness);
  const parts = platform.argv.includes('--brief') ? briefly : platform.argv;
  let failures = 0;
  for (const [name, proof] of Object.entries<Proof>(proofs)) {
    if (parts.length > 0 && !parts.some((part) => name.includes(part))) continue;
    witness.seen.length = 0;
    const at = Date.now();
    try {
      const note = await proof({ kernel, witness, rules });
      if (note === tooSlow) console.log(`skip ${name} # the machine is too busy to prove it`);
      else console.log(`ok ${name}\n# ${Date.now() - at} ms ${note ?? ''}`);
    } catch (error) {
      failures++;
      const lines = [(error as Error).message, ...witness.seen].join('\n').split('\n');
      console.log(`not ok ${name}\n# ${lines.join('\n# ')}`);
    }
  }
  platform.exit(failures === 0 ? 0 : 1);
}

main().catch((error) => {
  console.error(error);
  platform.exit(2);
});
