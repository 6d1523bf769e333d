// What an extension needs for IKE SAs of its own: beside others, with facts, exact traffic, a secret.
import { toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import type { Extension, SaView } from '../../../src/core/ike/extension.js';
import { findNotify, notifyPayload } from '../../../src/core/ike/payloads/payload.js';
import { Exchange } from '../../../src/core/ike/registries/exchanges.js';
import { NotifyType } from '../../../src/core/ike/registries/notifies.js';
import { hostPrefix, prefix } from '../../../src/core/net/address.js';
import { twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { MortalWorld } from '../../support/mortal-end.js';
import { assert, test } from '../../support/test.js';

const PRIVATE = 40_960;

/** Marks the IKE SAs of a request with the word in its notify as standing beside others. */
const marker: Extension = {
  name: 'marker',
  outgoing: (message, sa) =>
    message === 'IKE_SA_INIT request' && sa.facts.has('word')
      ? [notifyPayload(PRIVATE, utf8(String(sa.facts.get('word'))))]
      : [],
  incoming(message, sa, payloads) {
    if (message === 'IKE_SA_INIT request' && findNotify(payloads, PRIVATE)) sa.isAlone = true;
    return undefined;
  },
};

test('alone: each wish has an IKE SA of its own, and INITIAL_CONTACT ends none', async () => {
  const extensions = [marker];
  const { world, left, right } = await twoEnds({ extensions }, { extensions });
  const facts = new Map([['word', 'beside']]);
  for (const theirs of ['10.2.0.5', '10.2.0.6'])
    assert.ok(
      (
        await world.until(
          left.daemon.connect({ ...left.wish(right, { theirs }), isAlone: true, facts }),
        )
      ).ok,
    );
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  await world.clock.advance(1000);
  assert.equal([sasOf(left).length, left.installed.length, right.installed.length], [3, 3, 3]);
  const contacts = sasOf(left).map((sa) =>
    world.network.captured
      .filter(({ bytes }) => toHex(bytes.slice(0, 8)) === toHex(sa.spiInitiator))
      .filter(({ bytes }) => bytes[18] === Exchange.IKE_AUTH)
      .some((packet) => findNotify(openCaptured(sa, packet), NotifyType.INITIAL_CONTACT)),
  );
  assert.equal(contacts, [false, false, false]);
  await world.stop();
});

test('alone: a wish names the port at which it begins', async () => {
  const { world, left, right } = await twoEnds();
  const wish = { ...left.wish(right), firstPort: 4500 as const };
  assert.ok((await world.until(left.daemon.connect(wish))).ok);
  const ports = world.network.captured.map(({ from, to }) => [from.port, to.port]);
  assert.ok(ports.every((each) => each.join() === '4500,4500'));
  await world.stop();
});

test('alone: a message that is not admitted gets no answer of any kind', async () => {
  const asked: number[] = [];
  const extensions: Extension[] = [
    {
      name: 'door',
      admits: ({ payloads, spiInitiator }) => {
        asked.push(spiInitiator.length);
        return findNotify(payloads, PRIVATE) ? { why: 'not this one' } : undefined;
      },
    },
  ];
  const { world, left, right } = await twoEnds({ extensions: [marker] }, { extensions });
  const facts = new Map([['word', 'x']]);
  const result = await world.until(left.daemon.connect({ ...left.wish(right), facts }));
  assert.is(!result.ok && result.failure.kind, 'silent');
  assert.ok(asked.length > 1 && asked.every((length) => length === 8));
  assert.ok(world.network.captured.every(({ from }) => from.address === left.address));
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  await world.stop();
});

const host = (text: string) => ({
  ...{ prefix: hostPrefix(prefix(text).address), protocol: 0, startPort: 0, endPort: 65_535 },
});

for (const [what, theirs, ours, isTaken] of [
  ['the very pair', ['10.1.0.5'], ['10.2.0.5'], true],
  ['a block', ['10.1.0.0/24'], ['10.2.0.5'], false],
  ['two addresses', ['10.1.0.5', '10.1.0.6'], ['10.2.0.5'], false],
  ['another address', ['10.1.0.6'], ['10.2.0.5'], false],
  ['a block of ours', ['10.1.0.5'], ['10.2.0.0/24'], false],
] as const)
  test(`alone: exact traffic, and the peer proposes ${what}`, async () => {
    const { world, left, right } = await twoEnds();
    right.allowedTraffic = {
      ours: [host('10.2.0.5')],
      theirs: [host('10.1.0.5')],
      isExact: true,
    };
    const selectors = (all: readonly string[]) =>
      all.map((one) => ({ ...host('10.0.0.1'), prefix: prefix(one) }));
    const traffic = { ours: selectors(theirs), theirs: selectors(ours) };
    const result = await world.until(left.daemon.connect({ ...left.wish(right), traffic }));
    assert.is(result.ok, isTaken);
    if (!isTaken) assert.match(JSON.stringify(result), 'TS_UNACCEPTABLE');
    assert.is(right.installed.length, isTaken ? 1 : 0);
    await world.stop();
  });

test('alone: both ends derive the same secret, which no wire has seen', async () => {
  const views: SaView[] = [];
  const spy: Extension = {
    name: 'spy',
    incoming(message, sa) {
      if (message.startsWith('IKE_SA_INIT')) assert.is(sa.exportKey(utf8('x')), undefined);
      if (message.startsWith('IKE_AUTH')) views.push(sa);
      return undefined;
    },
  };
  const { world, left, right } = await twoEnds({ extensions: [spy] }, { extensions: [spy] });
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  const [one, other] = views.map((sa) => toHex(sa.exportKey(utf8('a seed'), 40)!));
  assert.is(one, other);
  assert.is(one!.length, 80);
  assert.is.not(one, toHex(views[0]!.exportKey(utf8('another'), 40)!));
  await world.stop();
});

test('alone: after a crash it is alone still, and its facts that are text are there', async () => {
  const world = new MortalWorld();
  await world.start();
  const { left, right } = world;
  void left.daemon.connect({
    ...left.wish(right, 1),
    isAlone: true,
    facts: new Map<string, unknown>([
      ['text', 'kept'],
      ['number', 7],
    ]),
  });
  await world.pass(1000);
  left.kill();
  await world.pass(1000);
  const [sa] = sasOf(left as never);
  assert.equal([...sa!.facts], [['text', 'kept']]);
  assert.is(sa!.isAlone, true);
  for (const end of world.ends) void end.daemon.stop(1000);
  await world.pass(3000);
});
