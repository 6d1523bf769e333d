/** Changes what one end of an IKE SA says, under its own seal: a peer that misbehaves. */
import { readMessage } from '../../src/core/ike/message.js';
import type { Payload } from '../../src/core/ike/payloads/payload.js';
import { sealMessage } from '../../src/core/ike/protect.js';
import type { IkeEnd } from './ike-end.js';
import { openCaptured, sasOf } from './ike-peer.js';
import type { Captured, MemoryNetwork } from './memory-network.js';

/** From now on each payload of `end`'s messages of this exchange becomes what `change` gives. */
export function rewritePayloads(
  end: Pick<IkeEnd, 'daemon' | 'address'> & { world: { network: MemoryNetwork } },
  exchange: number,
  change: (payload: Payload) => Payload[],
): void {
  end.world.network.path.rewrites = (packet) => {
    if (packet.from.address !== end.address || packet.bytes[18] !== exchange) return packet;
    const sa = sasOf(end as IkeEnd)[0]!;
    const read = readMessage(packet.bytes);
    if (!read.ok) throw new Error(read.error);
    const payloads = openCaptured(sa, packet as Captured).flatMap(change);
    return { ...packet, bytes: sealMessage(read.value.head, payloads, sa.sealer!) };
  };
}
