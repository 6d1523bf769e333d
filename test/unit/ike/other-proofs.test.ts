/** Proofs other than a signature: a peer may not come in by them, in either role. */
import type { Payload } from '../../../src/core/ike/payloads/payload.js';
import { type IkeEnd, twoEnds } from '../../support/ike-end.js';
import { rewritePayloads } from '../../support/ike-rewrite.js';
import { assert, test } from '../../support/test.js';

const IKE_AUTH = 35;

/** IANA "IKEv2 Authentication Method", with data that such a method could have. */
const proofs: [string, Payload[]][] = [
  ['a pre-shared key', [{ kind: 'AUTH', method: 2, data: new Uint8Array(32).fill(7) }]],
  ['NULL authentication', [{ kind: 'AUTH', method: 13, data: new Uint8Array(32).fill(7) }]],
  ['no method at all', [{ kind: 'AUTH', method: 0, data: new Uint8Array(0) }]],
  ['no AUTH payload, as for EAP', []],
];

/** `end` shows this instead of its own proof. */
const replaceProof = (end: IkeEnd, proof: readonly Payload[]): void =>
  rewritePayloads(end, IKE_AUTH, (payload) => (payload.kind === 'AUTH' ? [...proof] : [payload]));

for (const [what, proof] of proofs) {
  test(`OE-96 a caller that shows ${what} is refused`, async () => {
    const { world, left, right } = await twoEnds();
    replaceProof(left, proof);
    const result = await world.until(left.daemon.connect(left.wish(right)));
    assert.ok(!result.ok);
    assert.is(right.counter('peers not authenticated'), 1);
    assert.equal([left.installed, right.installed], [[], []]);
    await world.stop();
  });

  test(`OE-96 a gateway that shows ${what} is refused`, async () => {
    const { world, left, right } = await twoEnds();
    replaceProof(right, proof);
    const result = await world.until(left.daemon.connect(left.wish(right, { patienceMs: 3000 })));
    assert.ok(!result.ok);
    assert.equal(left.events, []);
    await world.stop();
  });
}
