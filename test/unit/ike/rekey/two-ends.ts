/** Two daemons with a tunnel between them, and what one wants to see of their rekeys. */

import type { RekeyResult, Tunnel } from '../../../../src/core/ike/daemon.js';
import type { IkeDaemonOptions } from '../../../../src/core/ike/ike-daemon.js';
import type { IkeSa } from '../../../../src/core/ike/ike-sa.js';
import { readMessage } from '../../../../src/core/ike/message.js';
import { findAll, type Payload } from '../../../../src/core/ike/payloads/payload.js';
import { notifyName } from '../../../../src/core/ike/registries/notifies.js';
import { type IkeEnd, type IkeWorld, twoEnds } from '../../../support/ike-end.js';
import { openCaptured, sasOf } from '../../../support/ike-peer.js';
import type { Captured } from '../../../support/memory-network.js';
import { assert } from '../../../support/test.js';

export interface Ends {
  world: IkeWorld;
  left: IkeEnd;
  right: IkeEnd;
  /** The same tunnel, as each end knows it. */
  ours: Tunnel;
  theirs: Tunnel;
}

export async function up(
  left: Partial<IkeDaemonOptions> = {},
  right: Partial<IkeDaemonOptions> = {},
): Promise<Ends> {
  const ends = await twoEnds(left, right);
  const result = await ends.world.until(ends.left.daemon.connect(ends.left.wish(ends.right)));
  if (!result.ok) throw new Error(result.failure.why);
  await ends.world.clock.advance(200);
  return { ...ends, ours: result.tunnel, theirs: ends.right.established[0]! };
}

/** One more tunnel between other hosts. */
export async function another({ world, left, right }: Ends, last = 10): Promise<Tunnel> {
  const wish = left.wish(right, { ours: `198.18.1.${last}`, theirs: `198.18.2.${last}` });
  const result = await world.until(left.daemon.connect(wish));
  if (!result.ok) throw new Error(result.failure.why);
  await world.clock.advance(200);
  return result.tunnel;
}

export const spiOf = (tunnel: Tunnel): number => tunnel.installed.sa.inbound.spi;

export const stateOf = (end: IkeEnd): string[] => sasOf(end).map(({ state }) => state);

/** IKE SAs that carry tunnels or may. */
export const standing = (end: IkeEnd): IkeSa[] =>
  sasOf(end).filter(({ state }) => state === 'ESTABLISHED');

/** Both ends have the same pairs with the same keys, one for each tunnel, and send with them. */
export function assertMirrored({ left, right, ours, theirs }: Ends, count = 1): void {
  assert.equal([left.installed.length, right.installed.length], [count, count], 'pairs');
  assert.equal([left.staged.size, right.staged.size], [0, 0], 'staged');
  const pairs = (end: IkeEnd, turned: boolean) =>
    end.installed
      .map(({ sa }) => (turned ? [sa.outbound, sa.inbound] : [sa.inbound, sa.outbound]))
      .sort(([a], [b]) => a!.spi - b!.spi);
  assert.equal(pairs(left, false), pairs(right, true), 'keys');
  assert.is(ours.installed.sa.inbound.spi, theirs.installed.sa.outbound.spi);
  assert.is(ours.installed.sa.outbound.spi, theirs.installed.sa.inbound.spi);
  assert.ok(left.installed.includes(ours.installed), 'ours is installed');
  assert.ok(right.installed.includes(theirs.installed), 'theirs is installed');
  assert.equal([left.ended, right.ended], [[], []], 'nothing ended');
  for (const end of [left, right])
    assert.not.ok(
      end.lines.some((line) => /^(error|warning)/.test(line)),
      end.lines.join('\n'),
    );
}

/** One IKE SA is left at each end, the same one, with all the tunnels. */
export function assertOneIkeSa({ left, right, ours, theirs }: Ends, tunnels = 1): void {
  const [one, ...more] = standing(left);
  const [other, ...others] = standing(right);
  assert.equal([more.length, others.length], [0, 0], 'others stand');
  assert.equal([one!.spiInitiator, one!.spiResponder], [other!.spiInitiator, other!.spiResponder]);
  assert.equal([one!.children.size, other!.children.size], [tunnels, tunnels], 'tunnels');
  assert.equal(ours.ike, theirs.ike);
}

/** Messages that `which` says are lost or late; each test says which. */
export function onWire(
  { world }: Ends,
  change: (packet: { from: string; exchange: number; isResponse: boolean; count: number }) => {
    loses?: boolean;
    delayMs?: number;
  },
): void {
  const seen = new Map<string, number>();
  const look = (packet: Captured | { from: { address: string }; bytes: Uint8Array }) => {
    const exchange = packet.bytes[18]!;
    const isResponse = (packet.bytes[19]! & 0x20) !== 0;
    const key = `${packet.from.address} ${exchange} ${isResponse}`;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return change({ from: packet.from.address, exchange, isResponse, count });
  };
  world.network.path.loses = (packet) => {
    const { loses = false, delayMs } = look(packet);
    world.network.path.delayMs = delayMs ?? 10;
    return loses;
  };
}

/** What both ends asked and answered since: `left 36? REKEY_SA`, by notifies and deletes. */
export function story(ends: Ends, from: number): string[] {
  const keyed = [ends.left, ends.right].flatMap(sasOf);
  return ends.world.network.captured.slice(from).map((packet) => {
    const read = readMessage(packet.bytes);
    if (!read.ok) throw new Error(read.error);
    const { head } = read.value;
    const sa = keyed.find((one) => String(one.spiInitiator) === String(head.spiInitiator));
    const who = packet.from.address === ends.left.address ? 'left' : 'right';
    const payloads = sa?.keys ? openCaptured(sa, packet) : [];
    return [`${who} ${head.exchange}${head.isResponse ? '!' : '?'}`, ...words(payloads)].join(' ');
  });
}

const words = (payloads: readonly Payload[]): string[] => [
  ...findAll(payloads, 'N').map(({ type }) => notifyName(type)),
  ...findAll(payloads, 'D').map(({ protocol, spis }) => `D${protocol}x${spis.length}`),
];

export const failed = (result: RekeyResult): string => (result.ok ? '' : result.why);
