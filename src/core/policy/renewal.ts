/**
 * New keys before the old ones end (OE-49). A tunnel that is in use has them by a rekey in place, if
 * the facts behind it still hold: its records are asked for again. One that is not in use is left to
 * its hard limit (OE-124), as is one whose renewal fails (OE-50); both are looked at again until then.
 */

import { wouldAccept } from '../ike/accepted.js';
import type { IkeDaemon, IkeOwner, RekeyResult, Tunnel } from '../ike/daemon.js';
import type { InstalledSa } from '../kernel/child-sa.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Logger } from '../log.js';
import type { Clock, Timer, Timers } from '../platform/platform.js';
import type { Connection } from './connection.js';
import { isInUse } from './lifespan.js';
import type { PolicyWan } from './wan.js';

/**
 * A packet within this time before the soft limit shows that the tunnel is useful. Longer than what
 * keeps a tunnel for its next lifespan (OE-121): to set it up again costs the user a pause.
 */
const lookBackSeconds = 300;
const lookAgainMs = 30_000;

interface RenewalEnvironment {
  kernel: Pick<Kernel, 'use'>;
  clock: Clock;
  timers: Timers;
  log: Logger;
  ike(): Pick<IkeDaemon, 'rekey'>;
  wanNamed(name: string): PolicyWan | undefined;
  authorize: IkeOwner['authorize'];
  /** A tunnel with another gateway, in the place of this one; or why there is none. */
  replace(connection: Connection, wan: PolicyWan): Promise<RekeyResult>;
}

export class Renewal {
  readonly #underWay = new WeakMap<Connection, InstalledSa>();
  readonly #timers = new Set<Timer>();
  #isStopped = false;

  constructor(private readonly env: RenewalEnvironment) {}

  /** The soft limit is reached. The states of both directions reach it one after the other. */
  begin(connection: Connection): void {
    const installed = connection.tunnel?.installed;
    if (!installed || this.#underWay.get(connection) === installed) return;
    this.#underWay.set(connection, installed);
    this.#go(connection, installed);
  }

  /** Leaves no timer. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #go(connection: Connection, installed: InstalledSa): void {
    this.#look(connection, installed)
      .catch((error) =>
        this.env.log.error(`new keys for ${connection.destination}: ${String(error)}`),
      )
      .then(() => this.#goAgain(connection, installed));
  }

  /** Until there are new keys or the tunnel ends: what stood in the way may pass. */
  #goAgain(connection: Connection, installed: InstalledSa): void {
    const isSettled = () => this.#isStopped || connection.tunnel?.installed !== installed;
    if (isSettled()) return;
    const timer = this.env.timers.after(lookAgainMs, () => {
      this.#timers.delete(timer);
      if (!isSettled()) this.#go(connection, installed);
    });
    this.#timers.add(timer);
  }

  async #look(connection: Connection, installed: InstalledSa): Promise<void> {
    const isSettled = () => connection.tunnel?.installed !== installed;
    const use = await this.env.kernel.use(installed);
    if (isSettled()) return;
    if (isInUse(use, this.env.clock.wallSeconds(), lookBackSeconds)) {
      const result = await this.#renew(connection, connection.tunnel!);
      if (isSettled()) return;
      if (!result.ok)
        this.env.log.warning(`${connection.destination}: no new keys yet, ${result.why}`);
    }
  }

  async #renew(connection: Connection, tunnel: Tunnel): Promise<RekeyResult> {
    const wan = this.env.wanNamed(connection.wan);
    if (!wan) return { ok: false, why: `WAN ${connection.wan} is gone` };
    if (tunnel.role === 'initiator') return this.#renewOurs(connection, tunnel, wan);
    const may = await this.env.authorize(claimOf(tunnel));
    return may.ok ? this.env.ike().rekey(tunnel) : may;
  }

  /** Its gateway may be another one by now, or have another key. */
  async #renewOurs(connection: Connection, tunnel: Tunnel, wan: PolicyWan): Promise<RekeyResult> {
    const renews = wan.plugins.renews(connection.foundBy, tunnel);
    if (renews === false) return { ok: false, why: `${connection.foundBy} does not want it` };
    if (renews) return this.env.ike().rekey(tunnel);
    const plan = await wan.plugins.plan(connection);
    const isAsBefore =
      plan.kind === 'key' &&
      plan.gateways.some(
        (one) => one.address === tunnel.peer.address && wouldAccept(one, tunnel.peer),
      );
    return isAsBefore ? this.env.ike().rekey(tunnel) : this.env.replace(connection, wan);
  }
}

/** What the peer would have to be granted, were it to ask. */
function claimOf({ peer, installed }: Tunnel): Parameters<IkeOwner['authorize']>[0] {
  const { sa } = installed;
  return {
    ...peer,
    local: sa.local,
    theirs: sa.theirs.prefix,
    ours: sa.ours.prefix,
    isWholePair: true,
    isBehindNat: sa.encapsulation !== undefined,
    isRekey: true,
  };
}
