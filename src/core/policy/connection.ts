/**
 * One connection: a pair of addresses on a WAN with what we decided about it
 * (draft-richardson-ipsec-opportunistic §3.2). The states and the moves between them are the table
 * below; nothing else changes a state.
 *
 *   nonexistent ──▶ potential ──▶ pending ──▶ keyed ──▶ expired
 *        │              │            │          ▲          ▲
 *        ├──────────────┴────────────┴──▶ clear │ (peer    │
 *        └──────────────┴────────────┴──▶ deny ─┴ keys) ───┘
 */
import type { ConnectionClass } from '../config/settings.js';
import type { Tunnel } from '../ike/daemon.js';
import type { IpAddress } from '../net/address.js';
import type { Timer } from '../platform/platform.js';
import type { Trust } from '../plugin.js';
import type { HeldPackets } from './held-packets.js';

export type ConnectionState =
  | 'nonexistent'
  | 'potential'
  | 'pending'
  | 'keyed'
  | 'clear'
  | 'deny'
  | 'expired';

/** What happens to a connection; the story is for the reader and the debug log. */
export type ConnectionEvent =
  | 'class wants encryption'
  | 'class is clear'
  | 'class is deny'
  | 'gateway found'
  | 'failed open'
  | 'failed closed'
  | 'tunnel is up'
  | 'peer keyed'
  | 'tunnel ended'
  | 'time is up'
  | 'forgotten';

interface Move {
  from: readonly ConnectionState[];
  event: ConnectionEvent;
  to: ConnectionState;
}

const undecided: readonly ConnectionState[] = ['potential', 'pending'];

/** Every move there is (§3.2.1 to §3.2.8, and §3.3.2 for the peer's). */
export const moves: readonly Move[] = [
  { from: ['nonexistent'], event: 'class wants encryption', to: 'potential' },
  { from: ['nonexistent'], event: 'class is clear', to: 'clear' },
  { from: ['nonexistent'], event: 'class is deny', to: 'deny' },
  { from: ['potential'], event: 'gateway found', to: 'pending' },
  { from: undecided, event: 'failed open', to: 'clear' },
  { from: undecided, event: 'failed closed', to: 'deny' },
  // a keyed connection that gets a younger tunnel stays keyed (§3.3.2: the latest wins)
  // and one that is clear gets the tunnel that a plugin made by itself
  { from: ['nonexistent', ...undecided, 'clear', 'keyed'], event: 'tunnel is up', to: 'keyed' },
  {
    from: ['nonexistent', 'potential', 'pending', 'clear', 'deny', 'keyed'],
    event: 'peer keyed',
    to: 'keyed',
  },
  { from: ['keyed'], event: 'tunnel ended', to: 'expired' },
  { from: ['clear', 'deny'], event: 'time is up', to: 'expired' },
  { from: ['potential', 'pending', 'keyed', 'clear', 'deny'], event: 'forgotten', to: 'expired' },
];

/** `configured`: another IPsec policy of this router covers the pair. */
export type Outcome = 'failed' | 'refused' | 'configured';

export interface Pair {
  wan: string;
  /** The source on the WAN, after NAT (OE-134). */
  source: IpAddress;
  destination: IpAddress;
}

export const pairKey = (pair: Pair): string => `${pair.wan} ${pair.source} ${pair.destination}`;

export interface Connection extends Pair {
  class: ConnectionClass;
  /** Policy section the class came from. */
  section: string;
  state: ConnectionState;
  /** A sentence for a person: why it is as it is. */
  why: string;
  /** How an attempt without a tunnel ended; absent where none was made. */
  outcome: Outcome | undefined;
  /** Ended by us rather than by time or the peer: no tunnel is wanted any more. */
  isForgotten: boolean;
  /** Monotonic milliseconds: a router sets its wall clock only after its line is up. */
  sinceMs: number;
  /** When the state is looked at again; 0 while an attempt runs. */
  untilMs: number;
  /** When its lifespan is looked at. */
  lookMs: number;
  /** Sources before NAT that the kernel's cache knows under this connection, each with its class. */
  readonly origins: Map<IpAddress, ConnectionClass>;
  readonly held: HeldPackets;
  /** The attempt that may still change the state; an older one finds itself replaced and gives up. */
  attempt: object | undefined;
  tunnel: Tunnel | undefined;
  trust: Trust | undefined;
  /** Name of the plugin that found the peer. */
  foundBy: string | undefined;
  timer: Timer | undefined;
}

/** The state after `event`, or `undefined` when the table has no such move. */
export const stateAfter = (
  from: ConnectionState,
  event: ConnectionEvent,
): ConnectionState | undefined =>
  moves.find((move) => move.event === event && move.from.includes(from))?.to;
