/**
 * Taking over the IKE SAs of an earlier run. What was out is sent again byte for byte; what can not be
 * gone on with (a tunnel that the kernel has lost, one that was asked for and not agreed yet) is
 * deleted with a word to the peer.
 */
import { equal } from '../../bytes/bytes.js';
import { toHex } from '../../bytes/hex.js';
import type { ChildSa, InstalledSa } from '../../kernel/child-sa.js';
import type { StateFiles } from '../../platform/state-files.js';
import { watchAge } from '../age.js';
import type { Child } from '../child.js';
import { activate, tunnelOf } from '../child-life.js';
import type { IkeContext } from '../context.js';
import type { Tunnel } from '../daemon.js';
import {
  answeredTooLate,
  deleteChild,
  deleteSa,
  deleteSpi,
  idleWatch,
  peerIsDead,
} from '../exchanges/informational.js';
import { resumeRekey } from '../exchanges/rekey-sa-initiator.js';
import type { IkeSa } from '../ike-sa.js';
import { watchPeer } from '../liveness.js';
import { find } from '../payloads/payload.js';
import { Exchange } from '../registries/exchanges.js';
import type { Request, SavedRequest } from '../request-window.js';
import { adoptSa, endSa, enter } from '../sa-life.js';
import { untilPeerIsDead } from '../schedule.js';
import { childFile, childPrefix, saFile, saPrefix } from './sa-keeper.js';
import {
  childSaIn,
  fillSa,
  type SavedChild,
  type SavedSa,
  savedChild,
  savedSa,
} from './saved-sa.js';

/** One IKE SA as the files have it. */
interface SavedIke {
  sa: SavedSa;
  children: SavedChild[];
  /** Inbound SPIs without a file: the disk was full. */
  lost: number[];
  /** Ours to delete: another one has its place. */
  isReplaced: boolean;
}

/** Gives what the kernel has of these, in the same order. */
export type Adopt = (
  children: readonly ChildSa[],
  /** Of these, those without an outbound state. */
  staged: readonly ChildSa[],
) => Promise<readonly (InstalledSa | undefined)[]>;

const keyOf = (name: string, prefix: string) => name.slice(prefix.length);

/** Reads the files; those that make no sense, and Child SAs without an IKE SA, are removed. */
function readSaved(ctx: IkeContext, files: StateFiles): SavedIke[] {
  const children = files.readAll(childPrefix);
  const saved: SavedIke[] = [];
  for (const [name, value] of files.readAll(saPrefix)) {
    try {
      const sa = savedSa(value, 'sa');
      if (toHex(sa.spiOwn) !== keyOf(name, saPrefix)) throw new Error('sa.spiOwn: another name');
      const found: SavedChild[] = [];
      const lost: number[] = [];
      for (const spi of sa.children) {
        const file = childFile(sa.spiOwn, spi);
        if (children.has(file)) found.push(savedChild(children.get(file), 'child'));
        else lost.push(spi);
        children.delete(file);
      }
      saved.push({ sa, children: found, lost, isReplaced: false });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      ctx.log.warning(`state file ${name} is not used: ${why}`);
      files.remove(name);
    }
  }
  for (const name of children.keys()) files.remove(name);
  return untangle(files, saved);
}

/**
 * Killed in the middle of a rekey of the IKE SA, both name the same tunnels. One that the peer asked for
 * was not told to it then, and is forgotten; one that we asked for is what the peer has.
 */
function untangle(files: StateFiles, all: readonly SavedIke[]): SavedIke[] {
  // Its answer was taken: to take it twice would make the same keys twice, and count IVs anew
  const isThere = (spi: Uint8Array) => all.some(({ sa }) => equal(sa.spiOwn, spi));
  for (const request of all.flatMap(({ sa }) => sa.requests.out))
    if (request.rekey && isThere(request.rekey.spiOwn)) request.rekey = undefined;
  const forgotten = new Set<SavedIke>();
  for (const heir of all) {
    const { replaces, role, spiOwn } = heir.sa;
    const old = replaces && all.find(({ sa }) => equal(sa.spiOwn, replaces));
    if (!old) continue;
    const isHeirs = (spi: number) => heir.sa.children.includes(spi);
    if (role === 'initiator') {
      old.isReplaced = heir.sa.children.length > 0;
      old.children = old.children.filter(({ sa }) => !isHeirs(sa.inbound.spi));
      old.lost = old.lost.filter((spi) => !isHeirs(spi));
    } else if (old.sa.children.some(isHeirs)) {
      forgotten.add(heir);
      for (const spi of heir.sa.children) files.remove(childFile(spiOwn, spi));
      files.remove(saFile(spiOwn));
    }
  }
  return all.filter((each) => !forgotten.has(each));
}

/** What follows the answer to a request of an earlier run. */
function requestOf(ctx: IkeContext, sa: IkeSa, saved: SavedRequest): Request {
  const { exchange, isLast, datagrams, offeredSpi, rekey } = saved;
  if (rekey && sa.state === 'ESTABLISHED')
    return { ...resumeRekey(ctx, sa, rekey), build: () => ({ datagrams }) };
  const ended = () => void endSa(ctx, sa, 'deleted by us', 'its delete is through');
  return {
    exchange,
    isLast,
    schedule: untilPeerIsDead,
    build: () => ({ datagrams }),
    answered(payloads) {
      if (exchange === Exchange.IKE_AUTH) answeredTooLate(ctx, sa, payloads);
      else if (isLast) ended();
      // Its keys went with the earlier run; the peer shall not wait for a tunnel that is not there.
      else if (!find(payloads, 'SA')) return;
      else if (offeredSpi !== undefined) deleteSpi(ctx, sa, offeredSpi);
      // The peer has the tunnels in an IKE SA now whose keys are lost.
      else if (find(payloads, 'KE')) void deleteSa(ctx, sa, 'its rekey was lost');
    },
    gaveUp: () => (isLast ? ended() : peerIsDead(ctx, sa)),
    ...(offeredSpi === undefined ? {} : { offeredSpi: () => offeredSpi }),
  };
}

function adoptChild(
  ctx: IkeContext,
  sa: IkeSa,
  { role, sinceMs }: SavedChild,
  installed: InstalledSa,
  isStaged: boolean,
): Tunnel {
  const child: Child = {
    ...{ state: 'UP', ike: sa, role, sinceMs, sa: installed.sa, installed, isStaged },
    ...{ tunnel: undefined, heir: undefined, replaces: undefined },
    ...{ rival: undefined, timer: undefined, isTwin: false },
    nonce: new Uint8Array(0),
    packets: { packetsIn: 0, packetsOut: 0 },
    unanswered: undefined,
  };
  child.tunnel = tunnelOf(ctx, child, installed);
  sa.children.add(child);
  return child.tunnel;
}

/** Tunnels that nobody would renew or end. */
function removeAll(
  ctx: IkeContext,
  children: readonly SavedChild[],
  installed: ReadonlyMap<SavedChild, InstalledSa | undefined>,
): void {
  for (const child of children) {
    const found = installed.get(child);
    const failed = (error: unknown) => ctx.log.error(`a tunnel is not removed: ${String(error)}`);
    if (found) void ctx.owner.remove(found, false).catch(failed);
  }
}

/** What is left to do once messages can be sent. */
type Resume = () => void;

function adoptIke(
  ctx: IkeContext,
  saved: SavedIke,
  installed: ReadonlyMap<SavedChild, InstalledSa | undefined>,
): { tunnels: Tunnel[]; resume: Resume } {
  const { role, spiOwn, path, requests, responses, leaving } = saved.sa;
  const sa = adoptSa(ctx, role, spiOwn, path);
  fillSa(sa, saved.sa, ctx.random);
  sa.responses.restore(responses);
  sa.requests.restore(requests, (each) => requestOf(ctx, sa, each));
  const lost = [...saved.lost];
  const tunnels: Tunnel[] = [];
  for (const child of saved.children) {
    const found = installed.get(child);
    const isStaged = saved.sa.staged.includes(child.sa.inbound.spi);
    if (found) tunnels.push(adoptChild(ctx, sa, child, found, isStaged));
    else lost.push(child.sa.inbound.spi);
  }
  ctx.sas.add(sa);
  ctx.keeper.adopted(sa, saved.sa.children);
  ctx.keeper.changed(sa);
  const resume = () => {
    if (saved.sa.isEnding) {
      // It lingers, and answers repetitions of the request that ended it
      void endSa(ctx, sa, 'deleted by peer', 'it was ending');
      return;
    }
    if (sa.state === 'AUTH_SENT') enter(ctx, sa, 'DELETING', 'its wish was lost in a restart');
    sa.requests.resume();
    if (saved.sa.state === 'AUTH_SENT') return;
    if (sa.state === 'DELETING' && !requests.out.some(({ isLast }) => isLast)) {
      // Killed between the decision and the delete itself
      sa.state = 'ESTABLISHED';
      void deleteSa(ctx, sa, 'it was being deleted');
      return;
    }
    if (saved.isReplaced) {
      void deleteSa(ctx, sa, 'it is rekeyed');
      return;
    }
    for (const spi of lost) deleteSpi(ctx, sa, spi);
    for (const child of [...sa.children])
      if (leaving.includes(child.sa.inbound.spi)) void deleteChild(ctx, child, 'deleted by us');
    for (const child of sa.children) void activate(ctx, child);
    watchPeer(ctx, sa);
    watchAge(ctx, sa);
    idleWatch(ctx, sa);
  };
  return { tunnels, resume };
}

/**
 * Takes over all that can be. Gives the tunnels that stand, and what is to be done once messages can
 * be sent.
 */
export async function restoreAll(
  ctx: IkeContext,
  files: StateFiles,
  adopt: Adopt,
): Promise<{ tunnels: Tunnel[]; resume: Resume }> {
  const all = readSaved(ctx, files);
  // The youngest of several for the same traffic has the policies
  const children = all.flatMap((each) => each.children).sort((a, b) => a.sinceMs - b.sinceMs);
  const sas = children.map(childSaIn);
  const staged = new Set(all.flatMap(({ sa }) => sa.staged));
  const found = await adopt(
    sas,
    sas.filter(({ inbound }) => staged.has(inbound.spi)),
  );
  const installed = new Map(children.map((child, at) => [child, found[at]]));
  const tunnels: Tunnel[] = [];
  const resumes: Resume[] = [];
  const removals: Resume[] = [];
  for (const saved of all) {
    try {
      const adopted = adoptIke(ctx, saved, installed);
      const { leaving } = saved.sa;
      const stays = ({ installed: { sa } }: Tunnel) => !leaving.includes(sa.inbound.spi);
      if (saved.sa.state === 'ESTABLISHED' && !saved.sa.isEnding)
        tunnels.push(...adopted.tunnels.filter(stays));
      resumes.push(adopted.resume);
    } catch (error) {
      ctx.log.warning(`an IKE SA is not taken over: ${String(error)}`);
      files.remove(saFile(saved.sa.spiOwn));
      removals.push(() => removeAll(ctx, saved.children, installed));
    }
  }
  if (all.length > 0)
    ctx.log.info(`${resumes.length} IKE SAs with ${tunnels.length} tunnels taken over`);
  const resume = () => {
    for (const each of [...removals, ...resumes]) each();
  };
  return { tunnels, resume };
}
