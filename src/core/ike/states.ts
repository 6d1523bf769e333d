/**
 * The states of an IKE SA and every move between them. The rows in `rows.ts` say which message makes
 * which move; the other moves are ours (a wish, a delete, the end of patience).
 *
 *   initiator                          responder
 *
 *            ┌──────────── NONE ────────────┐
 *            ▼                              ▼
 *   ┌──▶ INIT_SENT                    INIT_ANSWERED ──────┐
 *   └──────┤ │ COOKIE, INVALID_KE           │             │ half-open for too long
 *          │ ▼                              ▼             │
 *          │ AUTH_SENT                 AUTH_PENDING ──────┤ (keys and authorization are asked for)
 *          │ │   │  signature is bad        │             │ refused
 *          │ ▼   └──────────┐               │             │
 *          │ ESTABLISHED ◀──┼───────────────┘             │
 *          │ │  ▲ │         │                             │
 *          │ │  ▼ │         ▼                             │
 *          │ │ REKEYING ──▶ DELETING (ours is on its way) │
 *          │ │  │ ▼         ▲                             │
 *          │ │ REKEYED ─────┘ (its tunnels have gone over to the new one)
 *          ▼ ▼              ▼                             ▼
 *         GONE: still answers a repeated request, then is forgotten
 */

export type State =
  | 'NONE'
  | 'INIT_SENT'
  | 'AUTH_SENT'
  | 'INIT_ANSWERED'
  | 'AUTH_PENDING'
  | 'ESTABLISHED'
  /** It stands, and our request to rekey it is on its way (§2.8). */
  | 'REKEYING'
  /** Another one has its place; one of both ends deletes it. */
  | 'REKEYED'
  | 'DELETING'
  | 'GONE';

export const moves: Readonly<Record<State, readonly State[]>> = {
  NONE: ['INIT_SENT', 'INIT_ANSWERED', 'ESTABLISHED', 'GONE'],
  INIT_SENT: ['INIT_SENT', 'AUTH_SENT', 'GONE'],
  AUTH_SENT: ['ESTABLISHED', 'DELETING', 'GONE'],
  INIT_ANSWERED: ['AUTH_PENDING', 'GONE'],
  AUTH_PENDING: ['ESTABLISHED', 'GONE'],
  ESTABLISHED: ['REKEYING', 'REKEYED', 'DELETING', 'GONE'],
  REKEYING: ['ESTABLISHED', 'REKEYED', 'DELETING', 'GONE'],
  REKEYED: ['DELETING', 'GONE'],
  DELETING: ['GONE'],
  GONE: [],
};

/** States in which both ends have proven who they are. */
export const isAuthenticated = (state: State): boolean =>
  isStanding(state) || state === 'REKEYED' || state === 'DELETING';

/** States in which it carries tunnels. */
export const isStanding = (state: State): boolean =>
  state === 'ESTABLISHED' || state === 'REKEYING';

/** Moves that no message makes, or that follow an answer of the owner. */
export const ownMoves: readonly { story: string; from: State; to: State }[] = [
  { story: 'a tunnel is wanted', from: 'NONE', to: 'INIT_SENT' },
  { story: 'a stranger called and was answered', from: 'NONE', to: 'INIT_ANSWERED' },
  { story: 'not even begun', from: 'NONE', to: 'GONE' },
  { story: 'patience is over; the answer will be a delete', from: 'AUTH_SENT', to: 'DELETING' },
  { story: 'we stop, or fail inside', from: 'AUTH_SENT', to: 'GONE' },
  { story: 'half-open for too long', from: 'INIT_ANSWERED', to: 'GONE' },
  { story: 'keys and authorization are there', from: 'AUTH_PENDING', to: 'ESTABLISHED' },
  { story: 'no keys, no proof, or no time left', from: 'AUTH_PENDING', to: 'GONE' },
  { story: 'made within the one that it replaces (§1.3.2)', from: 'NONE', to: 'ESTABLISHED' },
  { story: 'we delete it', from: 'ESTABLISHED', to: 'DELETING' },
  { story: 'we delete it all the same', from: 'REKEYING', to: 'DELETING' },
  { story: 'we delete the one that we have replaced', from: 'REKEYED', to: 'DELETING' },
  { story: 'it is old enough for new keys', from: 'ESTABLISHED', to: 'REKEYING' },
  { story: 'the peer is dead', from: 'ESTABLISHED', to: 'GONE' },
  { story: 'our delete is answered, or will never be', from: 'DELETING', to: 'GONE' },
];
