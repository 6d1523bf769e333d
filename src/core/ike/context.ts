/** What all parts of one daemon share. Made once by `ike-daemon.ts`. */
import type { InstalledSa, PacketCounts, SaLimits } from '../kernel/child-sa.js';
import type { Logger } from '../log.js';
import type { IpAddress } from '../net/address.js';
import type { Clock, Timers } from '../platform/platform.js';
import type { Attempt } from './attempt.js';
import type { Child } from './child.js';
import type { Cookies } from './cookie.js';
import type { Counters } from './counters.js';
import type { Credential } from './credentials.js';
import type { KeyPairPool } from './crypto/key-pair-pool.js';
import type { IkeOwner, RekeyResult } from './daemon.js';
import type { TimeShare } from './doorkeeper.js';
import type { Extensions } from './extensions.js';
import type { HalfOpen } from './half-open.js';
import type { RateLimit } from './hints.js';
import type { Identity } from './identity.js';
import type { IkeSa } from './ike-sa.js';
import type { KeyLog } from './key-log.js';
import type { IkeLifetime } from './lifetime.js';
import type { IkeLimits } from './limits.js';
import type { SaKeeper } from './persist/sa-keeper.js';
import type { Preferences } from './proposals/offer.js';
import type { FragmentMemory } from './reassembly.js';
import type { RefusalLog } from './refusal-log.js';
import type { SaRegistry } from './sa-registry.js';
import type { Transport } from './transport.js';
import type { Turns } from './turns.js';
import type { Workload } from './workload.js';

export interface IkeContext {
  readonly owner: IkeOwner;
  readonly log: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: (length: number) => Uint8Array;
  /** Proves us where nothing else was chosen; which key that is, is our business alone (OE-116). */
  readonly credential: Credential;
  /** The identity that we show from an address of ours (OE-104, OE-105). */
  readonly identity: ((local: IpAddress) => Identity) | undefined;
  /** Packets that have passed through a tunnel; `undefined` when nobody can tell. */
  readonly packetCounts: ((installed: InstalledSa) => Promise<PacketCounts>) | undefined;
  /** For debugging: gets the keys of every SA. */
  readonly keyLog: KeyLog | undefined;
  readonly lifetime: SaLimits;
  /** Seconds; 0: never. */
  readonly ikeLifetime: IkeLifetime;
  /** Port of IKE_SA_INIT, here and there: 500, or 4500 where nothing else passes (§2.23). */
  readonly firstPort: number;
  readonly limits: IkeLimits;
  readonly preferences: Preferences;

  readonly counters: Counters;
  readonly transport: Transport;
  readonly extensions: Extensions;
  readonly sas: SaRegistry;
  readonly keeper: SaKeeper;
  readonly keyPairs: KeyPairPool;
  readonly halfOpen: HalfOpen;
  readonly workload: Workload;
  readonly turns: Turns;
  /** Errors that we send to strangers without protection. */
  readonly unprotectedAnswers: RateLimit;
  /** Of all IKE SAs together. */
  readonly fragmentMemory: FragmentMemory;
  readonly cookies: Cookies;
  /** For strangers at the door, while there are many. */
  readonly doorTime: TimeShare;
  /** For those of them who bring a cookie. */
  readonly returnTime: TimeShare;
  /** Hands a wish out again: its IKE SA came to nothing before it stood. */
  readonly dispatch: (attempt: Attempt) => void;
  /** The peer does not answer within this IKE SA, or it is rekeyed: wishes look for another way. */
  readonly doubt: (sa: IkeSa) => void;
  /** New keys for an IKE SA that is old enough. Never rejects. */
  readonly renew: (sa: IkeSa) => Promise<RekeyResult>;
  /** Likewise for a Child SA. Never rejects. */
  readonly renewChild: (child: Child) => Promise<RekeyResult>;
  /** Lines about strangers that were turned away: a few at info, a flood at debug. */
  readonly refusals: RefusalLog;
  /** Numbers tunnels from 1. */
  nextTunnelId: number;
  /** OE-149: from now on nobody new is served. */
  isStopping: boolean;
}
