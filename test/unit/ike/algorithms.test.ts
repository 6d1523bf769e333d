import { dhGroups } from '../../../src/core/ike/crypto/dh.js';
import { prfs } from '../../../src/core/ike/crypto/prf.js';
import { espSuites, ikeCiphers } from '../../../src/core/ike/crypto/suite.js';
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

const offered = ikeCiphers.filter((cipher) => cipher.isAead || cipher.integrityId === 12);
for (const cipher of offered)
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
    assert.is(keys.icvBits, 128);
    if (keys.kind === 'aead') assert.is(keys.key.length, suite.encryptionKeyLength);
    else assert.equal([keys.encryption, keys.integrity], ['cbc(aes)', 'hmac(sha256)']);
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
