/** Ends tunnels of ours: at once, or with patience where the peer should be the one to do it. */
import type { IkeDaemon, Tunnel } from '../ike/daemon.js';
import type { Logger } from '../log.js';
import type { Timer, Timers } from '../platform/platform.js';
import { simultaneousSeconds } from './precedence.js';

/** Longer than packets are under way, and than a busy peer needs to have the other tunnel. */
const drainMs = 3000;
/** A rekeyed tunnel's old keys: packets may wait in queues on their way. */
const lingerMs = 3000;

export class Closing {
  private readonly waiting = new Set<Timer>();
  private readonly draining = new Map<Timer, () => void>();

  constructor(private readonly env: { ike(): IkeDaemon; timers: Timers; log: Logger }) {}

  close(tunnel: Tunnel): void {
    const { ike, log } = this.env;
    ike()
      .close(tunnel)
      .catch((error) => log.error(`tunnel with ${tunnel.peer.address}: ${String(error)}`));
  }

  /**
   * The tunnel that lost is deleted by the end that started it, once what is on its way has come. The
   * other end waits for that delete, but not for ever: a peer that was restarted knows nothing of its
   * old tunnel.
   */
  yieldTo(loser: Tunnel): void {
    const pauseMs = loser.role === 'initiator' ? drainMs : 2 * simultaneousSeconds * 1000;
    const timer = this.env.timers.after(pauseMs, () => {
      this.waiting.delete(timer);
      this.close(loser);
    });
    this.waiting.add(timer);
  }

  /** Resolves when what is under way has come, and at a stop. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.env.timers.after(lingerMs, () => {
        this.draining.delete(timer);
        resolve();
      });
      this.draining.set(timer, resolve);
    });
  }

  /** Leaves no timer. */
  stop(): void {
    for (const [timer, resolve] of this.draining) {
      timer.cancel();
      resolve();
    }
    this.draining.clear();
    for (const timer of this.waiting) timer.cancel();
    this.waiting.clear();
  }
}
