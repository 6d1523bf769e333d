/**
 * The WANs of a running service: their devices and addresses of the moment, and an instance of each
 * of their plugins.
 */
import type { Settings, WanSettings } from '../core/config/settings.js';
import type { Resolver } from '../core/dns/resolver.js';
import type { Kernel } from '../core/kernel/kernel.js';
import type { Logger } from '../core/log.js';
import type { IpAddress } from '../core/net/address.js';
import type { Platform } from '../core/platform/platform.js';
import type { Plugin } from '../core/plugin.js';
import { type PluginSlot, WanPlugins } from '../core/policy/plugins.js';
import type { PolicyWan } from '../core/policy/wan.js';
import { wanState } from './parts.js';
import type { PluginServices } from './plugin-services.js';

export interface WanParts {
  platform: Platform;
  kernel: Pick<Kernel, 'deviceAddresses'>;
  resolver: Resolver;
  log: Logger;
  /** Every plugin of this build. */
  available: readonly Plugin[];
  services: PluginServices;
}

/** Makes the instance, or a slot that says why there is none: the others go on. */
function slotOf(
  name: string,
  wan: WanSettings,
  addresses: () => readonly IpAddress[],
  parts: WanParts,
): PluginSlot {
  const log = parts.log.for(`${name} ${wan.interface}`);
  const off = (failure: string): PluginSlot => {
    const refused = { kind: 'refused', why: failure } as const;
    const instance = {
      plan: async () => ({ kind: 'unknown', why: failure }) as const,
      keysFor: async () => refused,
      authorize: async () => refused,
      forget: () => undefined,
      stop: () => undefined,
    };
    log.error(`off: ${failure}`);
    return { name, instance, failure };
  };
  const plugin = parts.available.find((each) => each.name === name);
  if (!plugin) return off('this build has no such plugin');
  try {
    const { clock, timers } = parts.platform;
    const context = {
      options: wan.pluginOptions[name],
      wan: { name: wan.interface, addresses },
      dns: parts.resolver,
      clock,
      timers,
      log,
      random: (length: number) => parts.platform.random(length),
      ...parts.services.wiring(name, wan.interface),
    };
    const instance = plugin.create(context, parts.services.of(plugin));
    return { name, instance, failure: '' };
  } catch (error) {
    return off(String(error));
  }
}

/** One WAN; its addresses are read by `refreshWans`. */
function createWan(wan: WanSettings, index: number, device: string, parts: WanParts): PolicyWan {
  const slots: PluginSlot[] = [];
  const made: PolicyWan = {
    name: wan.interface,
    device,
    index,
    settings: wan,
    addresses: [],
    plugins: new WanPlugins(slots, parts.log),
  };
  for (const name of wan.plugins) slots.push(slotOf(name, wan, () => made.addresses, parts));
  return made;
}

/** All WANs whose interface is up; one that is down is left out and said so. */
export async function createWans(settings: Settings, parts: WanParts): Promise<PolicyWan[]> {
  const wans: PolicyWan[] = [];
  for (const [index, wan] of settings.wans.entries()) {
    const state = await wanState(wan, parts.platform.processes, parts.kernel);
    if (state.device === '') {
      parts.log.warning(`WAN ${wan.interface} is down, or netifd does not know it`);
      continue;
    }
    const made = createWan(wan, index, state.device, parts);
    made.addresses = state.addresses;
    wans.push(made);
  }
  return wans;
}

/** Reads the addresses again; gives the WANs on which some changed. */
export async function refreshWans(
  wans: readonly PolicyWan[],
  kernel: Pick<Kernel, 'deviceAddresses'>,
): Promise<PolicyWan[]> {
  const changed: PolicyWan[] = [];
  for (const wan of wans) {
    const addresses = await kernel.deviceAddresses(wan.device);
    if (addresses.join() === wan.addresses.join()) continue;
    wan.addresses = addresses;
    changed.push(wan);
  }
  return changed;
}
