/**
 * The parts that both the daemon and the commands are built of, made from settings and platform:
 * name servers, resolver, kernel, WAN state.
 */
import { fromUtf8 } from '../core/bytes/text.js';
import type { Settings, WanSettings } from '../core/config/settings.js';
import { parseResolvConf } from '../core/dns/resolv-conf.js';
import { type DnsServer, isTrusted } from '../core/dns/server.js';
import { createStubResolver, type StubResolver } from '../core/dns/stub-resolver.js';
import type { Kernel } from '../core/kernel/kernel.js';
import { createLinuxKernel, type LinuxKernel } from '../core/kernel/linux-kernel.js';
import type { Logger } from '../core/log.js';
import type { IpAddress } from '../core/net/address.js';
import type { Network } from '../core/net/network.js';
import type { Platform } from '../core/platform/platform.js';

const resolvConf = '/etc/resolv.conf';

/** The servers of the settings, or those of the machine; each with whether its word counts. */
export function nameServers(
  settings: Settings,
  files: Pick<Platform['files'], 'read'>,
): readonly (DnsServer & { isTrusted: boolean })[] {
  const own = settings.nameServers;
  const content = own.length > 0 ? undefined : files.read(resolvConf);
  const addresses = content ? parseResolvConf(fromUtf8(content)) : own;
  return addresses.map((address) => {
    const trusted = settings.trustedNameServers.includes(address);
    const server = { address, port: settings.dnsPort, trusted };
    return { ...server, isTrusted: isTrusted(server) };
  });
}

export const createResolver = (
  settings: Settings,
  platform: Platform,
  network: Pick<Network, 'udp' | 'tcp'>,
): StubResolver =>
  createStubResolver({
    network,
    clock: platform.clock,
    timers: platform.timers,
    random: (length) => platform.random(length),
    servers: () => nameServers(settings, platform.files),
    mark: settings.markBit,
    limits: { budgetMs: settings.dnsPatienceMs },
  });

export const createKernel = (
  settings: Settings,
  platform: Platform,
  network: Network,
  log: Logger,
): LinuxKernel =>
  createLinuxKernel({
    processes: platform.processes,
    clock: platform.clock,
    timers: platform.timers,
    files: platform.files,
    network,
    isBigEndian: platform.isBigEndian,
    log,
    settings: {
      markBit: settings.markBit,
      firstQueue: settings.firstQueue,
      firstReqid: settings.firstReqid,
      masquerade: (name) =>
        settings.wans.find((wan) => wan.interface === name)?.masquerade ?? 'auto',
    },
  });

/** What netifd tells about an interface; only the device matters here. */
function deviceInUbusStatus(output: string): string {
  try {
    const status = JSON.parse(output) as { l3_device?: unknown; up?: unknown };
    return status.up === true && typeof status.l3_device === 'string' ? status.l3_device : '';
  } catch {
    return '';
  }
}

/** The network device of a WAN: named by its section, else by netifd; empty while it is down. */
export async function wanDevice(
  wan: WanSettings,
  processes: Platform['processes'],
): Promise<string> {
  if (wan.device !== '') return wan.device;
  try {
    const object = `network.interface.${wan.interface}`;
    const result = await processes.run(['ubus', 'call', object, 'status']);
    return result.status === 0 ? deviceInUbusStatus(fromUtf8(result.output)) : '';
  } catch {
    return '';
  }
}

export interface WanState {
  /** Empty while the interface is down or unknown. */
  device: string;
  addresses: readonly IpAddress[];
}

export async function wanState(
  wan: WanSettings,
  processes: Platform['processes'],
  kernel: Pick<Kernel, 'deviceAddresses'>,
): Promise<WanState> {
  const device = await wanDevice(wan, processes);
  return { device, addresses: device === '' ? [] : await kernel.deviceAddresses(device) };
}
