/**
 * Tunnels that a plugin begins by itself, because it has found a peer on the path, rather than for a
 * packet that waits. They stand under the same policy as all others.
 */
import type { Settings } from '../config/settings.js';
import type { IkeDaemon, Tunnel } from '../ike/daemon.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import type { OpenResult, OwnTunnel, Wish } from '../plugin.js';
import { tryGateway } from './attempt.js';
import type { Closing } from './closing.js';
import type { Connection, Pair } from './connection.js';
import { type ClassMatch, initiates } from './connection-class.js';
import type { Connections } from './connections.js';
import { isBeyond } from './exemptions.js';
import type { Fallback } from './fallback.js';
import type { TunnelKeeper } from './tunnel-keeper.js';
import type { PolicyWan } from './wan.js';

interface OwnTunnelsEnvironment {
  kernel: Pick<Kernel, 'isConfigured'>;
  log: Logger;
  table: Connections;
  tunnels: Pick<TunnelKeeper, 'keyed'>;
  closing: Pick<Closing, 'close'>;
  fallback: Fallback;
  ike(): IkeDaemon;
  settings(): Settings;
  classFor(wan: PolicyWan, pair: Wish): ClassMatch;
  wanNamed(name: string): PolicyWan | undefined;
  /** Ends a connection and its tunnel. */
  drop(connection: Connection, why: string): void;
}

export class OwnTunnels {
  constructor(private readonly env: OwnTunnelsEnvironment) {}

  /** Why no plugin may begin a tunnel for this pair; `undefined` when it may. */
  async covered(wanName: string, pair: Wish): Promise<string | undefined> {
    const wan = this.env.wanNamed(wanName);
    if (!wan) return `WAN ${wanName} is gone`;
    const atOnce = this.refusal(wan, pair);
    if (atOnce) return atOnce;
    // SP-1: a configured tunnel comes first and is none of our business
    return (await this.env.kernel.isConfigured(pair.source, pair.destination))
      ? 'another IPsec policy on this router covers the pair'
      : undefined;
  }

  private refusal(wan: PolicyWan, pair: Wish): string | undefined {
    const match = this.env.classFor(wan, pair);
    if (!initiates(match.class)) return `policy '${match.section}' has it as ${match.class}`;
    if (!isBeyond(wan.settings, pair.destination))
      return `${pair.destination} is no address beyond a WAN`;
    const known = this.env.table.find({ wan: wan.name, ...pair });
    if (known?.tunnel) return 'a tunnel stands';
    if (known?.attempt) return 'another plugin looks for a gateway';
    return known?.state === 'deny' ? 'its packets are denied' : undefined;
  }

  /** Never rejects. */
  async open(plugin: string, wanName: string, own: OwnTunnel): Promise<OpenResult> {
    try {
      return await this.tryToOpen(plugin, wanName, own);
    } catch (error) {
      return { ok: false, why: `internal error: ${String(error)}` };
    }
  }

  private async tryToOpen(plugin: string, wanName: string, own: OwnTunnel): Promise<OpenResult> {
    const { source, destination } = own.wish;
    const why = await this.covered(wanName, own.wish);
    const wan = this.env.wanNamed(wanName);
    if (why || !wan) return { ok: false, why: why ?? 'the WAN is gone' };
    const pair: Pair = { wan: wanName, source, destination };
    const env = { ike: this.env.ike(), settings: this.env.settings() };
    const outcome = await tryGateway(env, wan, pair, own.gateway, own.ike);
    if ('failure' in outcome) {
      const { why } = outcome.failure;
      const match = this.env.classFor(wan, pair);
      const origins = new Map(own.origin ? [[own.origin, match.class]] : []);
      this.env.fallback.failed(plugin, pair, match, origins, why);
      return { ok: false, why };
    }
    return this.take(plugin, wan, pair, own, outcome.tunnel);
  }

  private take(
    plugin: string,
    wan: PolicyWan,
    pair: Pair,
    own: OwnTunnel,
    tunnel: Tunnel,
  ): OpenResult {
    const { table, classFor, closing, tunnels } = this.env;
    const match = classFor(wan, pair);
    const connection = initiates(match.class)
      ? (table.find(pair) ?? table.create(pair, match))
      : undefined;
    if (!connection) {
      closing.close(tunnel);
      return { ok: false, why: 'policy has changed, or there is no room' };
    }
    const { origin, why } = own;
    const trust = own.trust(tunnel);
    if (origin) {
      const of = classFor(wan, { source: origin, destination: pair.destination });
      connection.origins.set(origin, of.class);
    }
    tunnels.keyed(connection, tunnel, 'tunnel is up', { trust, plugin, why });
    return { ok: true, tunnel };
  }

  /** The tunnels that a plugin has found peers for. */
  foundBy(plugin: string): Tunnel[] {
    const found = this.env.table.all().filter((each) => each.foundBy === plugin);
    return found.flatMap((each) => each.tunnel ?? []);
  }

  end(plugin: string, which: (tunnel: Tunnel) => boolean, why: string): void {
    for (const connection of this.env.table.all())
      if (connection.foundBy === plugin && connection.tunnel && which(connection.tunnel))
        this.env.drop(connection, why);
  }
}
