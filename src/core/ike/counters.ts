/**
 * Counters of everything a stranger can trigger, and of what became of exchanges. A stranger's
 * message is a number and a debug line, never an info line.
 */

/** Names as status and metrics show them. */
export const counterNames = [
  'messages received',
  'messages sent',
  'malformed messages',
  'messages for no SA',
  'unprotected messages',
  'unprotected answers',
  'hints of a lost SA',
  'forged messages',
  'unexpected messages',
  'fragments received',
  'fragments passed over',
  'fragments too many',
  'fragments without room',
  'messages outside the window',
  'repeated requests',
  'requests while busy',
  'messages put off',
  'retransmissions',
  'calls passed over',
  'cookies demanded',
  'wrong cookies',
  'half-open limit reached',
  'half-open expired',
  'no proposal chosen',
  'wrong key exchange group',
  'unauthenticated refusals',
  'unreachable hints',
  'vetoes',
  'ignored while stopping',
  'tunnels as initiator',
  'tunnels as responder',
  'rekeys as initiator',
  'rekeys as responder',
  'IKE rekeys as initiator',
  'IKE rekeys as responder',
  'attempts silent',
  'attempts refused',
  'attempts with bad signature',
  'attempts failed inside',
  'peers refused',
  'peers not authenticated',
  'dead peers',
  'tunnels in doubt',
  'bad moves',
] as const;
export type CounterName = (typeof counterNames)[number];

export class Counters {
  readonly #values = new Map<CounterName, number>(counterNames.map((name) => [name, 0]));

  count(name: CounterName): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + 1);
  }

  all(): Record<string, number> {
    return Object.fromEntries(this.#values);
  }
}
