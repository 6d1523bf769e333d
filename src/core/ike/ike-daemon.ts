/**
 * The IKEv2 daemon (RFC 7296): puts the parts together and is what `policy` talks to.
 *
 *     const ike = createIkeDaemon({ network, clock, timers, random, log, key, owner, … });
 *     await ike.start();
 *     const result = await ike.connect({ local, remote, ours, theirs, keys, patienceMs: 20_000 });
 */
import type { InstalledSa, PacketCounts, SaLimits } from '../kernel/child-sa.js';
import type { Logger } from '../log.js';
import type { IpAddress, IpFamily } from '../net/address.js';
import type { Network } from '../net/network.js';
import type { PrivateKey } from '../pki/private-key.js';
import type { Clock, Timers } from '../platform/platform.js';
import type { StateFiles } from '../platform/state-files.js';
import { Attempts } from './attempts.js';
import { type Askable, certificateRequestExtension } from './certificate-payloads.js';
import type { Child } from './child.js';
import { childless } from './childless.js';
import type { IkeContext } from './context.js';
import { Cookies } from './cookie.js';
import { Counters } from './counters.js';
import type { Credential } from './credentials.js';
import { createKeyPairPool } from './crypto/key-pair-pool.js';
import { signAuth, supportedHashes } from './crypto/signature.js';
import type {
  IkeDaemon,
  IkeOwner,
  PeerWish,
  RekeyResult,
  Tunnel,
  TunnelResult,
  TunnelWish,
} from './daemon.js';
import { receive } from './dispatch.js';
import { TimeShare } from './doorkeeper.js';
import { deleteChild, deleteSa, expireChild } from './exchanges/informational.js';
import { rekeyChild } from './exchanges/rekey-child-initiator.js';
import { rekeySa } from './exchanges/rekey-sa-initiator.js';
import type { Extension, ExtensionServices } from './extension.js';
import { Extensions } from './extensions.js';
import { fragmentation } from './fragmentation.js';
import { HalfOpen } from './half-open.js';
import { RateLimit } from './hints.js';

import type { Identity } from './identity.js';
import type { IkeSa } from './ike-sa.js';
import type { KeyLog } from './key-log.js';
import type { IkeLifetime } from './lifetime.js';
import { defaultLimits, type IkeLimits } from './limits.js';
import { check } from './liveness.js';
import { natDetection } from './nat-detection.js';
import { holdPeer, type IkePeer, type IkePeerResult, informBy } from './peer.js';
import { type Adopt, restoreAll } from './persist/restore.js';
import { SaKeeper } from './persist/sa-keeper.js';
import { defaultPreferences, type Preferences } from './proposals/offer.js';
import { RefusalLog } from './refusal-log.js';
import { endSa } from './sa-life.js';
import { SaRegistry } from './sa-registry.js';
import { signatureHashes } from './signature-hashes.js';
import { isStanding } from './states.js';
import { IKE_PORT, NAT_PORT, Transport } from './transport.js';
import { Turns } from './turns.js';
import { withinTime } from './within-time.js';
import { Workload } from './workload.js';

export interface IkeDaemonOptions {
  network: Network;
  clock: Clock;
  timers: Timers;
  random(length: number): Uint8Array;
  log: Logger;
  owner: IkeOwner;
  /** Our key, when nothing else was chosen. */
  key: PrivateKey;
  /** What to prove ourselves with instead, unless a connection says otherwise. */
  credential?: Credential;
  /** What to ask callers for in IKE_SA_INIT, before it is known who they are. */
  asksCallersFor?: Askable;
  /**
   * Identity to show from a local address. When absent that address (OE-104), or with a certificate
   * its subject.
   */
  identity?(local: IpAddress): Identity;
  /** Firewall mark on all that the daemon sends. */
  mark?: number;
  /** Both when absent. */
  families?: readonly IpFamily[];
  /** Limits of Child SAs, before each end has spread them (`lifetime.ts`). */
  lifetime: SaLimits;
  /** Lifetime of IKE SAs; for ever when absent. */
  ikeLifetime?: IkeLifetime;
  /** Packets that passed through a tunnel; saves liveness probes, and tells of tunnels that are lost. */
  packetCounts?(installed: InstalledSa): Promise<PacketCounts>;
  /** For debugging: gets the keys of every SA. */
  keyLog?: KeyLog | undefined;
  /** ESP in UDP also where there is no NAT, and IKE on port 4500 from the start. */
  forceEncapsulation?: boolean;
  extensions?: readonly Extension[];
  preferences?: Partial<Preferences>;
  limits?: Partial<IkeLimits>;
  /** Where IKE SAs are kept for the next run after a crash; nowhere when absent. */
  state?: StateFiles;
  /** Ephemeral key pairs made ahead for each group. */
  readyKeyPairs?: number;
}

/** The daemon, with what is not part of its contract towards `policy`. */
export interface FullIkeDaemon extends IkeDaemon {
  /** Resolves with false when the peer turned out to be dead; its tunnels have ended then. */
  check(tunnel: Tunnel): Promise<boolean>;
  /** An IKE SA alone, for messages of a plugin (RFC 6023). Never rejects. */
  open(wish: PeerWish): Promise<IkePeerResult>;
  /** The IKE SA of a tunnel, held until it is closed; `undefined` when the tunnel is gone. */
  peerOf(tunnel: Tunnel): IkePeer | undefined;
}

const READY_KEY_PAIRS = 2;
/** Time for cookies that is saved up while there is no flood. */
const DOOR_SAVED_MS = 200;

export function createIkeDaemon(options: IkeDaemonOptions): FullIkeDaemon {
  return new Daemon(options);
}

class Daemon implements FullIkeDaemon {
  /** Open to tests that look inside. */
  readonly context: IkeContext;
  readonly #attempts: Attempts;
  readonly #transport: Transport;
  /** Goes on with what an earlier run had under way. */
  #resume: () => void = () => undefined;

  constructor(private readonly options: IkeDaemonOptions) {
    const { network, mark, families = [4, 6] } = options;
    this.#transport = new Transport(
      { network, families, mark },
      {
        message: (bytes, path) => receive(this.context, bytes, path),
        unreachable: (event) => this.#attempts.unreachable(event),
      },
    );
    this.context = createContext(options, this.#transport, {
      dispatch: (attempt) => this.#attempts.dispatch(attempt),
      doubt: (sa) => this.#attempts.doubt(sa),
      renew: (sa) => rekeySa(this.context, sa),
      renewChild: (child) => rekeyChild(this.context, child),
    });
    this.#attempts = new Attempts(this.context);
  }

  async start(): Promise<void> {
    await this.#transport.start();
    const { context } = this;
    context.extensions.start(servicesFor(context));
    this.#resume();
    warmUp(this.context);
  }

  async restore(adopt: Adopt): Promise<Tunnel[]> {
    const { state } = this.options;
    if (!state) return [];
    const { tunnels, resume } = await restoreAll(this.context, state, adopt);
    this.#resume = resume;
    return tunnels;
  }

  connect(wish: TunnelWish): Promise<TunnelResult> {
    return this.#attempts.connect(wish);
  }

  rekey(tunnel: Tunnel): Promise<RekeyResult> {
    return this.#renew(tunnel, (child) => rekeyChild(this.context, child));
  }

  rekeyIke(tunnel: Tunnel): Promise<RekeyResult> {
    return this.#renew(tunnel, (child) => rekeySa(this.context, child.ike));
  }

  async #renew(tunnel: Tunnel, run: (child: Child) => Promise<RekeyResult>): Promise<RekeyResult> {
    const found = this.#find((child) => child.tunnel?.id === tunnel.id);
    return found ? run(found) : { ok: false, why: 'it is gone' };
  }

  async close(tunnel: Tunnel): Promise<void> {
    const found = this.#find((child) => child.tunnel?.id === tunnel.id);
    const all = found ? [found, found.heir, found.replaces].filter((one) => one !== undefined) : [];
    await Promise.all(all.map((child) => deleteChild(this.context, child, 'deleted by us')));
  }

  expired(installed: InstalledSa): void {
    const found = this.#find((child) => child.installed === installed);
    if (found) void expireChild(this.context, found);
  }

  async check(tunnel: Tunnel): Promise<boolean> {
    const found = this.#find((child) => child.tunnel?.id === tunnel.id);
    return found ? check(this.context, found.ike) : false;
  }

  open(wish: PeerWish): Promise<IkePeerResult> {
    return this.#attempts.open(wish);
  }

  peerOf(tunnel: Tunnel): IkePeer | undefined {
    const found = this.#find((child) => child.tunnel?.id === tunnel.id);
    return found && holdPeer(this.context, found.ike);
  }

  pressure(): string | undefined {
    return pressureOf(this.context);
  }

  counters(): Record<string, number> {
    const { counters, sas, halfOpen } = this.context;
    const tunnels = sas.all().reduce((sum, sa) => sum + sa.children.size, 0);
    return {
      ...counters.all(),
      'IKE SAs': sas.size,
      'half-open': halfOpen.count,
      'calls in the last second': halfOpen.callsPerSecond,
      tunnels,
    };
  }

  async stop(graceMs: number): Promise<void> {
    const ctx = this.context;
    if (ctx.isStopping) return;
    ctx.isStopping = true;
    this.#attempts.stop('the service is stopping');
    const leaving = Promise.all(ctx.sas.all().map((sa) => this.#leave(sa)));
    await withinTime(ctx.timers, graceMs, leaving).catch((error) =>
      ctx.log.error(`deletes at the stop: ${String(error)}`),
    );
    const why = 'the service is stopping';
    await Promise.all(ctx.sas.all().map((sa) => endSa(ctx, sa, 'deleted by us', why)));
    for (const sa of ctx.sas.all()) forget(ctx, sa);
    ctx.keeper.stop();
    ctx.keyPairs.stop();
    this.#transport.stop();
    ctx.turns.stop();
  }

  /** OE-148: whoever shares an IKE SA with us is told. */
  async #leave(sa: IkeSa): Promise<void> {
    if (isStanding(sa.state) || sa.state === 'REKEYED')
      await deleteSa(this.context, sa, 'the service is stopping');
    else if (sa.state === 'GONE') forget(this.context, sa);
    else await endSa(this.context, sa, 'deleted by us', 'the service is stopping');
  }

  #find(fits: (child: Child) => boolean): Child | undefined {
    for (const sa of this.context.sas.all())
      for (const child of sa.children) if (fits(child)) return child;
    return undefined;
  }
}

const servicesFor = (ctx: IkeContext): ExtensionServices => ({
  inform: (sa, payloads) => informBy(ctx, sa, payloads),
  standing: () => ctx.sas.all().filter(({ state, peer }) => isStanding(state) && peer),
  end(view, why) {
    const sa = ctx.sas.all().find((one) => one === view);
    if (sa) void deleteSa(ctx, sa, why);
  },
});

/** The first use of a curve builds tables; better now than while somebody waits. */
function warmUp({ preferences, credential, random }: IkeContext): void {
  for (const group of preferences.groups.slice(0, 1)) group.warmUp();
  if ('key' in credential) signAuth(credential.key, new Uint8Array(0), supportedHashes, random);
}

function pressureOf({ halfOpen }: IkeContext): string | undefined {
  if (!halfOpen.isUnderLoad) return undefined;
  const facts = `${halfOpen.callsPerSecond} in the last second, ${halfOpen.count} half-open`;
  return `a flood of unknown callers (${facts}): each has to show first that its address is its own; tunnels that stand, and calls from here, go before`;
}

/** Leaves nothing: no timer, no entry. */
function forget(ctx: IkeContext, sa: IkeSa): void {
  sa.timers.cancelAll();
  ctx.sas.remove(sa);
}

function createContext(
  options: IkeDaemonOptions,
  transport: Transport,
  hooks: Pick<IkeContext, 'dispatch' | 'doubt' | 'renew' | 'renewChild'>,
): IkeContext {
  const { clock, timers, random, log, owner, key, lifetime } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const preferences = { ...defaultPreferences, ...options.preferences };
  const size = options.readyKeyPairs ?? READY_KEY_PAIRS;
  return {
    owner,
    log,
    clock,
    timers,
    random,
    credential: options.credential ?? { kind: 'key', key },
    identity: options.identity,
    packetCounts: options.packetCounts,
    keyLog: options.keyLog,
    lifetime,
    ikeLifetime: options.ikeLifetime ?? { softSeconds: 0, hardSeconds: 0 },
    firstPort: options.forceEncapsulation ? NAT_PORT : IKE_PORT,
    limits,
    preferences,
    counters: new Counters(),
    transport,
    extensions: new Extensions(
      [
        natDetection(options.forceEncapsulation === true),
        signatureHashes,
        fragmentation(limits),
        childless,
        certificateRequestExtension(options.asksCallersFor ?? {}),
        ...(options.extensions ?? []),
      ],
      log,
    ),
    sas: new SaRegistry(),
    keeper: new SaKeeper(options.state, timers),
    keyPairs: createKeyPairPool({ groups: preferences.groups.slice(0, 1), size, timers, random }),
    halfOpen: new HalfOpen(limits, clock),
    workload: new Workload(limits),
    turns: new Turns(timers, {
      peer: limits.maxWaitingMessages,
      stranger: limits.maxWaitingStrangers,
    }),
    fragmentMemory: { bytes: 0 },
    unprotectedAnswers: new RateLimit(clock, limits.unprotectedAnswersPerSecond),
    cookies: new Cookies(clock, random),
    doorTime: new TimeShare(clock, limits.doorTimeShare, DOOR_SAVED_MS),
    returnTime: new TimeShare(clock, limits.returnTimeShare, DOOR_SAVED_MS),
    refusals: new RefusalLog(log, clock, limits.refusalLinesPerMinute),
    ...hooks,
    nextTunnelId: 1,
    isStopping: false,
  };
}
