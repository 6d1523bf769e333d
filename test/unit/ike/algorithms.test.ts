import { dhGroups } from '../../../src/core/ike/crypto/dh-groups.js';
import { legacyPrfs, prfs } from '../../../src/core/ike/crypto/prf.js';
import {
  espSuites,
  ikeCiphers,
  legacyEspSuites,
  legacyIkeCiphers,
} from '../../../src/core/ike/crypto/suite.js';
import type { Preferences } from '../../../src/core/ike/proposals/offer.js';
import type { PrivateKey } from '../../../src/core/pki/private-key.js';
import { IkeWorld } from '../../support/ike-end.js';
import { ecdsaKey, ed25519Key, rsaKey } from '../../support/keys.js';
import { assert, test } from '../../support/test.js';

/** Left can do just this, right everything. */
async function connect(
  preferences: Partial<Preferences>,
  leftKey?: PrivateKey,
  rightKey?: PrivateKey,
) {
  const world = new IkeWorld();
  const left = await world.add('192.0.2.1', { preferences }, leftKey);
  const right = await world.add('198.51.100.1', {}, rightKey);
  const first = await world.until(left.daemon.connect(left.wish(right)));
  const second = await world.until(left.daemon.connect(left.wish(right, { theirs: '10.0.0.1' })));
  assert.ok(first.ok && second.ok, JSON.stringify([first, second]));
  assert.equal(left.installed[1]?.sa.inbound, right.installed[1]?.sa.outbound);
  await world.stop();
  return { tunnel: first.ok ? first.tunnel : undefined, sa: right.installed, left };
}

for (const cipher of ikeCiphers)
  test(`OE-95 algorithms: IKE SA with ${cipher.name} alone is accepted`, async () => {
    const { tunnel } = await connect({ ikeCiphers: [cipher] });
    assert.ok(tunnel?.ike.suite.startsWith(`${cipher.name}/`));
  });

for (const prf of prfs)
  test(`OE-95 algorithms: IKE SA with ${prf.name} alone is accepted`, async () => {
    const { tunnel } = await connect({ prfs: [prf] });
    assert.ok(tunnel?.ike.suite.includes(prf.name));
  });

for (const group of dhGroups)
  test(`OE-95 algorithms: IKE SA with ${group.name} alone is accepted`, async () => {
    const { tunnel } = await connect({ groups: [group] });
    assert.ok(tunnel?.ike.suite.endsWith(group.name));
  });

for (const suite of espSuites)
  test(`OE-95 SP-19 algorithms: ESP with ${suite.name} alone is accepted`, async () => {
    const { tunnel } = await connect({ espSuites: [suite] });
    const keys = tunnel!.installed.sa.inbound.keys;
    if (keys.kind === 'aead')
      assert.equal([keys.key.length, keys.icvBits], [suite.encryptionKeyLength, 128]);
    else assert.equal([keys.encryption, keys.integrity], suite.kernelNames);
    assert.is(tunnel!.installed.sa.extendedSequence, true);
  });

test('algorithms: sequence numbers of 32 bits where the peer has no others', async () => {
  const { tunnel } = await connect({ sequenceNumbers: [0] });
  assert.is(tunnel!.installed.sa.extendedSequence, false);
});

test('RFC 8247 MUST-, algorithms: HMAC-SHA1 only where both are told to', async () => {
  const preferences = {
    ikeCiphers: legacyIkeCiphers,
    prfs: legacyPrfs,
    espSuites: legacyEspSuites,
  };
  const world = new IkeWorld();
  const left = await world.add('192.0.2.1', { preferences });
  const right = await world.add('198.51.100.1', { preferences });
  const modern = await world.add('198.51.100.2');
  const result = await world.until(left.daemon.connect(left.wish(right)));
  assert.ok(result.ok);
  assert.is(left.installed[0]!.sa.inbound.keys.icvBits, 96);
  const refused = await world.until(left.daemon.connect(left.wish(modern, { patienceMs: 2000 })));
  assert.not(refused.ok);
  await world.stop();
});

const keys: [string, () => PrivateKey][] = [
  ['RSA', rsaKey],
  ['ECDSA P-256', () => ecdsaKey(3)],
  ['Ed25519', () => ed25519Key(3)],
];
for (const [name, key] of keys)
  test(`algorithms: both ends prove themselves with ${name}`, async () => {
    await connect({}, key(), key());
  });

test('algorithms: the ends may have different kinds of keys', async () => {
  await connect({}, ecdsaKey(1), rsaKey());
});
