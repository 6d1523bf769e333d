/**
 * Packets of one connection that wait for its verdict. Of each flow (addresses, protocol, ports) the
 * first and the last packet are kept (OE-12, OE-14); what comes between is dropped, as the sender
 * would repeat it anyway. The draft keeps two for the whole pair; we keep two for each flow, because
 * a browser opens six connections at once and each dropped SYN would cost it a second.
 */
import type { HeldPacket } from '../kernel/kernel.js';

/** Flows of one connection that are waited for at most; a flow above it is dropped at once. */
export const maxHeldFlows = 64;

const flowOf = (packet: HeldPacket): string =>
  [packet.source, packet.protocol, packet.sourcePort, packet.destinationPort].join(' ');

interface HeldFlow {
  first: HeldPacket;
  last?: HeldPacket;
}

export class HeldPackets {
  // A Map keeps the order in which the flows began, and the packets go out in it.
  private readonly flows = new Map<string, HeldFlow>();

  add(packet: HeldPacket): void {
    const flow = this.flows.get(flowOf(packet));
    if (flow) {
      flow.last?.drop();
      flow.last = packet;
    } else if (this.flows.size >= maxHeldFlows) packet.drop();
    else this.flows.set(flowOf(packet), { first: packet });
  }

  get size(): number {
    return [...this.flows.values()].reduce((sum, flow) => sum + (flow.last ? 2 : 1), 0);
  }

  dropAll(): void {
    this.settle(() => false);
  }

  /** Releases the packets that `passes` says, drops the others. */
  settle(passes: (packet: HeldPacket) => boolean): void {
    for (const packet of this.takeAll())
      if (passes(packet)) packet.release();
      else packet.drop();
  }

  /** All packets, still without a verdict: the caller's from now on. */
  takeAll(): HeldPacket[] {
    const flows = [...this.flows.values()];
    this.flows.clear();
    const lasts = flows.flatMap((flow) => (flow.last ? [flow.last] : []));
    return [...flows.map((flow) => flow.first), ...lasts];
  }
}
