/** Finds the row for a message; costs nothing but looking. */

import { exchangeOf, misfit } from './messages.js';
import type { Payload } from './payloads/payload.js';
import { type Row, rows } from './rows.js';
import type { State } from './states.js';

export type Match = { ok: true; row: Row } | { ok: false; why: string };

export function match(
  state: State,
  exchange: number,
  isResponse: boolean,
  payloads: readonly Payload[],
): Match {
  const reasons: string[] = [];
  for (const row of rows) {
    const { message } = row;
    if (exchangeOf(message) !== exchange || message.isResponse !== isResponse) continue;
    if (!row.from.includes(state)) continue;
    const wrong = misfit(message, payloads);
    if (!wrong) return { ok: true, row };
    reasons.push(`${row.story}: ${wrong}`);
  }
  return { ok: false, why: reasons.join('; ') || `nothing of that kind is expected in ${state}` };
}
