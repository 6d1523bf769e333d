/** Each way to prove oneself in each direction, and each way to fail at it. */
import { utf8 } from '../../../src/core/bytes/text.js';
import type { AcceptableProofs, Credential } from '../../../src/core/ike/credentials.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import { twoEnds } from '../../support/ike-end.js';
import { ed25519Key } from '../../support/keys.js';
import { assert, test } from '../../support/test.js';

interface Way {
  credential: Credential;
  accepts: AcceptableProofs;
  /** Accepts something of the same kind, but not this. */
  refuses: AcceptableProofs;
}

const secret = (text: string) => ({ secret: utf8(text) });

const ways: Record<string, Way> = {
  key: {
    credential: { kind: 'key', key: ed25519Key(5) },
    accepts: { keys: [publicKeyOf(ed25519Key(6)), publicKeyOf(ed25519Key(5))] },
    refuses: { keys: [publicKeyOf(ed25519Key(6))] },
  },
  secret: {
    credential: { kind: 'secret', ...secret('correct horse') },
    accepts: { secrets: [secret('battery staple'), secret('correct horse')] },
    refuses: { secrets: [secret('correct horsf')] },
  },
  null: {
    credential: { kind: 'null' },
    accepts: { allowsNull: true },
    refuses: { keys: [publicKeyOf(ed25519Key(5))], secrets: [secret('correct horse')] },
  },
};

/** One tunnel; what left shows, what right takes, and the other way round. */
async function connect(left: Credential, right: Credential, byRight: object, byLeft: object) {
  const ends = await twoEnds();
  ends.right.keysFor = async () => ({ ok: true, credential: right, ...byRight });
  const { keys: _, ...wish } = ends.left.wish(ends.right);
  const result = await ends.world.until(
    ends.left.daemon.connect({ ...wish, credential: left, ...byLeft }),
  );
  await ends.world.clock.advance(1000);
  return { ...ends, result };
}

for (const [mine, left] of Object.entries(ways))
  for (const [his, right] of Object.entries(ways)) {
    test(`credentials: ${mine} one way, ${his} the other`, async () => {
      const {
        world,
        result,
        right: end,
      } = await connect(left.credential, right.credential, left.accepts, right.accepts);
      assert.ok(result.ok, JSON.stringify(result));
      assert.is(result.tunnel.peer.proof, his);
      assert.is(end.established[0]?.peer.proof, mine);
      await world.stop();
    });

    test(`credentials: ${mine} that is not good is refused, ${his} the other way`, async () => {
      const {
        world,
        result,
        right: end,
      } = await connect(left.credential, right.credential, left.refuses, right.accepts);
      assert.is(!result.ok && result.failure.kind, 'refused');
      assert.match(!result.ok ? result.failure.why : '', /\(AUTHENTICATION_FAILED\)/);
      assert.equal(end.events, []);
      await world.stop();
    });

    test(`credentials: ${mine} one way, ${his} that is not good the other`, async () => {
      const {
        world,
        result,
        left: end,
        right: other,
      } = await connect(left.credential, right.credential, left.accepts, right.refuses);
      assert.is(!result.ok && result.failure.kind, 'signature');
      assert.equal(end.events, []);
      assert.equal(other.installed, []);
      await world.stop();
    });
  }
