/**
 * What `autoipsec status` tells: values only, as they cross the control channel and as `--json`
 * prints them. `status-text.ts` makes text for people of it. Text of strangers in it (`why`,
 * `identity`) has been through `printable` before it comes here.
 */
import type { ConnectionClass } from '../config/settings.js';
import type { ProofKind } from '../ike/credentials.js';
import type { SaUse } from '../kernel/child-sa.js';
import type { IpAddress } from '../net/address.js';
import type { Trust } from '../plugin.js';

export interface PluginStatus {
  name: string;
  /** A plugin that failed is off; the others go on. */
  state: 'on' | 'off';
  /** Why it is off; empty when it is on. */
  reason: string;
  /** What it has done, by name, where it counts. */
  counters?: Readonly<Record<string, number>>;
}

export interface WanStatus {
  name: string;
  /** Empty while the interface is down. */
  device: string;
  addresses: readonly IpAddress[];
  plugins: readonly PluginStatus[];
}

export interface ResolverStatus {
  /** In the order in which they are asked; the AD bit of trusted ones counts (OE-86). */
  servers: readonly { address: IpAddress; isTrusted: boolean }[];
  /** Whether answers come validated; `unknown` until something signed was asked for. */
  validates: 'yes' | 'no' | 'unknown';
}

export interface PeerStatus {
  address: IpAddress;
  /** As the peer proved it: an address or `@name`. */
  identity: string;
  role: 'initiator' | 'responder';
  trust: Trust;
  /** The same in words (OE-89), from `trustText`. */
  trustText: string;
  /** What it has proven itself with. */
  proof: ProofKind;
  /** SPIs of the ESP SAs, 8 hexadecimal digits; those of the IKE SA 16. */
  spiIn: string;
  spiOut: string;
  ikeSpiInitiator: string;
  ikeSpiResponder: string;
  /** Algorithms of the IKE SA and of ESP. */
  suite: string;
}

/** States that a connection can be seen in (the others last no time). */
export const reportedStates = ['keyed', 'pending', 'potential', 'clear', 'deny'] as const;
export type ReportedState = (typeof reportedStates)[number];

export interface ConnectionStatus {
  destination: IpAddress;
  /** The source on the WAN, after NAT. */
  source: IpAddress;
  wan: string;
  class: ConnectionClass;
  state: ReportedState;
  /** A sentence: why it is in this state. */
  why: string;
  /** Wall clock seconds since when it is in this state. */
  since: number;
  /** Wall clock seconds at which the state is looked at again; 0 while an attempt runs. */
  until: number;
  /** Name of the plugin that found the peer. */
  foundBy?: string;
  /** For keyed connections. */
  peer?: PeerStatus;
  /** For keyed connections, as the kernel counts. */
  counters?: SaUse;
}

export interface StatusReport {
  version: string;
  /** Wall clock seconds at which the report was made. */
  now: number;
  uptimeSeconds: number;
  wans: readonly WanStatus[];
  resolver: ResolverStatus;
  /** How many connections are in each state; also those that `connections` leaves out. */
  totals: Readonly<Record<ReportedState, number>>;
  connections: readonly ConnectionStatus[];
  /** Counters of the IKE daemon, by name. */
  ike: Readonly<Record<string, number>>;
  /** Sentences about what a person should look at. */
  warnings: readonly string[];
}

/** How far to trust a peer, in words (OE-89). */
export const trustText: Readonly<Record<Trust, string>> = {
  unauthenticated: 'not authenticated: safe from listeners only',
  'first contact':
    'certificate taken as it came: safe from listeners, and from whoever came later; somebody between you at the first contact would not have been noticed',
  dns: 'key from DNS without signature: safe from listeners, not from active attackers',
  dnssec: 'key vouched for by DNSSEC',
  authority: 'certificate vouched for by an authority that you named',
  fingerprint: 'you have compared the fingerprint of its certificate',
};
