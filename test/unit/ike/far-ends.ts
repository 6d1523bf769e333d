/** Two ends that have a lot to say to each other at once, and what one sees of it on the wire. */

import type { IkeDaemonOptions } from '../../../src/core/ike/ike-daemon.js';
import { readMessage } from '../../../src/core/ike/message.js';
import type { Payload } from '../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import type { EspSa } from '../../../src/core/kernel/child-sa.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../support/ike-end.js';
import { sasOf, speakFor } from '../../support/ike-peer.js';
import { assert } from '../../support/test.js';

export interface Ends {
  world: IkeWorld;
  left: IkeEnd;
  right: IkeEnd;
}

/** 20 ms apart, and the owner of the right one takes 50 ms for each question. */
export async function farEnds(
  left: Partial<IkeDaemonOptions> = {},
  right: Partial<IkeDaemonOptions> = {},
): Promise<Ends> {
  const ends = await twoEnds(left, right);
  ends.world.network.path.delayMs = 20;
  const afterAWhile = <T>(value: T): Promise<T> =>
    new Promise((resolve) => void ends.world.clock.after(50, () => resolve(value)));
  const { keysFor } = ends.right;
  ends.right.keysFor = (claim) => afterAWhile(undefined).then(() => keysFor(claim));
  ends.right.authorize = () => afterAWhile({ ok: true });
  return ends;
}

const hosts = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `10.2.0.${i + 1}`);

/** Wishes for as many pairs at once; the results. */
export const wishFor = ({ left, right }: Ends, count: number, patienceMs = 20_000) =>
  Promise.all(
    hosts(count).map((theirs) => left.daemon.connect(left.wish(right, { theirs, patienceMs }))),
  );

/** The most CREATE_CHILD_SA requests that were out at once, as one sees them on the wire. */
export function mostAtOnce({ world }: Ends): number {
  const out = new Set<number>();
  let most = 0;
  for (const { bytes } of world.network.captured) {
    const read = readMessage(bytes);
    if (!read.ok || read.value.head.exchange !== Exchange.CREATE_CHILD_SA) continue;
    const { messageId, isResponse } = read.value.head;
    if (isResponse) out.delete(messageId);
    else out.add(messageId);
    most = Math.max(most, out.size);
  }
  return most;
}

/** Both ends have the same tunnels, one for each of `count` pairs, with the same keys. */
export function assertMirrored({ left, right }: Ends, count: number): void {
  const bySpi = (one: EspSa, other: EspSa) => one.spi - other.spi;
  assert.equal([left.installed.length, right.installed.length], [count, count]);
  assert.equal(
    left.installed.map(({ sa }) => sa.inbound).sort(bySpi),
    right.installed.map(({ sa }) => sa.outbound).sort(bySpi),
  );
  assert.equal(
    left.installed.map(({ sa }) => `${sa.theirs.prefix.address} ${sa.outbound.spi}`).sort(),
    right.installed.map(({ sa }) => `${sa.ours.prefix.address} ${sa.inbound.spi}`).sort(),
  );
  assert.is(new Set(right.installed.map(({ sa }) => sa.ours.prefix.address)).size, count);
}

/** An established IKE SA, and what `left` says in it as the next message. */
export async function up(
  left: Partial<IkeDaemonOptions> = {},
  right: Partial<IkeDaemonOptions> = {},
) {
  const ends = await farEnds(left, right);
  const { world } = ends;
  assert.ok((await world.until(ends.left.daemon.connect(ends.left.wish(ends.right)))).ok);
  await world.clock.advance(100);
  const say = (
    messageId: number,
    payloads: readonly Payload[] = [],
    exchange = Exchange.INFORMATIONAL,
  ) => speakFor(ends.left, sasOf(ends.left)[0]!, { exchange, messageId, payloads });
  return { ...ends, say };
}
