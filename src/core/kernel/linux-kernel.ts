/**
 * The kernel room as one object: XFRM through `ip`, the forwarding cache and the hold through `nft`
 * and netfilter's queue. Each part lives in a file of its own; this one puts them together.
 *
 * ```ts
 * const kernel = createLinuxKernel({ ...platform, network, log: log.for('kernel'), settings });
 * const missing = await kernel.missingParts();
 * if (missing.length === 0) await kernel.start(rules, events);
 * ```
 */
import type { Logger } from '../log.js';
import type { IpAddress } from '../net/address.js';
import type { Network } from '../net/network.js';
import type { Clock, Files, Processes, Timer, Timers } from '../platform/platform.js';
import { Changes } from './changes.js';
import type { ChildSa, InstalledSa } from './child-sa.js';
import { FlowOffloading } from './flow-offloading.js';
import { ForeignPolicies } from './foreign-policies.js';
import { InterfaceNames } from './interface-names.js';
import { IpCoprocess } from './ip-coprocess.js';
import type { HoldRules, Kernel, KernelEvents, PairVerdict, WanDevice } from './kernel.js';
import { PacketQueues } from './nfqueue.js';
import type { RulesetChange } from './nfqueue-codec.js';
import { NftTable } from './nft.js';
import { isOwnSide } from './own-side.js';
import type { FlowTuple } from './packet-path.js';
import { PathSockets } from './path-sockets.js';
import { type CipherReport, probe } from './probe.js';
import { Reqids } from './reqids.js';
import { RouteLookup } from './route-lookup.js';
import { type Masquerade, SourceAddresses } from './source-addresses.js';
import { TableWatch } from './table-watch.js';
import { Tunnels } from './tunnels.js';
import { isOld, readXfrmLists, removeOursCommands } from './xfrm-lists.js';
import { XfrmMonitor } from './xfrm-monitor.js';
import type { XfrmEvent, XfrmPolicy } from './xfrm-text.js';
import { XfrmUse } from './xfrm-use.js';

export interface LinuxKernelParts {
  processes: Processes;
  clock: Clock;
  timers: Timers;
  files: Pick<Files, 'read' | 'list'>;
  network: Network;
  isBigEndian: boolean;
  log: Logger;
  settings: {
    markBit: number;
    firstQueue: number;
    firstReqid: number;
    /** Setting of a WAN by its name; `auto` when absent. */
    masquerade?(wan: string): Masquerade;
  };
}

export interface LinuxKernel extends Kernel {
  /** ESP algorithms by the kernel's names that do not work here; known after `missingParts`. */
  unusableCiphers(): readonly string[];
  /** What a person should know of this machine now. */
  warnings(): string[];
}

const configuredDelayMs = 100;

/** NFT_MSG_DELTABLE. */
const tableDeleted = 2;
/**
 * Messages that change no rule: elements of sets (NEWSETELEM, DELSETELEM), and the number of the
 * generation (NEWGEN), which follows every transaction, ours too.
 */
const noRuleChanges = [12, 14, 15];
/** NFT_MSG_NEWFLOWTABLE. */
const flowtableMade = 22;
const ownTable = 'autoipsec';

export const createLinuxKernel = (parts: LinuxKernelParts): LinuxKernel =>
  new ComposedKernel(parts);

class ComposedKernel implements LinuxKernel {
  private readonly ip: IpCoprocess;
  private readonly reqids: Reqids;
  private readonly tunnels: Tunnels;
  private readonly xfrmUse: XfrmUse;
  private readonly foreign: ForeignPolicies;
  private readonly sources: SourceAddresses;
  private readonly table: NftTable;
  private readonly watch: TableWatch;
  private readonly offloading: FlowOffloading;
  private readonly queues: PacketQueues;
  private readonly monitor: XfrmMonitor;
  private readonly changes: Changes;
  private readonly names: InterfaceNames;
  private readonly routes: RouteLookup;
  private readonly path: PathSockets;
  /** Where held packets came in: NAT rules may ask for it. */
  private readonly inputs = new WeakMap<object, string | undefined>();
  private wans: readonly WanDevice[] = [];
  private events: KernelEvents | undefined;
  private configuredTimer: Timer | undefined;
  /** Tunnels of an earlier run whose soft limit nobody may have heard of. */
  private old: (InstalledSa | undefined)[] = [];
  private probed: CipherReport | undefined;

  constructor(private readonly parts: LinuxKernelParts) {
    const { settings } = parts;
    this.reqids = new Reqids(settings.firstReqid);
    this.ip = new IpCoprocess(parts);
    this.xfrmUse = new XfrmUse(parts);
    this.foreign = new ForeignPolicies(parts.processes, (policy) => this.isOurs(policy));
    this.sources = new SourceAddresses(parts);
    this.names = new InterfaceNames(parts.files);
    this.routes = new RouteLookup(parts);
    this.table = new NftTable(parts);
    const { ip, reqids, table } = this;
    this.watch = new TableWatch({ ...parts, table, lost: () => this.events?.cacheLost() });
    this.offloading = new FlowOffloading({ ...parts, table });
    this.tunnels = new Tunnels({ ip, reqids, log: parts.log, offloading: this.offloading });
    this.path = new PathSockets(parts, (wan, packet, stage) =>
      this.events?.flowSeen(wan.name, packet, stage),
    );
    this.queues = new PacketQueues(
      { ...parts, markBit: settings.markBit, firstQueue: settings.firstQueue },
      {
        held: (packet, input) => {
          this.inputs.set(packet, this.names.nameOf(input));
          this.events?.held(packet);
        },
        taken: (wan, packet) => this.events?.taken(wan.name, packet) === true,
      },
    );
    this.changes = new Changes(parts, {
      rulesetChanged: (change) => this.rulesetChanged(change),
      addressesChanged: () => {
        this.sources.addressesChanged();
        this.events?.addressesChanged();
      },
    });
    this.monitor = new XfrmMonitor(parts, {
      event: (event) => this.xfrmEvent(event),
      missed: () => this.policyChanged(undefined),
      failed: (reason) => this.events?.failed(reason),
    });
  }

  async missingParts() {
    const { ip, reqids, parts } = this;
    this.probed = await probe({ ...parts, ip, reqid: reqids.probe });
    return this.probed.missing;
  }

  unusableCiphers(): readonly string[] {
    return this.probed?.unusable ?? [];
  }

  warnings(): string[] {
    return this.offloading.warnings();
  }

  async adopt(children: readonly ChildSa[], staged: readonly ChildSa[] = []) {
    if (children.length === 0) return [];
    const { states } = await readXfrmLists(this.parts.processes);
    const adopted = await this.tunnels.adopt(children, states, staged);
    const nowSeconds = this.parts.clock.wallSeconds();
    this.old = adopted.filter((each) => each && isOld(each.sa, states, nowSeconds));
    return adopted;
  }

  async start(
    rules: HoldRules,
    events: KernelEvents,
    pairs: readonly PairVerdict[] = [],
  ): Promise<void> {
    this.events = events;
    this.wans = rules.wans;
    try {
      await this.removeOurs();
      // The monitor first: what changes behind the first reading is told.
      this.monitor.start();
      await this.changes.open();
      await this.table.setConfigured(await this.foreign.decisive());
      await this.routes.open();
      await this.queues.open();
      // Queues before rules: a queue without a listener drops.
      await this.queues.bind(rules.wans);
      await this.path.open(rules.wans);
      await this.offloading.look();
      await this.table.create(
        rules,
        pairs.map((pair) => ({ ...pair, wanIndex: this.wanNamed(pair.wan).index })),
      );
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.watch.watch(rules);
    for (const tunnel of this.old.splice(0)) if (tunnel) events.expired(tunnel, 'soft');
  }

  async update(rules: HoldRules): Promise<void> {
    await this.queues.bind(rules.wans);
    await this.path.open(rules.wans);
    await this.table.update(rules);
    this.wans = rules.wans;
    this.watch.watch(rules);
  }

  /** Goes through all steps, whichever fail. */
  async stop(): Promise<void> {
    this.watch.stop();
    this.configuredTimer?.cancel();
    this.monitor.stop();
    this.changes.close();
    this.sources.stop();
    const complain = (error: unknown) => this.parts.log.warning(`stopping: ${String(error)}`);
    await this.table.remove().catch(complain);
    this.queues.close();
    this.path.close();
    this.routes.close();
    this.tunnels.clear();
    await this.removeOurs().catch(complain);
    this.ip.stop();
  }

  install(sa: ChildSa) {
    return this.tunnels.install(sa);
  }

  stage(sa: ChildSa) {
    return this.tunnels.stage(sa);
  }

  activate(...args: Parameters<Kernel['activate']>) {
    return this.tunnels.activate(...args);
  }

  stopSending(...args: Parameters<Kernel['stopSending']>) {
    return this.tunnels.stopSending(...args);
  }

  remove(...args: Parameters<Kernel['remove']>) {
    return this.tunnels.remove(...args);
  }

  use(...args: Parameters<Kernel['use']>) {
    return this.xfrmUse.of(...args);
  }

  async remember(verdict: PairVerdict): Promise<void> {
    return this.table.change({ ...verdict, wanIndex: this.wanNamed(verdict.wan).index });
  }

  async forget(pair: Parameters<Kernel['forget']>[0]): Promise<void> {
    const { source, destination, translatedSource } = pair;
    const wanIndex = this.wanNamed(pair.wan).index;
    return this.table.change({ source, destination, translatedSource, wanIndex });
  }

  isConfigured(...args: Parameters<Kernel['isConfigured']>) {
    return this.foreign.cover(...args);
  }

  async isOwnSide(address: IpAddress): Promise<boolean> {
    const route = await this.routes.routeTo(address);
    const indices = this.wans.flatMap((wan) => this.names.indexOf(wan.device) ?? []);
    return isOwnSide(route, address, indices);
  }

  translate(packet: Parameters<Kernel['translate']>[0]) {
    return this.sources.translate({
      ...packet,
      inputDevice: this.inputs.get(packet),
      device: this.wanNamed(packet.wan).device,
      masquerade: this.parts.settings.masquerade?.(packet.wan) ?? 'auto',
    });
  }

  send(packet: Uint8Array): void {
    this.path.send(packet);
  }

  flow(tuple: FlowTuple) {
    return this.path.flow(tuple);
  }

  deviceAddresses(device: string) {
    return this.sources.addressesOf(device);
  }

  private wanNamed(name: string): WanDevice {
    const wan = this.wans.find((each) => each.name === name);
    if (!wan) throw new Error(`kernel: no WAN named '${name}'`);
    return wan;
  }

  private isOurs(policy: XfrmPolicy): boolean {
    return policy.reqids.some((reqid) => this.reqids.isOurs(reqid));
  }

  /** What an earlier run left and nobody has taken over, or all of this one at its end. */
  private async removeOurs(): Promise<void> {
    const { states, policies } = await readXfrmLists(this.parts.processes);
    const adopted = this.tunnels.policyReqids();
    const left = {
      states: states.filter(({ destination, spi }) => !this.tunnels.withState(destination, spi)),
      policies: policies.filter(({ reqids }) => !reqids.some((reqid) => adopted.has(reqid))),
    };
    const commands = removeOursCommands(left, (reqid) => this.reqids.isOurs(reqid));
    if (commands.length > 0)
      this.parts.log.debug(`removing ${commands.length} states and policies`);
    for (const error of await this.ip.runEach(commands)) this.parts.log.debug(error);
  }

  /** Policies come in bunches, one for each direction; they are read once behind the last. */
  private policyChanged(policy: XfrmPolicy | undefined): void {
    if (!this.foreign.changed(policy)) return;
    this.configuredTimer?.cancel();
    this.configuredTimer = this.parts.timers.after(configuredDelayMs, () => {
      this.foreign
        .decisive()
        .then((policies) => this.table.setConfigured(policies))
        .catch((error) => this.parts.log.warning(`configured tunnels: ${String(error)}`));
    });
  }

  private xfrmEvent(event: XfrmEvent): void {
    if (event.kind === 'policy') this.policyChanged(event.policy);
    else if (event.kind === 'acquire') {
      if (event.reqids.some((reqid) => this.reqids.isOurs(reqid)))
        this.events?.acquire(event.source, event.destination);
    } else if (this.reqids.isOurs(event.state.reqid)) {
      const tunnel = this.tunnels.withState(event.state.destination, event.state.spi);
      if (tunnel) this.events?.expired(tunnel, event.limit);
    }
  }

  private rulesetChanged(change: RulesetChange | undefined): void {
    if (change?.table === ownTable) {
      if (change.change === tableDeleted) void this.watch.look();
      return;
    }
    if (!change) void this.watch.look();
    if (!change || change.change === flowtableMade) void this.lookAtFlowtables();
    if (!change || !noRuleChanges.includes(change.change)) this.sources.rulesetChanged();
  }

  /** What was offloaded before we heard of it falls back with new policies. */
  private async lookAtFlowtables(): Promise<void> {
    if (await this.offloading.look()) await this.tunnels.rewritePolicies();
  }
}
