/** What is multiplied onto an RSA message before the private operation, and off the result again. */
import { modPow } from '../../../src/core/pki/big-integer.js';
import { nextBlinding } from '../../../src/core/pki/rsa-blinding.js';
import { rsaKey } from '../../support/keys.js';
import { countingRandom } from '../../support/list-random.js';
import { assert, test } from '../../support/test.js';

const key = rsaKey();
if (key.type !== 'rsa') throw new Error('RSA key: is of another kind');
const { modulus, exponent } = key;

test('blinding: each pair cancels out, none comes twice, fresh bytes after 32 of them', () => {
  const source = countingRandom(3);
  let drawn = 0;
  const random = (length: number) => {
    assert.is(length, 256);
    drawn++;
    return source(length);
  };
  const own = { ...key };
  const seen = new Set<bigint>();
  for (let use = 1; use <= 70; use++) {
    const { blind, unblind } = nextBlinding(own, random);
    assert.is((blind * modPow(unblind, exponent, modulus)) % modulus, 1n);
    assert.is(drawn, Math.ceil(use / 32));
    seen.add(blind);
    seen.add(unblind);
  }
  assert.is(seen.size, 140);
});

test('blinding: keys have nothing in common', () => {
  const [one, other] = [{ ...key }, { ...key }];
  const first = nextBlinding(one, countingRandom(4));
  assert.is.not(nextBlinding(other, countingRandom(5)).blind, first.blind);
  assert.is(nextBlinding(one, countingRandom(6)).blind, first.blind ** 2n % modulus);
});
