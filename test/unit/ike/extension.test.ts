import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import type { Extension } from '../../../src/core/ike/extension.js';
import { findNotify, notifyPayload } from '../../../src/core/ike/payloads/payload.js';
import { twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

/** Private use status type (RFC 7296 §3.10.1). */
const PRIVATE = 40_960;

/** Says a word in every message and writes down what it hears. */
const talker = (word: string, heard: string[]): Extension => ({
  name: 'talker',
  outgoing: (message) => [notifyPayload(PRIVATE, utf8(`${word}: ${message}`))],
  incoming(_message, sa, payloads) {
    const notify = findNotify(payloads, PRIVATE);
    if (notify) heard.push(fromUtf8(notify.data));
    sa.facts.set('talker', heard.length);
    return undefined;
  },
});

test('extension: private notifies travel in every exchange, both ways', async () => {
  const heard: { left: string[]; right: string[] } = { left: [], right: [] };
  const { world, left, right } = await twoEnds(
    { extensions: [talker('left', heard.left)] },
    { extensions: [talker('right', heard.right)] },
  );
  await world.until(left.daemon.connect(left.wish(right)));
  await world.until(left.daemon.connect(left.wish(right, { theirs: '10.2.0.6' })));
  const names = ['IKE_SA_INIT', 'IKE_AUTH', 'CREATE_CHILD_SA'];
  assert.equal(
    heard.right,
    names.map((name) => `left: ${name} request`),
  );
  assert.equal(
    heard.left,
    names.map((name) => `right: ${name} response`),
  );
  await world.stop();
});

test('extension: the other end need not know it', async () => {
  const { world, left, right } = await twoEnds({ extensions: [talker('left', [])] });
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  await world.stop();
});

const vetoOf = (wanted: string): Extension => ({
  name: 'guard',
  incoming: (message) => (message === wanted ? { why: 'I do not like it' } : undefined),
});

for (const [message, kind] of [
  ['IKE_SA_INIT request', 'silent'],
  ['IKE_AUTH request', 'refused'],
] as const)
  test(`extension: a veto of the responder on the ${message}`, async () => {
    const { world, left, right } = await twoEnds({}, { extensions: [vetoOf(message)] });
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.is(!result.ok && result.failure.kind, kind);
    assert.equal(right.events, []);
    assert.ok(right.counter('vetoes') > 0);
    await world.stop();
  });

for (const [message, kind] of [
  ['IKE_SA_INIT response', 'silent'],
  ['IKE_AUTH response', 'refused'],
] as const)
  test(`extension: a veto of the initiator on the ${message}`, async () => {
    const { world, left, right } = await twoEnds({ extensions: [vetoOf(message)] });
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.is(!result.ok && result.failure.kind, kind);
    assert.match(!result.ok ? result.failure.why : '', /guard: I do not like it/);
    await world.clock.advance(60_000);
    assert.equal([left.installed, right.installed], [[], []]);
    await world.stop();
  });

for (const message of ['CREATE_CHILD_SA request', 'CREATE_CHILD_SA response'] as const)
  test(`extension: a veto on the ${message} leaves the first tunnel alone`, async () => {
    const extensions = [vetoOf(message)];
    const { world, left, right } = await twoEnds({ extensions }, { extensions });
    await world.until(left.daemon.connect(left.wish(right)));
    const wish = left.wish(right, { theirs: '10.2.0.6' });
    const result = await world.until(left.daemon.connect(wish));
    assert.is(!result.ok && result.failure.kind, 'refused');
    await world.clock.advance(1000);
    assert.equal([left.installed.length, right.installed.length], [1, 1]);
    await world.stop();
  });

test('extension: it is asked for authorization beside the owner, and one no is a no', async () => {
  const asked: string[] = [];
  const extension: Extension = {
    name: 'registrar',
    async authorize(sa, theirs, ours) {
      asked.push(`${sa.role} ${theirs.address} ${ours.address}`);
      return { ok: false, why: 'not in my book' };
    },
  };
  const { world, left, right } = await twoEnds({}, { extensions: [extension] });
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.equal(asked, ['responder 192.0.2.1 198.51.100.1']);
  assert.ok(right.lines.some((line) => line.includes('not in my book')));
  await world.stop();
});

test('extension: an authentication method of its own, in place of signatures', async () => {
  const METHOD = 201;
  const extension: Extension = {
    name: 'handshake of friends',
    authentication: {
      method: METHOD,
      sign: (octets) => ({ method: METHOD, data: octets.slice(0, 20) }),
      verify: (auth, octets, { keys }) =>
        auth.data.length === 20 && auth.data.every((byte, i) => byte === octets[i])
          ? { ok: true, name: 'friends', key: keys[0]! }
          : { ok: false, why: 'no friend' },
    },
  };
  const { world, left, right } = await twoEnds(
    { extensions: [extension] },
    { extensions: [extension] },
  );
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  const third = await world.add('203.0.113.1', { extensions: [extension] });
  const fourth = await world.add('203.0.113.2');
  const result = await world.until(third.daemon.connect(third.wish(fourth)));
  assert.is(!result.ok && result.failure.kind, 'refused');
  await world.stop();
});

test('extension: one that throws is off, and the exchange goes on without it', async () => {
  let calls = 0;
  const extension: Extension = {
    name: 'clumsy',
    outgoing() {
      calls++;
      throw new Error('oops');
    },
  };
  const { world, left, right } = await twoEnds({ extensions: [extension] });
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  assert.is(calls, 1);
  assert.ok(left.lines.includes('error extension clumsy is off, it failed: Error: oops'));
  await world.stop();
});

test('extension: a second one of the same name is refused', async () => {
  let message = '';
  await twoEnds({ extensions: [vetoOf(''), vetoOf('')] }).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /'guard' is registered twice/);
});

test('extension: hears nothing from a peer whose proof did not hold', async () => {
  const heard: string[] = [];
  const ear: Extension = {
    name: 'ear',
    outgoing: () => [],
    incoming(message) {
      if (message.startsWith('INFORMATIONAL')) heard.push(message);
      return undefined;
    },
  };
  const { world, left, right } = await twoEnds({ extensions: [ear] });
  const { keys: _, ...wish } = left.wish(right);
  const result = await world.until(left.daemon.connect({ ...wish, keys: [left.publicKey] }));
  assert.ok(!result.ok && result.failure.kind === 'signature');
  await world.clock.advance(10_000);
  assert.equal(heard, []);
  await world.stop();
});

test('extension: one that is off allows nothing that it would be asked about', async () => {
  const extension: Extension = {
    name: 'registrar',
    incoming(message) {
      if (message === 'IKE_AUTH request') throw new Error('oops');
      return undefined;
    },
    authorize: async () => ({ ok: false, why: 'not in my book' }),
  };
  const { world, left, right } = await twoEnds({}, { extensions: [extension] });
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.is(!result.ok && result.failure.kind, 'refused');
  assert.ok(right.lines.some((line) => line.includes('extension registrar is off')));
  assert.equal(right.installed, []);
  await world.stop();
});
