import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import type { Extension } from '../../../src/core/ike/extension.js';
import { find, findNotify, notifyPayload } from '../../../src/core/ike/payloads/payload.js';
import { twoEnds } from '../../support/ike-end.js';
import { assert, test } from '../../support/test.js';

/** Private use status type (RFC 7296 §3.10.1). */
const PRIVATE = 40_960;

/** Says a word in every message, and writes down what it hears and in what kind of exchange. */
const talker = (word: string, heard: string[]): Extension => ({
  name: 'talker',
  outgoing: () => [notifyPayload(PRIVATE, utf8(word))],
  incoming(message, _sa, payloads) {
    const notify = findNotify(payloads, PRIVATE);
    const about = find(payloads, 'TSi') ? 'tunnel' : find(payloads, 'KE') ? 'IKE SA' : 'nothing';
    if (notify) heard.push(`${fromUtf8(notify.data)}: ${message}, ${about}`);
    return undefined;
  },
});

async function talking() {
  const heard: { left: string[]; right: string[] } = { left: [], right: [] };
  const ends = await twoEnds(
    { extensions: [talker('left', heard.left)] },
    { extensions: [talker('right', heard.right)] },
  );
  const result = await ends.world.until(ends.left.daemon.connect(ends.left.wish(ends.right)));
  if (!result.ok) throw new Error(result.failure.why);
  heard.left.length = 0;
  heard.right.length = 0;
  return { ...ends, heard, tunnel: result.tunnel };
}

test('extension: private notifies travel in the rekey of a tunnel', async () => {
  const { world, left, heard, tunnel } = await talking();
  assert.ok((await world.until(left.daemon.rekey(tunnel))).ok);
  assert.is(heard.right[0], 'left: CREATE_CHILD_SA request, tunnel');
  assert.is(heard.left[0], 'right: CREATE_CHILD_SA response, tunnel');
  await world.stop();
});

test('extension: private notifies travel in the rekey of the IKE SA', async () => {
  const { world, left, heard, tunnel } = await talking();
  assert.ok((await world.until(left.daemon.rekeyIke(tunnel))).ok);
  assert.is(heard.right[0], 'left: CREATE_CHILD_SA request, IKE SA');
  assert.is(heard.left[0], 'right: CREATE_CHILD_SA response, IKE SA');
  await world.stop();
});

test('extension: a veto of the responder keeps the IKE SA as it is', async () => {
  let isOn = false;
  const guard: Extension = {
    name: 'guard',
    incoming: (message) =>
      isOn && message === 'CREATE_CHILD_SA request' ? { why: 'not now' } : undefined,
  };
  const { world, left, right } = await twoEnds({}, { extensions: [guard] });
  const result = await world.until(left.daemon.connect(left.wish(right)));
  if (!result.ok) throw new Error(result.failure.why);
  isOn = true;
  const rekeyed = await world.until(left.daemon.rekeyIke(result.tunnel));
  assert.match(rekeyed.ok ? '' : rekeyed.why, /NO_ADDITIONAL_SAS/);
  assert.is(right.counter('vetoes'), 1);
  assert.equal([left.installed.length, right.installed.length], [1, 1]);
  await world.stop();
});

for (const what of ['rekey', 'rekeyIke'] as const)
  test(`extension: a veto of the one that asks, ${what}: nothing of the new keys is left`, async () => {
    let isOn = false;
    const guard: Extension = {
      name: 'guard',
      incoming: (message) =>
        isOn && message === 'CREATE_CHILD_SA response' ? { why: 'not so' } : undefined,
    };
    const { world, left, right } = await twoEnds({ extensions: [guard] });
    const result = await world.until(left.daemon.connect(left.wish(right)));
    if (!result.ok) throw new Error(result.failure.why);
    isOn = true;
    const old = result.tunnel.installed;
    const rekeyed = await world.until(left.daemon[what](result.tunnel));
    assert.match(rekeyed.ok ? '' : rekeyed.why, /not so/);
    await world.clock.advance(60_000);
    assert.is(left.counter('vetoes'), 1);
    // The peer has moved the tunnels to an IKE SA that is not to be, and finds nobody there.
    const isLeft = what === 'rekey';
    assert.equal(left.installed, isLeft ? [old] : []);
    assert.is(right.installed.length, isLeft ? 1 : 0);
    await world.stop();
  });
