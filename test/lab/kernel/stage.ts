/** What proofs have in common: the stage, checks, and a decision as `policy` would make it. */
import type { HeldPacket, HoldRules, Verdict } from '../../../src/core/kernel/kernel.js';
import type { LinuxKernel } from '../../../src/core/kernel/linux-kernel.js';
import type { IpAddress, IpFamily } from '../../../src/core/net/address.js';
import type { Witness } from './driver.js';
import { addresses, sleep } from './site.js';
import { childSa, installAtPeer } from './tunnel.js';

export interface Stage {
  kernel: LinuxKernel;
  witness: Witness;
  rules: HoldRules;
}
export type Proof = (stage: Stage) => Promise<string | undefined>;

/** How long a decision takes in the proofs: longer than a local trip; the kernel's part of it comes on top. */
const decisionMs = 150;

/** TCP repeats a SYN after a second. A decision that took this long on a busy machine proves nothing. */
export const patienceMs = 900;

let nextBob = 20;
/** Number of an address of bob that no proof has used. */
export const freshBob = (): number => nextBob++;
/** From the first held packet to its release, and the packets that waited. */
export const lastDecision = { tookMs: 0, waited: 0 };

/** A note instead of a proof. */
export const tooSlow = 'SLOW';

export function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

export const isClear = (line: string): boolean =>
  !/ESP\(spi|ARP|neighbor|router (solicitation|advertisement)|MLD|multicast listener/i.test(line);

/** Decides once per destination, as `policy` would: tunnel or verdict, note it, let all go. */
export function decideOnce({ kernel, witness }: Stage, family: IpFamily, verdict: Verdict): void {
  const waiting = new Map<string, HeldPacket[]>();
  witness.onHeld = (packet) => {
    const key = packet.destination;
    const known = waiting.get(key);
    if (known) {
      known.push(packet);
      return;
    }
    waiting.set(key, [packet]);
    const heldAt = Date.now();
    void (async () => {
      await sleep(decisionMs);
      const source = await kernel.translate(packet);
      witness.seen.push(`translated to ${source}`);
      if (verdict === 'encrypt') await tunnelFor(kernel, family, source, packet.destination);
      // Released before the cache answers: else later packets would overtake the held ones.
      const settle = (each: HeldPacket) => (verdict === 'deny' ? each.drop() : each.release());
      const remembered = kernel.remember({
        ...pairOf(packet, source),
        verdict,
        lifespanSeconds: 60,
      });
      const held = waiting.get(key) ?? [];
      for (const each of held) settle(each);
      waiting.set(key, { push: settle } as never);
      Object.assign(lastDecision, { tookMs: Date.now() - heldAt, waited: held.length });
      await remembered;
    })().catch((error) => witness.seen.push(`decision failed: ${error}`));
  };
}

export const pairOf = (packet: HeldPacket, translatedSource: IpAddress) => ({
  wan: 'wan',
  source: packet.source,
  destination: packet.destination,
  translatedSource,
});

async function tunnelFor(
  kernel: LinuxKernel,
  family: IpFamily,
  source: IpAddress,
  destination: IpAddress,
) {
  const { gwa, gwb } = addresses[family];
  const sa = childSa({ local: gwa, remote: gwb, ours: source, theirs: destination });
  await installAtPeer(sa);
  return kernel.install(sa);
}
