/** What both kinds of rekey do about an answer that is not the last word. */
import type { IkeContext } from '../context.js';
import type { DhGroup } from '../crypto/dh.js';
import { dhGroupById } from '../crypto/dh-groups.js';
import { findNotify, type Payload } from '../payloads/payload.js';
import { NotifyType } from '../registries/notifies.js';

/** What stands in the way of a rekey is over soon; after the last one the soft limit's owner decides. */
const MOST_RETRIES = 5;
const FIRST_PAUSE_MS = 1000;

/** §2.25: pause after the n-th TEMPORARY_FAILURE (from 1), random so that two ends get out of step. */
export function retryPauseMs(ctx: IkeContext, refusals: number): number | undefined {
  if (refusals > MOST_RETRIES) return undefined;
  const pause = FIRST_PAUSE_MS * 2 ** (refusals - 1);
  return Math.floor(pause * (1 + ctx.random(1)[0]! / 256));
}

/** INVALID_KE_PAYLOAD (§1.3): the group that the peer would take, if we do too. */
export function wantedGroup(ctx: IkeContext, payloads: readonly Payload[]): DhGroup | undefined {
  const data = findNotify(payloads, NotifyType.INVALID_KE_PAYLOAD)?.data;
  const group = data?.length === 2 ? dhGroupById(data[0]! * 256 + data[1]!) : undefined;
  return group && ctx.preferences.groups.includes(group) ? group : undefined;
}
