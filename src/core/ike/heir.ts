/**
 * One IKE SA in the place of another (RFC 7296 §1.3.2, §2.8, §2.18): the new one is made within the
 * old one, is between the same proven peers, counts its messages from 0, and has the tunnels from then
 * on.
 */
import { watchAge } from './age.js';
import { ikeOf } from './child-life.js';
import { lowerNonce } from './collisions.js';
import type { IkeContext } from './context.js';
import { deriveRekeyedKeys } from './crypto/keymat.js';
import { deleteSa, idleWatch, tellWindow } from './exchanges/informational.js';
import { type IkeSa, latest, type Role } from './ike-sa.js';
import { watchPeer } from './liveness.js';
import type { IkeSuite } from './proposals/choose.js';
import { adoptSa, createSa, enter } from './sa-life.js';

/** Known to nobody yet; its SPI is in the rekey request or in the answer. */
export function createHeir(
  ctx: IkeContext,
  old: IkeSa,
  role: Role,
  /** Of a request that an earlier run has sent. */
  spiOwn?: Uint8Array,
): IkeSa {
  const sa = spiOwn ? adoptSa(ctx, role, spiOwn, old.path) : createSa(ctx, role, old.path);
  sa.replaces = old;
  sa.peer = old.peer;
  sa.nat = { ...old.nat };
  sa.ownIdentity = old.ownIdentity;
  sa.establishedMs = old.establishedMs;
  sa.fragmentSizes = old.fragmentSizes;
  sa.isAlone = old.isAlone;
  for (const [name, fact] of old.facts) sa.facts.set(name, fact);
  return sa;
}

/** What the rekey settles. */
export interface HeirTerms {
  suite: IkeSuite;
  /** 8 bytes, not zero. */
  spiPeer: Uint8Array;
  shared: Uint8Array;
  ni: Uint8Array;
  nr: Uint8Array;
}

/** It stands, beside the old one. */
export function establishHeir(ctx: IkeContext, sa: IkeSa, old: IkeSa, terms: HeirTerms): void {
  const { suite, spiPeer, shared, ni, nr } = terms;
  const { prf, cipher } = suite;
  sa.spiPeer = spiPeer;
  const { spiInitiator, spiResponder } = sa;
  const input = { prf, cipher, shared, ni, nr, spiInitiator, spiResponder };
  const keys = deriveRekeyedKeys(input, { prf: old.suite!.prf, skD: old.keys!.skD });
  sa.takeKeys(suite, keys, ctx.random);
  sa.nonce = lowerNonce(ni, nr);
  sa.heardMs = ctx.clock.monotonicMs();
  sa.responses.open(ctx.limits.window);
  ctx.sas.add(sa);
  enter(ctx, sa, 'ESTABLISHED', `takes the place of ${old.name}`);
  // Should nobody want it after all.
  idleWatch(ctx, sa);
}

/** Tunnels and wishes of the old one go over. Who has started the rekey deletes the old one. */
export function inherit(ctx: IkeContext, old: IkeSa, made: IkeSa): void {
  const heir = latest(made);
  enter(ctx, old, 'REKEYED', `${heir.name} takes its place`);
  old.heir = heir;
  for (const child of old.children) {
    child.ike = heir;
    heir.children.add(child);
    if (child.tunnel) child.tunnel.ike = ikeOf(heir);
  }
  old.children.clear();
  heir.holds += old.holds;
  old.holds = 0;
  ctx.keeper.save(heir);
  ctx.keeper.changed(old);
  old.waiting.length = 0;
  ctx.doubt(old);
  ctx.log.info(`IKE SA rekeyed: ${heir.name}, ${heir.children.size} tunnels`);
  watchPeer(ctx, heir);
  watchAge(ctx, heir);
  if (heir.role === 'initiator') tellWindow(ctx, heir);
}

/** The end that has made the heir deletes the old one after a round trip; later it has forgotten. */
const OLD_STAYS_MS = 60_000;

/** To be called when the peer's heir has taken the place: should its delete not come, ours goes. */
export function leaveToPeer(ctx: IkeContext, old: IkeSa): void {
  old.timers.set('leave', OLD_STAYS_MS, () => void deleteSa(ctx, old, 'it is rekeyed'));
}
