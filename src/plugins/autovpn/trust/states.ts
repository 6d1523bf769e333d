/**
 * The states of a peer's certificate and what may happen to it ("The AutoVPN Architecture" §9.1 and
 * Figure 6). The table is the rule; nothing else changes a state.
 *
 *                          successful exchange
 *     Unknown ────────────────────────────────────▶ Unverified ──marked──▶ Untrusted
 *        ▲ └─ an authority vouches for it ─▶ Trusted ◀──marked──┘ │            │
 *        └──────────── removed, revoked, idle (Unverified only) ◀─┴────────────┘
 */

/** §9.1. `Unknown` is no entry at all. */
export type TrustState = 'Unknown' | 'Unverified' | 'Trusted' | 'Untrusted' | 'Managed';

export const trustStates: readonly TrustState[] = [
  'Unknown',
  'Unverified',
  'Trusted',
  'Untrusted',
  'Managed',
];

export type TrustEvent =
  /** An IKE exchange with it succeeded; no authority of ours vouches for the certificate. */
  | 'exchange'
  /** Likewise, and one does. */
  | 'exchange vouched for'
  /** Not used for longer than `unverified_timeout`. */
  | 'idle'
  | 'marked Trusted'
  | 'marked Untrusted'
  /** By a person. */
  | 'removed'
  | 'revoked'
  /** Another certificate with the same DN was presented. */
  | 'conflict'
  | 'secret agreed'
  | 'configured as managed';

/** What follows: a state, perhaps the same one, or a refusal that leaves everything as it is. */
export type Outcome = TrustState | { refused: string };

type Row = Readonly<Record<TrustState, Outcome>>;

const refused = (why: string): Outcome => ({ refused: why });

const untrusted = refused('it is marked Untrusted');
const another = refused('another certificate has this name already');
const byConfiguration = refused('it is managed: the configuration decides about it');
const nobody = refused('no such peer is known');

export const trustRows: Readonly<Record<TrustEvent, Row>> = {
  exchange: {
    Unknown: 'Unverified',
    Unverified: 'Unverified',
    Trusted: 'Trusted',
    Untrusted: untrusted,
    Managed: byConfiguration,
  },
  'exchange vouched for': {
    Unknown: 'Trusted',
    Unverified: 'Trusted',
    Trusted: 'Trusted',
    Untrusted: untrusted,
    Managed: byConfiguration,
  },
  idle: {
    Unknown: 'Unknown',
    Unverified: 'Unknown',
    Trusted: 'Trusted',
    // AV-A33: whoever forgets it takes it in again
    Untrusted: 'Untrusted',
    Managed: 'Managed',
  },
  'marked Trusted': {
    Unknown: nobody,
    Unverified: 'Trusted',
    Trusted: 'Trusted',
    Untrusted: 'Trusted',
    Managed: byConfiguration,
  },
  'marked Untrusted': {
    Unknown: nobody,
    Unverified: 'Untrusted',
    Trusted: 'Untrusted',
    Untrusted: 'Untrusted',
    Managed: byConfiguration,
  },
  removed: {
    Unknown: nobody,
    Unverified: 'Unknown',
    Trusted: 'Unknown',
    Untrusted: 'Unknown',
    Managed: byConfiguration,
  },
  revoked: {
    Unknown: refused('its certificate is revoked'),
    Unverified: 'Unknown',
    Trusted: 'Unknown',
    Untrusted: 'Unknown',
    Managed: byConfiguration,
  },
  conflict: {
    Unknown: 'Unknown',
    Unverified: another,
    Trusted: another,
    Untrusted: another,
    Managed: another,
  },
  'secret agreed': {
    Unknown: nobody,
    Unverified: 'Unverified',
    Trusted: 'Trusted',
    Untrusted: untrusted,
    Managed: byConfiguration,
  },
  'configured as managed': {
    Unknown: 'Managed',
    Unverified: 'Managed',
    Trusted: 'Managed',
    Untrusted: refused('it is marked Untrusted; take the mark away first'),
    Managed: 'Managed',
  },
};

/** RFC 4301 §4.4.3: may the peer authorization database have an entry for it (AV-131, AV-132)? */
export const mayHavePadEntry: Readonly<Record<TrustState, boolean>> = {
  Unknown: false,
  Unverified: true,
  Trusted: true,
  Untrusted: false,
  Managed: true,
};
