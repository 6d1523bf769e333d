/**
 * One run of the service on given settings: every part started in order, and stopped in reverse
 * order, also when a later part can not start.
 */

import type { Settings } from '../core/config/settings.js';
import { ControlRefusal } from '../core/control/protocol.js';
import type { ControlHandlers } from '../core/control/server.js';
import type { StatusReport } from '../core/control/status.js';
import { RecordType } from '../core/dns/resolver.js';
import { addressIdentity, fqdnIdentity } from '../core/ike/identity.js';
import { createIkeDaemon } from '../core/ike/ike-daemon.js';
import type { HoldRules, Kernel, KernelEvents } from '../core/kernel/kernel.js';
import type { Logger } from '../core/log.js';
import { parseAddress } from '../core/net/address.js';
import type { Network } from '../core/net/network.js';
import { loadOrCreateKey } from '../core/pki/key-store.js';
import type { Platform } from '../core/platform/platform.js';
import { exemptionsOf } from '../core/policy/exemptions.js';
import { createPolicy, type Policy } from '../core/policy/policy.js';
import type { PolicyWan } from '../core/policy/wan.js';
import { plugins } from '../plugins/index.js';
import { createKernel, createResolver, nameServers } from './parts.js';
import { statusReport } from './status-report.js';
import { createWans, refreshWans } from './wans.js';

/** How often the WAN's addresses are looked at. */
const refreshSeconds = 10;
/** Time for the deletes to reach the peers at a stop (OE-148). */
const stopGraceMs = 2000;

export interface ServiceParts {
  platform: Platform;
  network: Network;
  log: Logger;
  version: string;
  settings: Settings;
  /** Something broke for good; the message says what. */
  failed(reason: string): void;
}

export interface Service {
  readonly handlers: ControlHandlers;
  /** Settings that need no restart; false when they do. */
  update(settings: Settings): Promise<boolean>;
  stop(): Promise<void>;
}

function holdRules(settings: Settings, wans: readonly PolicyWan[], parts: ServiceParts): HoldRules {
  const { exempt, held } = exemptionsOf(settings, settings.wans);
  return {
    wans,
    exemptDestinations: exempt,
    heldDestinations: held,
    nameServers: nameServers(settings, parts.platform.files).map((server) => server.address),
    rejectsDenied: settings.rejectsDenied,
  };
}

/** Undoes in reverse order what was started. */
class Undo {
  private readonly steps: (() => void | Promise<void>)[] = [];

  constructor(private readonly log: Logger) {}

  add(step: () => void | Promise<void>): void {
    this.steps.push(step);
  }

  async all(): Promise<void> {
    for (const step of this.steps.reverse()) {
      try {
        await step();
      } catch (error) {
        this.log.error(`while stopping: ${String(error)}`);
      }
    }
    this.steps.length = 0;
  }
}

async function refuseWhatIsMissing(kernel: Kernel): Promise<void> {
  const missing = await kernel.missingParts();
  if (missing.length === 0) return;
  const lines = missing.map((part) => `${part.what}: ${part.remedy}`);
  throw new Error(`this router lacks ${missing.length} part(s)\n  ${lines.join('\n  ')}`);
}

async function ownKey(parts: ServiceParts) {
  const { platform, settings, log } = parts;
  const { key, isNew } = await loadOrCreateKey({
    files: platform.files,
    folder: settings.stateFolder,
    type: settings.keyType,
    random: (length) => platform.random(length),
    pause: () => new Promise((resolve) => platform.timers.after(0, () => resolve())),
  });
  if (isNew) log.info(`made a new ${settings.keyType} key in ${settings.stateFolder}`);
  return key;
}

/** Starts everything; rejects with a message for a person, and nothing of it stays. */
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
  const { platform, network, log } = parts;
  const { settings } = parts;
  const kernel = createKernel(settings, platform, network, log.for('kernel'));
  undo.add(() => kernel.stop());
  await refuseWhatIsMissing(kernel);
  const key = await ownKey(parts);
  const resolver = createResolver(settings, platform, network);
  undo.add(() => resolver.stop());
  const wans = await createWans(settings, {
    platform,
    kernel,
    resolver,
    log: log.for('plugin'),
    available: plugins,
  });
  const { clock, timers } = platform;
  const policy = createPolicy({ kernel, clock, timers, log: log.for('policy'), settings, wans });
  undo.add(() => policy.stop());
  const ike = createIkeDaemon({
    network,
    clock,
    timers,
    random: (length) => platform.random(length),
    log: log.for('ike'),
    key,
    owner: policy.owner,
    identity: (local) => {
      const fqdn = wans.find((wan) => wan.addresses.includes(local))?.settings.fqdn;
      return fqdn ? fqdnIdentity(fqdn) : addressIdentity(local);
    },
    mark: settings.markBit,
    softSeconds: settings.saSoftSeconds,
    hardSeconds: settings.saHardSeconds,
    inboundPackets: async (installed) => (await kernel.use(installed)).packetsIn,
  });
  policy.useIke(ike);
  await ike.start();
  undo.add(() => ike.stop(stopGraceMs));
  await kernel.start(holdRules(settings, wans, parts), kernelEvents(policy, parts));
  const refresh = keepAddressesFresh(wans, kernel, parts);
  undo.add(() => refresh.stop());
  const startedSeconds = clock.wallSeconds();
  const validates = { state: 'unknown' as StatusReport['resolver']['validates'] };
  void probeValidation(resolver).then((found) => {
    validates.state = found;
  });
  let current = settings;
  return {
    handlers: {
      status: () =>
        statusReport({
          version: parts.version,
          nowSeconds: clock.wallSeconds(),
          startedSeconds,
          kernel,
          wans,
          connections: policy.connections(),
          resolver: { servers: nameServers(current, platform.files), validates: validates.state },
          ike: ike.counters(),
          warnings: warningsOf(wans, validates.state),
        }),
      forget: async (request) => {
        const address = parseAddress(String(request.address ?? ''));
        if (!address) throw new ControlRefusal('that is no IPv4 or IPv6 address');
        return { forgotten: await policy.forget(address) };
      },
    },
    async update(fresh) {
      if (!canUpdate(current, fresh)) return false;
      current = fresh;
      policy.update(fresh);
      await kernel.update(holdRules(fresh, wans, parts));
      return true;
    },
    stop: () => undo.all(),
  };
}

function kernelEvents(policy: Policy, parts: ServiceParts): KernelEvents {
  return {
    held: (packet) => policy.held(packet),
    expired: (sa, kind) => policy.expired(sa, kind),
    acquire: (source, destination) =>
      parts.log.debug(`traffic from ${source} to ${destination} found no SA`),
    cacheLost: () => {
      parts.log.warning('our nftables table was gone and is back');
      policy.cacheLost();
    },
    failed: (reason) => parts.failed(reason),
  };
}

/** Addresses come and go with the line; tunnels of the old ones end by themselves. */
function keepAddressesFresh(wans: readonly PolicyWan[], kernel: Kernel, parts: ServiceParts) {
  let stopped = false;
  let timer = parts.platform.timers.after(0, () => undefined);
  const look = async () => {
    try {
      if (await refreshWans(wans, kernel))
        for (const wan of wans)
          parts.log.info(
            `WAN ${wan.name} (${wan.device}) has ${wan.addresses.join(', ') || 'no address'}`,
          );
    } catch (error) {
      parts.log.warning(`addresses of the WANs: ${String(error)}`);
    }
    schedule();
  };
  const schedule = () => {
    if (!stopped) timer = parts.platform.timers.after(refreshSeconds * 1000, () => void look());
  };
  schedule();
  return {
    stop: () => {
      stopped = true;
      timer.cancel();
    },
  };
}

/** The root zone is signed: whoever validates says so about its SOA record. */
async function probeValidation(
  resolver: ReturnType<typeof createResolver>,
): Promise<StatusReport['resolver']['validates']> {
  const answer = await resolver.lookup('.', RecordType.SOA);
  if (answer.kind === 'failed') return 'unknown';
  return answer.status === 'secure' ? 'yes' : 'no';
}

function warningsOf(
  wans: readonly PolicyWan[],
  validates: StatusReport['resolver']['validates'],
): string[] {
  const warnings: string[] = [];
  if (wans.length === 0) warnings.push('no WAN is up; nothing is encrypted');
  for (const wan of wans)
    if (wan.addresses.length === 0) warnings.push(`WAN ${wan.name} has no address`);
  if (validates === 'no')
    warnings.push(
      'the resolver does not check DNSSEC signatures: encryption is safe from listeners, not from whoever can forge DNS answers',
    );
  return warnings;
}

/** Policies and lifespans change in place; everything else wants a fresh start. */
function canUpdate(before: Settings, after: Settings): boolean {
  const rest = (settings: Settings) => {
    const {
      policies: _,
      lifespans: __,
      patienceMs: ___,
      rejectsDenied: ____,
      logLevel: _____,
      ...kept
    } = settings;
    return JSON.stringify(kept);
  };
  return rest(before) === rest(after);
}
