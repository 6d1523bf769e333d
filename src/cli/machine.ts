/** The context of the commands on a real machine, from its platform. */
import { loadSettingsFile } from '../core/config/load.js';
import type { Settings } from '../core/config/settings.js';
import { readAesSpeed } from '../core/kernel/cipher-speed.js';
import type { Kernel } from '../core/kernel/kernel.js';
import type { Network } from '../core/net/network.js';
import { keyPath, loadKey } from '../core/pki/key-store.js';
import { publicKeyOf } from '../core/pki/private-key.js';
import type { Platform } from '../core/platform/platform.js';
import { rememberedAesSpeed } from '../daemon/algorithms.js';
import { createResolver, nameServers, wanState } from '../daemon/parts.js';
import { plugins } from '../plugins/index.js';
import type { Locations } from './arguments.js';
import type { CliContext, OwnKeys } from './context.js';

/** What commands ask of the kernel: they look and change nothing. */
export type KernelView = Pick<Kernel, 'missingParts' | 'deviceAddresses'>;

export interface Machine {
  platform: Platform;
  network: Network;
  version: string;
  kernel(settings: Settings): KernelView;
}

function ownKeys(platform: Platform, { stateFolder }: Settings): OwnKeys {
  try {
    const key = loadKey(platform.files, stateFolder);
    if (key) return { ok: true, keys: [publicKeyOf(key)] };
    return { ok: false, why: `there is no key in ${keyPath(stateFolder)}` };
  } catch (error) {
    return { ok: false, why: String((error as Error).message) };
  }
}

/** Errors of a command go to standard error, as every line of that level does. */
export const complain = (platform: Platform) => (line: string) => platform.log.write('error', line);

export function machineContext(machine: Machine, locations: Locations): CliContext {
  const { platform, network, version } = machine;
  return {
    version,
    locations,
    clock: platform.clock,
    timers: platform.timers,
    network,
    print: (text) => platform.print(text),
    complain: complain(platform),
    loadSettings: () => loadSettingsFile(platform.files, locations.configFile, plugins),
    ownKeys: (settings) => ownKeys(platform, settings),
    nameServers: (settings) => nameServers(settings, platform.files),
    resolver: (settings) => createResolver(settings, platform, network),
    missingParts: (settings) => machine.kernel(settings).missingParts(),
    aesSpeed: ({ stateFolder }) =>
      rememberedAesSpeed(platform.files, stateFolder) ?? readAesSpeed(platform.files),
    wanState: (settings, wan) => wanState(wan, platform.processes, machine.kernel(settings)),
  };
}
