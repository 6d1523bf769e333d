/**
 * What a connection means for one of its sources. Hosts behind the same masqueraded address share a
 * connection, as they share the pair that a tunnel is made for, but each keeps its own class: what one
 * may send in clear another may not.
 */
import type { ConnectionClass } from '../config/settings.js';
import type { Verdict } from '../kernel/kernel.js';
import type { Connection } from './connection.js';
import { initiates } from './connection-class.js';

type Decided = Pick<Connection, 'state' | 'outcome'>;

const isSettled = ({ state }: Decided): boolean => state === 'clear' || state === 'deny';

/** The verdict on packets of a source with this class; `undefined` while undecided. */
export function verdictFor(connection: Decided, of: ConnectionClass): Verdict | undefined {
  const isKeyed = connection.state === 'keyed';
  if (!isKeyed && !isSettled(connection)) return undefined;
  if (of === 'deny') return 'deny';
  if (isKeyed) return 'encrypt';
  if (!initiates(of) || connection.outcome === 'configured') return 'pass';
  // OE-24, OE-37
  return of === 'oe-permissive' && connection.outcome === 'failed' ? 'pass' : 'deny';
}

/** False where the class wants an attempt and nobody has made one yet. */
export const answers = (connection: Decided, of: ConnectionClass): boolean =>
  !initiates(of) || !isSettled(connection) || connection.outcome !== undefined;
