// The state table of §9.1, cell by cell, and the limits of the table of peers.
import { address } from '../../../src/core/net/address.js';
import type { Peer } from '../../../src/plugins/autovpn/trust/peer.js';
import {
  mayHavePadEntry,
  type Outcome,
  type TrustEvent,
  type TrustState,
  trustRows,
  trustStates,
} from '../../../src/plugins/autovpn/trust/states.js';
import {
  type Met,
  type TableChange,
  TrustTable,
} from '../../../src/plugins/autovpn/trust/table.js';
import { name } from '../../support/certificates.js';
import { assert, test } from '../../support/test.js';

const where = address('192.0.2.1');
const fingerprint = (digit: string) => digit.repeat(64);

interface Lab {
  table: TrustTable;
  changes: TableChange[];
  now: number;
}

function lab(most = 100): Lab {
  const made = { now: 1_800_000_000, changes: [] as TableChange[] } as Lab;
  made.table = new TrustTable({
    most: () => most,
    nowSeconds: () => made.now,
    changed: (change) => void made.changes.push(change),
  });
  return made;
}

const met = (text: string, digit = 'a', more: Partial<Met> = {}): Met => ({
  name: name(text),
  fingerprint: fingerprint(digit),
  address: where,
  isVouchedFor: false,
  ...more,
});

/** A peer in a state, by the ways that lead there. */
function peerIn(state: TrustState, { table }: Lab): Peer | undefined {
  const shown = met('CN=peer');
  if (state === 'Unknown') return undefined;
  if (state === 'Managed') table.manage(shown);
  else table.met(shown);
  const peer = table.find(shown.name)!;
  if (state === 'Trusted' || state === 'Untrusted') table.mark(peer, state);
  assert.is(peer.state, state);
  return peer;
}

const secret = { value: new Uint8Array(32).fill(1), ownName: name('CN=we') };

/** What makes each event happen; true when it was taken. */
const happen: Record<TrustEvent, (lab: Lab, peer: Peer) => boolean> = {
  exchange: ({ table }) => table.met(met('CN=peer')).ok,
  'exchange vouched for': ({ table }) => table.met(met('CN=peer', 'a', { isVouchedFor: true })).ok,
  idle(made) {
    made.now += 40 * 86_400;
    made.table.expire(made.now - 30 * 86_400);
    return true;
  },
  'marked Trusted': ({ table }, peer) => table.mark(peer, 'Trusted').ok,
  'marked Untrusted': ({ table }, peer) => table.mark(peer, 'Untrusted').ok,
  removed: ({ table }, peer) => table.remove(peer).ok,
  revoked: ({ table }, peer) => table.revoked(peer.name).ok,
  conflict: ({ table }) => table.met(met('CN=peer', 'b')).ok,
  'secret agreed': ({ table }, peer) => table.agree(peer, secret).ok,
  'configured as managed': ({ table }) => table.manage(met('CN=peer')).ok,
};

/** The rows of the document's table, as the requirements have them: what comes out of each state. */
const expected: Record<TrustEvent, Record<TrustState, TrustState | 'refused'>> = {
  exchange: {
    Unknown: 'Unverified',
    Unverified: 'Unverified',
    Trusted: 'Trusted',
    Untrusted: 'refused',
    Managed: 'refused',
  },
  'exchange vouched for': {
    Unknown: 'Trusted',
    Unverified: 'Trusted',
    Trusted: 'Trusted',
    Untrusted: 'refused',
    Managed: 'refused',
  },
  idle: {
    Unknown: 'Unknown',
    Unverified: 'Unknown',
    Trusted: 'Trusted',
    Untrusted: 'Untrusted',
    Managed: 'Managed',
  },
  'marked Trusted': {
    Unknown: 'refused',
    Unverified: 'Trusted',
    Trusted: 'Trusted',
    Untrusted: 'Trusted',
    Managed: 'refused',
  },
  'marked Untrusted': {
    Unknown: 'refused',
    Unverified: 'Untrusted',
    Trusted: 'Untrusted',
    Untrusted: 'Untrusted',
    Managed: 'refused',
  },
  removed: {
    Unknown: 'refused',
    Unverified: 'Unknown',
    Trusted: 'Unknown',
    Untrusted: 'Unknown',
    Managed: 'refused',
  },
  revoked: {
    Unknown: 'refused',
    Unverified: 'Unknown',
    Trusted: 'Unknown',
    Untrusted: 'Unknown',
    Managed: 'refused',
  },
  conflict: {
    Unknown: 'Unknown',
    Unverified: 'refused',
    Trusted: 'refused',
    Untrusted: 'refused',
    Managed: 'refused',
  },
  'secret agreed': {
    Unknown: 'refused',
    Unverified: 'Unverified',
    Trusted: 'Trusted',
    Untrusted: 'refused',
    Managed: 'refused',
  },
  'configured as managed': {
    Unknown: 'Managed',
    Unverified: 'Managed',
    Trusted: 'Managed',
    Untrusted: 'refused',
    Managed: 'Managed',
  },
};

/** Rows that the figure or the text has, by state and event; others are of AV-A33. */
const rowOf: Partial<Record<`${TrustEvent}, ${TrustState}`, string>> = {
  'exchange, Unknown': 'AV-125',
  'exchange vouched for, Unknown': 'AV-126',
  'idle, Unverified': 'AV-127',
  'marked Trusted, Unverified': 'AV-128',
  'marked Untrusted, Unverified': 'AV-128',
  'configured as managed, Unknown': 'AV-129',
  'revoked, Unverified': 'AV-130',
  'revoked, Trusted': 'AV-130',
  'exchange, Untrusted': 'AV-133',
  'secret agreed, Unverified': 'AV-143',
  'secret agreed, Trusted': 'AV-143',
  'secret agreed, Untrusted': 'AV-143',
};

const plain = (outcome: Outcome): string => (typeof outcome === 'object' ? 'refused' : outcome);

for (const [event, cells] of Object.entries(expected) as [TrustEvent, Record<TrustState, string>][])
  for (const state of trustStates) {
    const row = rowOf[`${event}, ${state}`] ?? 'AV-A33';
    test(`${row} trust: ${state}, ${event}: ${cells[state]}`, () => {
      assert.is(plain(trustRows[event][state]), cells[state]);
      const made = lab();
      const peer = peerIn(state, made);
      // What is not there can not be marked; a conflict needs somebody to be in conflict with
      if (!peer && !['exchange', 'exchange vouched for', 'configured as managed'].includes(event))
        return;
      const before = peer && { ...peer };
      const wasTaken = happen[event](made, peer!);
      assert.is(wasTaken, cells[state] !== 'refused');
      const after = made.table.find(name('CN=peer'));
      if (wasTaken) assert.is(after?.state ?? 'Unknown', cells[state]);
      else assert.equal(after, before);
    });
  }

test('AV-118: a peer that was removed is like one never seen', () => {
  const made = lab();
  const peer = peerIn('Untrusted', made)!;
  made.table.agree(peer, secret);
  assert.ok(made.table.remove(peer).ok);
  assert.ok(made.table.met(met('CN=peer', 'b')).ok);
  assert.is(made.table.find(peer.name)?.state, 'Unverified');
  assert.is(made.table.find(peer.name)?.secret, undefined);
});

test('AV-122: Trusted says by whom, and a person counts more than an authority', () => {
  const made = lab();
  made.table.met(met('CN=peer', 'a', { isVouchedFor: true }));
  const peer = made.table.find(name('CN=peer'))!;
  assert.is(peer.trustedBy, 'authority');
  made.table.mark(peer, 'Trusted');
  made.table.met(met('CN=peer', 'a', { isVouchedFor: true }));
  assert.is(peer.trustedBy, 'person');
});

test('AV-124: a Managed entry is never timed out, changed or deleted', () => {
  const made = lab(10);
  const peer = peerIn('Managed', made)!;
  const before = { ...peer };
  for (const event of Object.keys(happen) as TrustEvent[]) happen[event](made, peer);
  for (let i = 0; i < 50; i++) made.table.met(met(`CN=${i}`));
  assert.equal(made.table.find(peer.name), before);
});

test('AV-131 AV-132: which states may have a PAD entry', () => {
  assert.equal(mayHavePadEntry, {
    Unknown: false,
    Unverified: true,
    Trusted: true,
    Untrusted: false,
    Managed: true,
  });
});

test('AV-135 AV-136: the name finds the peer, its address does not', () => {
  const made = lab();
  made.table.met(met('CN=peer'));
  made.table.met(met('CN=peer', 'a', { address: address('203.0.113.9') }));
  assert.is(made.table.size, 1);
  made.table.met(met('CN=other', 'b'));
  assert.is(made.table.size, 2);
});

test('AV-149 AV-A43: names are compared as they are encoded', () => {
  const made = lab();
  // The same text as PrintableString and as UTF8String
  const printable = name('CN=peer');
  const utf8 = printable.map((byte) => (byte === 0x13 ? 0x0c : byte));
  assert.ok(made.table.met({ ...met('CN=peer'), name: printable }).ok);
  assert.ok(made.table.met({ ...met('CN=peer', 'b'), name: utf8 }).ok);
  assert.is(made.table.size, 2);
});

test('AV-151: a second certificate with a name is refused, however it comes', () => {
  const made = lab();
  const peer = peerIn('Unverified', made)!;
  assert.is(made.table.met(met('CN=peer', 'b')).ok, false);
  assert.is(made.table.insert({ ...peer, fingerprint: fingerprint('b') }), false);
  assert.is(made.table.manage(met('CN=peer', 'b')).ok, false);
  assert.is(made.table.find(peer.name)?.fingerprint, fingerprint('a'));
});

test('AV-120: each use restarts the time', () => {
  const made = lab();
  const peer = peerIn('Unverified', made)!;
  for (let day = 0; day < 60; day += 20) {
    made.now += 20 * 86_400;
    made.table.used(peer.name);
    made.table.expire(made.now - 30 * 86_400);
  }
  assert.ok(made.table.find(peer.name));
  made.now += 31 * 86_400;
  made.table.expire(made.now - 30 * 86_400);
  assert.is(made.table.find(peer.name), undefined);
});

test('AV-127 AV-140 AV-145: a shared secret keeps an Unverified peer for ever', () => {
  const made = lab();
  const peer = peerIn('Unverified', made)!;
  made.table.agree(peer, secret);
  made.now += 10 * 365 * 86_400;
  made.table.expire(made.now - 30 * 86_400);
  assert.is(made.table.find(peer.name), peer);
});

test('AV-120: names of a stranger without end: the oldest Unverified goes, nobody else', () => {
  const made = lab(50);
  for (const state of ['Trusted', 'Untrusted'] as const) {
    made.table.met(met(`CN=${state}`));
    made.table.mark(made.table.find(name(`CN=${state}`))!, state);
  }
  made.table.met(met('CN=secret'));
  made.table.agree(made.table.find(name('CN=secret'))!, secret);
  const base = name('CN=stranger 00000000');
  for (let i = 0; i < 2000; i++) {
    if (i === 100) made.table.met(met('CN=late'));
    if (i > 100 && i % 40 === 0) made.table.used(name('CN=late'));
    const some = base.slice();
    for (let at = 0, rest = i; at < 8; at++, rest >>>= 4)
      some[some.length - 1 - at] = 0x30 + (rest & 15);
    made.table.met({ ...met('CN=x'), name: some });
    made.changes.length = 0;
  }
  assert.is(made.table.size, 50);
  for (const kept of ['Trusted', 'Untrusted', 'secret', 'late'])
    assert.ok(made.table.find(name(`CN=${kept}`)), kept);
});

test('AV-120: a full table without anybody to forget takes nobody in', () => {
  const made = lab(2);
  for (const text of ['CN=a', 'CN=b']) {
    made.table.met(met(text));
    made.table.mark(made.table.find(name(text))!, 'Trusted');
  }
  assert.is(made.table.met(met('CN=c')).ok, false);
  assert.is(made.table.size, 2);
});

test('AV-A40: a rollover makes Unverified of what a person had trusted', () => {
  const made = lab();
  const peer = peerIn('Trusted', made)!;
  made.table.agree(peer, secret);
  made.table.rollOver(peer, fingerprint('c'));
  assert.equal(
    [peer.state, peer.fingerprint, peer.trustedBy],
    ['Unverified', fingerprint('c'), undefined],
  );
  assert.is(peer.secret, secret);
});
