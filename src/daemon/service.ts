/**
 * One run of the service on given settings: every part started in order, and stopped in reverse
 * order, also when a later part can not start.
 */
import type { Settings } from '../core/config/settings.js';
import { ControlRefusal, type ControlRequest } from '../core/control/protocol.js';
import type { ControlHandlers } from '../core/control/server.js';
import type { StubResolver } from '../core/dns/stub-resolver.js';
import type { IkeDaemon } from '../core/ike/daemon.js';
import { addressIdentity, fqdnIdentity } from '../core/ike/identity.js';
import { createIkeDaemon } from '../core/ike/ike-daemon.js';
import type { KeyLog } from '../core/ike/key-log.js';
import type { HoldRules, Kernel, KernelEvents } from '../core/kernel/kernel.js';
import type { LinuxKernel } from '../core/kernel/linux-kernel.js';
import type { Logger } from '../core/log.js';
import { type IpAddress, parseAddress } from '../core/net/address.js';
import type { Network } from '../core/net/network.js';
import { loadOrCreateKey } from '../core/pki/key-store.js';
import type { PrivateKey } from '../core/pki/private-key.js';
import type { Platform } from '../core/platform/platform.js';
import { StateFiles } from '../core/platform/state-files.js';
import { exemptionsOf } from '../core/policy/exemptions.js';
import { PeerList } from '../core/policy/persist/peer-list.js';
import { createPolicy, type Policy } from '../core/policy/policy.js';
import type { PolicyWan } from '../core/policy/wan.js';
import { plugins } from '../plugins/index.js';
import { aesSpeed, choosePreferences } from './algorithms.js';
import { Validation, warnings } from './health.js';
import { keyLogWarning, openKeyLog } from './key-log.js';
import { lifetimes } from './lifetimes.js';
import { MetricsFile } from './metrics-file.js';
import { createKernel, createResolver, nameServers } from './parts.js';
import { type LaterParts, PluginServices } from './plugin-services.js';
import { statusReport } from './status-report.js';
import { Undo } from './undo.js';
import { devicesChanged, type WanWatch, watchAddresses } from './wan-watch.js';
import { createWans } from './wans.js';

/** Time for the deletes to reach the peers at a stop (OE-148). */
const stopGraceMs = 2000;

export interface ServiceParts {
  platform: Platform;
  network: Network;
  log: Logger;
  version: string;
  settings: Settings;
  /** Folder for what does not outlive the machine's run. */
  runtimeFolder: string;
  /** Something broke for good; the message says what. */
  failed(reason: string): void;
}

export interface Service {
  readonly handlers: ControlHandlers;
  /** Takes settings that need no restart; false when these do. */
  update(settings: Settings): Promise<boolean>;
  stop(): Promise<void>;
}

/** Starts everything; rejects with a message for a person, and then nothing of it stays. */
export async function startService(parts: ServiceParts): Promise<Service> {
  const undo = new Undo(parts.log);
  try {
    return await assemble(parts, undo);
  } catch (error) {
    await undo.all();
    throw error;
  }
}

async function assemble(parts: ServiceParts, undo: Undo): Promise<Service> {
  const { platform, network, settings, log } = parts;
  const { clock, timers } = platform;
  const kernel = createKernel(settings, platform, network, log.for('kernel'));
  undo.add(() => kernel.stop());
  await refuseWhatIsMissing(kernel);
  const key = await ownKey(parts);
  const resolver = createResolver(settings, platform, network);
  undo.add(() => resolver.stop());
  const later: LaterParts = {};
  const services = new PluginServices({
    ...{ settings, platform, key, kernel, later, available: plugins },
    log: log.for('plugin'),
  });
  undo.add(() => services.stop());
  const wanParts = {
    ...{ platform, kernel, resolver, services, available: plugins },
    log: log.for('plugin'),
  };
  const wans = await createWans(settings, wanParts);
  const state = new StateFiles({
    ...{ files: platform.files, clock, folder: `${settings.runFolder}/state` },
    complain: (line) => log.warning(line),
  });
  const policy = createPolicy({
    ...{ kernel, clock, timers, log: log.for('policy'), settings, wans, state },
    peers: new PeerList({
      ...{ files: platform.files, timers, log: log.for('policy') },
      path: `${settings.stateFolder}/peers`,
    }),
  });
  undo.add(() => policy.stop());
  later.policy = policy;
  const ike = createIke(parts, { key, policy, kernel, wans, state, services });
  policy.useIke(ike);
  const watch = watchAddresses(wans, kernel, timers, log, () => policy.addressesChanged());
  undo.add(() => watch.stop());
  // A run that crashed: its tunnels and verdicts go on, and the kernel is told with the first table
  const tunnels = await ike.restore((...all) => kernel.adopt(...all));
  const pairs = policy.restore(tunnels);
  // The kernel first: its start clears all tunnels of ours, also one that a peer has just made
  await kernel.start(
    holdRules(settings, wans, platform),
    kernelEvents(policy, wans, watch, parts),
    pairs,
  );
  await ike.start();
  undo.add(() => ike.stop(stopGraceMs));
  policy.resume();
  const running = { kernel, resolver, wans, policy, ike, services };
  return new RunningService(parts, running, undo);
}

async function refuseWhatIsMissing(kernel: Kernel): Promise<void> {
  const missing = await kernel.missingParts();
  if (missing.length === 0) return;
  const lines = missing.map((part) => `${part.what}: ${part.remedy}`);
  throw new Error(['this router lacks what IPsec needs', ...lines].join('\n  '));
}

async function ownKey({ platform, settings, log }: ServiceParts): Promise<PrivateKey> {
  const { key, isNew } = await loadOrCreateKey({
    files: platform.files,
    folder: settings.stateFolder,
    type: settings.keyType,
    random: (length) => platform.random(length),
    pause: () => new Promise((resolve) => platform.timers.after(0, resolve)),
  });
  if (isNew) log.info(`made a new ${settings.keyType} key in ${settings.stateFolder}`);
  return key;
}

interface IkeParts {
  key: PrivateKey;
  policy: Policy;
  kernel: LinuxKernel;
  wans: readonly PolicyWan[];
  state: StateFiles;
  services: PluginServices;
}

function createIke(parts: ServiceParts, made: IkeParts): IkeDaemon {
  const { key, policy, kernel, wans, state, services } = made;
  const { platform, network, settings, log } = parts;
  // OE-104, OE-105
  const identity = (local: IpAddress) => {
    const fqdn = wans.find((wan) => wan.addresses.includes(local))?.settings.fqdn;
    return fqdn ? fqdnIdentity(fqdn) : addressIdentity(local);
  };
  return createIkeDaemon({
    network,
    clock: platform.clock,
    timers: platform.timers,
    random: (length) => platform.random(length),
    log: log.for('ike'),
    key,
    owner: policy.owner,
    state,
    extensions: services.all().flatMap((each) => each.extensions ?? []),
    identity,
    mark: settings.markBit,
    preferences: choosePreferences(
      settings,
      kernel.unusableCiphers(),
      aesSpeed(platform.files, settings.stateFolder),
    ),
    ...lifetimes(settings),
    keyLog: keyLogOf(parts),
    packetCounts: (installed) => kernel.use(installed),
  });
}

function keyLogOf({ platform, settings, runtimeFolder, log }: ServiceParts): KeyLog | undefined {
  if (settings.keyLog) log.warning(keyLogWarning(runtimeFolder));
  return openKeyLog(platform.files, runtimeFolder, settings.keyLog, log);
}

function holdRules(
  settings: Settings,
  wans: readonly PolicyWan[],
  platform: Pick<Platform, 'files'>,
): HoldRules {
  const { exempt, held } = exemptionsOf(settings, settings.wans);
  return {
    wans: wans.map((wan) => deviceRules(wan, settings)),
    exemptDestinations: exempt,
    heldDestinations: held,
    nameServers: nameServers(settings, platform.files).map((server) => server.address),
    rejectsDenied: settings.rejectsDenied,
  };
}

/** What plugins want of the packets of a WAN; all wait for a verdict where somebody could give one. */
function deviceRules({ name, device, index, settings, plugins }: PolicyWan, all: Settings) {
  const { watchers } = plugins;
  const classes = [settings.defaultClass, ...all.policies.map((each) => each.class)];
  return {
    ...{ name, device, index },
    isOpen: !plugins.plans && !classes.some((each) => each === 'deny' || each === 'oe-paranoid'),
    takes: watchers.flatMap((each) => each.takes),
    watches: [...new Set(watchers.flatMap((each) => each.watches))],
  };
}

function kernelEvents(
  policy: Policy,
  wans: readonly PolicyWan[],
  watch: WanWatch,
  parts: ServiceParts,
): KernelEvents {
  const pluginsOf = (name: string) => wans.find((wan) => wan.name === name)?.plugins;
  return {
    taken: (wan, packet) => pluginsOf(wan)?.take(packet) === true,
    flowSeen: (wan, packet, stage) => pluginsOf(wan)?.seen(packet, stage),
    held: (packet) => policy.held(packet),
    expired: (sa, kind) => policy.expired(sa, kind),
    acquire: (source, destination) =>
      parts.log.debug(`traffic from ${source} to ${destination} found no SA`),
    addressesChanged: () => watch.look(),
    cacheLost: () => policy.cacheLost(),
    failed: (reason) => parts.failed(reason),
  };
}

interface RunningParts {
  kernel: LinuxKernel;
  resolver: StubResolver;
  wans: readonly PolicyWan[];
  policy: Policy;
  ike: IkeDaemon;
  services: PluginServices;
}

class RunningService implements Service {
  private readonly startedSeconds: number;
  private readonly validation: Validation;
  private readonly metrics: MetricsFile;
  private settings: Settings;

  readonly handlers: ControlHandlers;

  private readonly ownHandlers: ControlHandlers = {
    status: (request) => this.status(limitIn(request)),
    forget: (request) => this.forget(request),
    rekey: (request) => this.running.policy.rekey(addressIn(request), request.ike === true),
  };

  constructor(
    private readonly parts: ServiceParts,
    private readonly running: RunningParts,
    private readonly undo: Undo,
  ) {
    this.settings = parts.settings;
    const commands = running.services.all().map((each) => each.commands ?? {});
    this.handlers = Object.assign({}, ...commands, this.ownHandlers);
    this.startedSeconds = parts.platform.clock.wallSeconds();
    this.validation = new Validation(running.resolver);
    this.validation.refresh();
    this.metrics = new MetricsFile(parts.platform, parts.log, () => this.status());
    undo.add(() => this.metrics.stop());
    this.metrics.use(parts.settings.metricsFile);
  }

  async update(fresh: Settings): Promise<boolean> {
    const { wans, policy, kernel } = this.running;
    const { platform } = this.parts;
    if (!canUpdate(this.settings, fresh)) return false;
    if (await devicesChanged(fresh, wans, platform.processes)) return false;
    this.settings = fresh;
    this.metrics.use(fresh.metricsFile);
    policy.update(fresh);
    await kernel.update(holdRules(fresh, wans, platform));
    return true;
  }

  stop(): Promise<void> {
    return this.undo.all();
  }

  private status(limit?: number) {
    const { kernel, wans, policy, ike } = this.running;
    const { platform, version } = this.parts;
    this.validation.refresh();
    const validates = this.validation.state;
    return statusReport({
      ...(limit === undefined ? {} : { limit }),
      version,
      nowSeconds: platform.clock.wallSeconds(),
      nowMs: platform.clock.monotonicMs(),
      startedSeconds: this.startedSeconds,
      kernel,
      wans,
      connections: policy.connections(),
      resolver: { servers: nameServers(this.settings, platform.files), validates },
      ike: ike.counters(),
      warnings: [
        ...(this.settings.keyLog ? [keyLogWarning(this.parts.runtimeFolder)] : []),
        ...[ike.pressure()].filter((each) => each !== undefined),
        ...warnings(wans, validates),
        ...kernel.warnings(),
        ...this.running.services.all().flatMap((each) => each.warnings?.() ?? []),
      ],
    });
  }

  private async forget(request: ControlRequest): Promise<{ forgotten: number }> {
    return { forgotten: await this.running.policy.forget(addressIn(request)) };
  }
}

/** How much of the longest list the asker wants; all of it when it does not say. */
function limitIn({ limit }: ControlRequest): number | undefined {
  if (limit === undefined) return undefined;
  if (Number.isInteger(limit) && Number(limit) > 0) return Number(limit);
  throw new ControlRefusal('limit must be a number above 0');
}

function addressIn(request: ControlRequest): IpAddress {
  const address = parseAddress(String(request.address ?? ''));
  if (!address) throw new ControlRefusal('that is no IPv4 or IPv6 address');
  return address;
}

/** Settings that policy and kernel take while they run. Any other change wants a fresh start. */
const changeable = [
  ...['policies', 'lifespans', 'patienceMs', 'rejectsDenied', 'logLevel'],
  'metricsFile',
];

function canUpdate(before: Settings, after: Settings): boolean {
  const fixed = (settings: Settings) =>
    JSON.stringify(settings, (key, value) => (changeable.includes(key) ? undefined : value));
  return fixed(before) === fixed(after);
}
