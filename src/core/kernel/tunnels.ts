/**
 * Our tunnels in the SAD and SPD. Several may carry the same traffic for a while (a new one beside
 * the old one, two ends that started at once): states stand side by side, policies there are once,
 * and they belong to the tunnel that came last. When that one goes, they fall back to the one before.
 */
import type { Logger } from '../log.js';
import type { IpAddress } from '../net/address.js';
import type { ChildSa, InstalledSa } from './child-sa.js';
import type { FlowOffloading } from './flow-offloading.js';
import type { IpCoprocess } from './ip-coprocess.js';
import type { Reqids } from './reqids.js';
import {
  addInbound,
  addOutbound,
  addStates,
  deleteOutbound,
  deletePolicies,
  deleteStates,
  type IpCommand,
  policyDirections,
  type Step,
  trafficKey,
  tunnelKey,
  writePolicies,
} from './xfrm-commands.js';
import type { XfrmState } from './xfrm-text.js';

/** The kernel had dropped it already. */
const isGone = (error: string): boolean => /No such (process|file or directory)/.test(error);

export interface TunnelsParts {
  ip: IpCoprocess;
  reqids: Reqids;
  log: Logger;
  /** Where there is netfilter. */
  offloading?: Pick<FlowOffloading, 'add' | 'release'>;
}

export class Tunnels {
  readonly #ip: IpCoprocess;
  readonly #reqids: Reqids;
  readonly #log: Logger;
  readonly #offloading: TunnelsParts['offloading'];
  /** Tunnels of the same traffic, the last one owns the policies. */
  readonly #byTraffic = new Map<string, InstalledSa[]>();
  /** Those without an outbound state yet. */
  readonly #staged = new WeakSet<InstalledSa>();
  /** Those that lost it again; never to be made anew, for it would count from zero. */
  readonly #silent = new WeakSet<InstalledSa>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: TunnelsParts) {
    this.#ip = parts.ip;
    this.#offloading = parts.offloading;
    this.#reqids = parts.reqids;
    this.#log = parts.log;
  }

  install(sa: ChildSa): Promise<InstalledSa> {
    return this.#inTurn(() => this.#install(sa));
  }

  /** See `Kernel.stage`. Where the policies are not those of the old tunnel, there is nothing to wait for. */
  stage(sa: ChildSa): Promise<InstalledSa> {
    return this.#inTurn(() => this.#stage(sa));
  }

  activate(installed: InstalledSa): Promise<void> {
    return this.#inTurn(() => this.#activate(installed));
  }

  /** See `Kernel.stopSending`. */
  stopSending(installed: InstalledSa): Promise<void> {
    return this.#inTurn(() => this.#stopSending(installed));
  }

  remove(installed: InstalledSa): Promise<void> {
    return this.#inTurn(() => this.#remove(installed));
  }

  /**
   * Takes over tunnels of an earlier run, the oldest first, where both states are in the kernel. States
   * stay as they are: to make them anew would count their sequence numbers from zero. Policies are
   * written again, in case that the run ended between the two.
   */
  adopt(
    children: readonly ChildSa[],
    states: readonly XfrmState[],
    staged: readonly ChildSa[] = [],
  ) {
    return this.#inTurn(() => this.#adopt(children, states, staged));
  }

  /** The same once more: every route that the kernel remembers is looked up anew. */
  rewritePolicies(): Promise<void> {
    return this.#inTurn(() => this.#rewritePolicies());
  }

  /** Request IDs in the policies of our tunnels. */
  policyReqids(): Set<number> {
    return new Set([...this.#byTraffic.values()].map((tunnels) => tunnels.at(-1)!.reqid));
  }

  /** The tunnel with this state; a state is named by its destination and SPI. */
  withState(destination: IpAddress, spi: number): InstalledSa | undefined {
    for (const tunnels of this.#byTraffic.values())
      for (const tunnel of tunnels) {
        const { local, remote, inbound, outbound } = tunnel.sa;
        if (local === destination && inbound.spi === spi) return tunnel;
        if (remote === destination && outbound.spi === spi) return tunnel;
      }
    return undefined;
  }

  /** Forgets all; the kernel's part was cleared by other means. */
  clear(): void {
    for (const tunnel of [...this.#byTraffic.values()].flat())
      this.#reqids.release(tunnelKey(tunnel.sa));
    this.#byTraffic.clear();
  }

  /** One at a time: what is to be done depends on what is there. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #install(sa: ChildSa): Promise<InstalledSa> {
    const traffic = trafficKey(sa);
    const others = this.#byTraffic.get(traffic) ?? [];
    const reqid = this.#reqids.take(tunnelKey(sa));
    if (others.length === 0) await this.#offloading?.add(sa);
    const steps = [...addStates(sa, reqid), ...policySteps(sa, reqid, others.at(-1))];
    const result = await this.#ip.run(steps.map((step) => step.command));
    if (!result.ok) {
      await this.#undo(steps.slice(0, result.done));
      this.#reqids.release(tunnelKey(sa));
      if (others.length === 0) await this.#offloading?.release(sa);
      throw new Error(result.error);
    }
    const installed: InstalledSa = { reqid, sa };
    this.#byTraffic.set(traffic, [...others, installed]);
    return installed;
  }

  async #adopt(
    children: readonly ChildSa[],
    states: readonly XfrmState[],
    staged: readonly ChildSa[],
  ): Promise<(InstalledSa | undefined)[]> {
    const adopted = children.map((sa) => this.#adoptOne(sa, states, staged.includes(sa)));
    for (const each of adopted) if (each) await this.#offloading?.add(each.sa);
    await this.#rewritePolicies();
    return adopted;
  }

  async #rewritePolicies(): Promise<void> {
    const owners = [...this.#byTraffic.values()].map((tunnels) => tunnels.at(-1)!);
    const commands = owners.flatMap(({ sa, reqid }) =>
      policyDirections(sa).flatMap((direction) => writePolicies('update', direction, sa, reqid)),
    );
    for (const error of await this.#ip.runEach(commands))
      this.#log.warning(`policies of a tunnel: ${error}`);
  }

  #adoptOne(sa: ChildSa, states: readonly XfrmState[], isStaged: boolean): InstalledSa | undefined {
    const reqidOf = (destination: IpAddress, spi: number) =>
      states.find((state) => state.destination === destination && state.spi === spi)?.reqid;
    const reqid = reqidOf(sa.local, sa.inbound.spi);
    const outbound = reqidOf(sa.remote, sa.outbound.spi);
    const isWhole = outbound === reqid || (isStaged && outbound === undefined);
    if (reqid === undefined || !isWhole) return undefined;
    if (!this.#reqids.isOurs(reqid) || !this.#reqids.adopt(tunnelKey(sa), reqid)) return undefined;
    const installed: InstalledSa = { reqid, sa };
    if (outbound === undefined) this.#staged.add(installed);
    const traffic = trafficKey(sa);
    this.#byTraffic.set(traffic, [...(this.#byTraffic.get(traffic) ?? []), installed]);
    return installed;
  }

  async #stage(sa: ChildSa): Promise<InstalledSa> {
    const others = this.#byTraffic.get(trafficKey(sa)) ?? [];
    const reqid = this.#reqids.take(tunnelKey(sa));
    if (others.at(-1)?.reqid !== reqid) {
      this.#reqids.release(tunnelKey(sa));
      return this.#install(sa);
    }
    const result = await this.#ip.run([addInbound(sa, reqid).command]);
    if (!result.ok) {
      this.#reqids.release(tunnelKey(sa));
      throw new Error(result.error);
    }
    const installed: InstalledSa = { reqid, sa };
    this.#staged.add(installed);
    this.#byTraffic.set(trafficKey(sa), [...others, installed]);
    return installed;
  }

  async #activate(installed: InstalledSa): Promise<void> {
    if (!this.#staged.has(installed)) return;
    const { sa, reqid } = installed;
    const result = await this.#ip.run([addOutbound(sa, reqid).command]);
    // It stays staged, so that another try can do better.
    if (!result.ok) throw new Error(result.error);
    this.#staged.delete(installed);
  }

  async #stopSending(installed: InstalledSa): Promise<void> {
    const { sa, reqid } = installed;
    const others = (this.#byTraffic.get(trafficKey(sa)) ?? []).filter(
      (each) => each !== installed && each.reqid === reqid && this.#isSentWith(each),
    );
    if (others.length === 0 || !this.#isSentWith(installed)) return;
    this.#silent.add(installed);
    for (const error of await this.#ip.runEach([deleteOutbound(sa)]))
      if (!isGone(error)) this.#log.warning(`a tunnel still sends: ${error}`);
  }

  #isSentWith(installed: InstalledSa): boolean {
    return !this.#staged.has(installed) && !this.#silent.has(installed);
  }

  async #undo(steps: readonly Step[]): Promise<void> {
    const commands = steps
      .map((step) => step.undo)
      .filter((command) => command !== undefined)
      .reverse();
    for (const error of await this.#ip.runEach(commands))
      if (!isGone(error)) this.#log.warning(`undoing a tunnel: ${error}`);
  }

  async #remove(installed: InstalledSa): Promise<void> {
    const traffic = trafficKey(installed.sa);
    const tunnels = this.#byTraffic.get(traffic) ?? [];
    if (!tunnels.includes(installed)) return;
    const left = tunnels.filter((each) => each !== installed);
    if (left.length > 0) this.#byTraffic.set(traffic, left);
    else this.#byTraffic.delete(traffic);
    const commands = [...policyLeaving(installed, left.at(-1)), ...deleteStates(installed.sa)];
    for (const error of await this.#ip.runEach(commands))
      if (!isGone(error)) this.#log.warning(`removing a tunnel: ${error}`);
    this.#staged.delete(installed);
    this.#reqids.release(tunnelKey(installed.sa));
    if (left.length === 0) await this.#offloading?.release(installed.sa);
  }
}

/** Policies of a new tunnel; `owner` is the tunnel that has them now. */
function policySteps(sa: ChildSa, reqid: number, owner: InstalledSa | undefined): Step[] {
  if (owner?.reqid === reqid) return [];
  return policyDirections(sa).flatMap((direction) => {
    const commands = writePolicies(owner ? 'update' : 'add', direction, sa, reqid);
    const undo = owner
      ? writePolicies('update', direction, owner.sa, owner.reqid)
      : deletePolicies(direction, sa);
    return commands.map((command, index) => ({ command, undo: undo[index]! }));
  });
}

/** What becomes of the policies when a tunnel goes; `heir` is the last of those that stay. */
function policyLeaving(gone: InstalledSa, heir: InstalledSa | undefined): IpCommand[] {
  const directions = [...policyDirections(gone.sa)].reverse();
  if (!heir) return directions.flatMap((direction) => deletePolicies(direction, gone.sa));
  if (heir.reqid === gone.reqid) return [];
  return directions.flatMap((direction) => writePolicies('update', direction, heir.sa, heir.reqid));
}
