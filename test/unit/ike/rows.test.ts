import { match } from '../../../src/core/ike/matcher.js';
import { exchangeOf } from '../../../src/core/ike/messages.js';
import { notifyPayload, type Payload } from '../../../src/core/ike/payloads/payload.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { rows } from '../../../src/core/ike/rows.js';
import { moves, ownMoves, type State } from '../../../src/core/ike/states.js';
import { assert, test } from '../../support/test.js';

/** States that can be reached from `start` by the table of moves. */
function reachable(start: State): Set<State> {
  const seen = new Set<State>([start]);
  for (const state of seen) for (const next of moves[state]) seen.add(next);
  return seen;
}

test('rows: every state can be reached from NONE, and GONE from every state', () => {
  const all = Object.keys(moves) as State[];
  assert.equal([...reachable('NONE')].sort(), all.sort());
  for (const state of all) assert.ok(reachable(state).has('GONE'), state);
});

for (const row of rows)
  test(`rows: '${row.story}' can be reached and leads only where moves lead`, () => {
    for (const from of row.from) {
      assert.ok(reachable('NONE').has(from));
      for (const to of row.to)
        if (row.from.length === 1) assert.ok(reachable(from).has(to), `${from} → ${to}`);
    }
  });

test('rows: every move is made by a row or is one of our own', () => {
  for (const [from, next] of Object.entries(moves) as [State, readonly State[]][])
    for (const to of next) {
      const byRow = rows.some((row) => row.from.includes(from) && row.to.includes(to));
      const own = ownMoves.some((move) => move.from === from && move.to === to);
      assert.ok(byRow || own, `${from} → ${to}`);
    }
});

test('rows: our own moves are in the table', () => {
  for (const { from, to, story } of ownMoves) assert.ok(moves[from].includes(to), story);
});

const bytes = new Uint8Array(16);
const samples: Partial<Record<string, Payload>> = {
  SA: { kind: 'SA', proposals: [] },
  KE: { kind: 'KE', group: 31, data: bytes },
  Nonce: { kind: 'Nonce', data: bytes },
  IDi: { kind: 'IDi', idType: 1, data: bytes },
  IDr: { kind: 'IDr', idType: 1, data: bytes },
  AUTH: { kind: 'AUTH', method: 14, data: bytes },
  TSi: { kind: 'TSi', selectors: [] },
  TSr: { kind: 'TSr', selectors: [] },
  N: notifyPayload(NotifyType.NO_PROPOSAL_CHOSEN),
  D: { kind: 'D', protocol: 1, spis: [] },
};

/** The plainest message that a row is for. */
function plainest(row: (typeof rows)[number]): Payload[] {
  const { need, notify } = row.message;
  const payloads = need.filter((kind) => kind !== 'N').map((kind) => samples[kind]!);
  if (notify === 'any error') return [...payloads, samples.N!];
  return notify ? [...payloads, notifyPayload(NotifyType[notify])] : payloads;
}

for (const row of rows)
  test(`rows: '${row.story}' is not hidden by a row above it`, () => {
    const { message } = row;
    for (const from of row.from) {
      const found = match(from, exchangeOf(message), message.isResponse, plainest(row));
      assert.is(found.ok && found.row, row);
    }
  });

test('rows: what is missing, too much or twice is said', () => {
  const why = (payloads: Payload[]) => {
    const found = match('ESTABLISHED', 36, false, payloads);
    return found.ok ? '' : found.why;
  };
  const { SA, Nonce, TSi, TSr, AUTH } = samples as Record<string, Payload>;
  assert.match(why([SA!, TSi!, TSr!]), /one more tunnel: Nonce missing/);
  assert.match(why([SA!, Nonce!, TSi!, TSr!, AUTH!]), /one more tunnel: AUTH too much/);
  assert.match(why([SA!, SA!, Nonce!, TSi!, TSr!]), /one more tunnel: SA twice/);
  const none = match('GONE', 36, false, []);
  assert.is(!none.ok && none.why, 'nothing of that kind is expected in GONE');
});
