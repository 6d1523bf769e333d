/** What plugins do once for all WANs, and what connects their instances with the other parts. */
import type { Settings } from '../core/config/settings.js';
import type { PacketPath } from '../core/kernel/packet-path.js';
import type { Logger } from '../core/log.js';
import type { PrivateKey } from '../core/pki/private-key.js';
import type { Platform } from '../core/platform/platform.js';
import type { Plugin, PluginContext, PluginService, PluginTunnels } from '../core/plugin.js';
import type { Policy } from '../core/policy/policy.js';

/** Parts that are made after the plugins. */
export interface LaterParts {
  policy?: Policy;
}

export interface ServiceParts {
  settings: Settings;
  platform: Platform;
  key: PrivateKey;
  log: Logger;
  available: readonly Plugin[];
  kernel: PacketPath;
  later: LaterParts;
}

/** The service of a plugin, or why there is none. */
type Served = { service: PluginService | undefined } | { failure: string };

export class PluginServices {
  readonly #served = new Map<string, Served>();

  constructor(private readonly parts: ServiceParts) {
    const used = new Set(parts.settings.wans.flatMap((wan) => wan.plugins));
    for (const plugin of parts.available)
      if (used.has(plugin.name)) this.#served.set(plugin.name, this.#serve(plugin));
  }

  /** Throws with the reason when the plugin's service could not be made. */
  of(plugin: Plugin): PluginService {
    const served = this.#served.get(plugin.name);
    if (served && 'failure' in served) throw new Error(served.failure);
    return served?.service ?? { stop: () => undefined };
  }

  all(): PluginService[] {
    return [...this.#served.values()].flatMap((each) =>
      'service' in each && each.service ? [each.service] : [],
    );
  }

  /** What connects an instance with packets and policy. */
  wiring(plugin: string, wan: string): Pick<PluginContext<unknown>, 'path' | 'open' | 'covered'> {
    const { kernel, later } = this.parts;
    const own = () => later.policy?.ownTunnels;
    const why = 'the service is not up yet';
    return {
      path: kernel,
      open: async (tunnel) => (await own()?.open(plugin, wan, tunnel)) ?? { ok: false, why },
      covered: async (pair) => (own() ? own()!.covered(wan, pair) : why),
    };
  }

  stop(): void {
    for (const service of this.all()) {
      try {
        service.stop();
      } catch (error) {
        this.parts.log.error(`a plugin failed to stop: ${String(error)}`);
      }
    }
  }

  #serve(plugin: Plugin): Served {
    const { settings, platform, key, log } = this.parts;
    const { files, clock, timers } = platform;
    try {
      const service = plugin.serve?.({
        ...{ files, clock, timers, key },
        folder: settings.stateFolder,
        wans: settings.wans
          .filter((wan) => wan.plugins.includes(plugin.name))
          .map((wan) => ({ name: wan.interface, options: wan.pluginOptions[plugin.name] })),
        log: log.for(plugin.name),
        random: (length) => platform.random(length),
        tunnels: this.#tunnelsOf(plugin.name),
      });
      return { service };
    } catch (error) {
      return { failure: String(error) };
    }
  }

  #tunnelsOf(plugin: string): PluginTunnels {
    const own = () => this.parts.later.policy?.ownTunnels;
    return {
      all: () => own()?.foundBy(plugin) ?? [],
      end: (which, why) => own()?.end(plugin, which, why),
    };
  }
}
