// Key derivation by NIST's vectors for SP 800-135 (CAVP, "IKE v2", g^ir of 256 bits, SHA-1, the first).
import { fromHex, toHex } from '../../../../src/core/bytes/hex.js';
import { aesGcm256 } from '../../../../src/core/ike/crypto/aead.js';
import {
  deriveChildKeys,
  deriveIkeKeys,
  deriveRekeyedKeys,
} from '../../../../src/core/ike/crypto/keymat.js';
import { PRF_HMAC_SHA1, prfPlus } from '../../../../src/core/ike/crypto/prf.js';
import { assert, test } from '../../../support/test.js';

const ni = fromHex('32b50d5f4a3763f3');
const nr = fromHex('9206a04b26564cb1');
const gir = fromHex('4b2c1f971981a8ad8d0abeafabf38cf75fc8349c148142465ed9c8b516b8be52');
const girNew = fromHex('863f3c9d06efd39d2b907b97f8699e5dd5251ef64a2a176f36ee40c87d4f9330');
const spiInitiator = fromHex('34c9e7c188868785');
const spiResponder = fromHex('3ff77d760d2b2199');
const skeyseed = 'a9a7b222b59f8f48645f28a1db5b5f5d7479cba7';
const dkm =
  'a14293677cc80ff8f9cc0eee30d895da9d8f405666e30ef0dfcb63c634a46002a2a63080e514a062768b76606f9fa5e9' +
  '92204fc5a670bde3f10d6b027113936a5c55b648a194ae587b0088d52204b702c979fa280870d2ed41efa9c549fd1119' +
  '8af1670b143d384bd275c5f594cf266b05ebadca855e4249520a441a81157435a7a56cc4';
const dkmChild =
  '8059e3ee8810e6c3a91bc8bcd2a7a41151b8d0e6ae239c7b38093ad85ef4c5811a8e7b5d1cdabd9560b2d5e092d1f24e' +
  '2d4b85eccdf0ad0dc9abd94b51ee71814ca6dbc8bb51b6309f5b9545c7eb35cf5580b1e521a8fe20754a2d883ba0c2cf' +
  '285f524aea6545b33106bc03e614296d319d41d4b50b3f510b1c0a22f3e664994d234cb4';
const dkmChildDh =
  'bb43244c1860ad65ee1e211ffe8bb3661750c8f89cb9f547df7f4fa61d37301628190e38c66232eab4b3ab14c400a519' +
  '7dd3730ed4820a8a10394d51e1c0400052f63ebd36b0e7ef53aaed31eba4a5080d7d4b5666023a8bbb5ffb7857240f9a' +
  '05884d1b7d2f933708450b7b3288f1fc863ab49fa901227cffc06e27899c7054d56fd74c';
const skeyseedOfRekey = '63e81194946ebd05df7df5ebf5d8750056bf1f1d';

// With this cipher the keys take the 132 bytes of the vector, and there is no SK_a in between.
const prf = PRF_HMAC_SHA1;
const input = { prf, cipher: aesGcm256, ni, nr, spiInitiator, spiResponder };
const keys = deriveIkeKeys({ ...input, shared: gir });

const inOrder = ({ skD, initiator, responder, skPi, skPr }: typeof keys): string =>
  [skD, initiator.encryption, responder.encryption, skPi, skPr].map(toHex).join('');

test('key derivation: NIST CAVP, SKEYSEED and the keys of an IKE SA (RFC 7296 §2.14)', () => {
  assert.is(toHex(prf.compute(fromHex(toHex(ni) + toHex(nr)), gir)), skeyseed);
  assert.is(inOrder(keys), dkm);
});

for (const [what, shared, expected] of [
  ['without a key exchange', {}, dkmChild],
  ['with a key exchange', { shared: girNew }, dkmChildDh],
] as const)
  test(`key derivation: NIST CAVP, KEYMAT of a Child SA ${what} (RFC 7296 §2.17)`, () => {
    const child = deriveChildKeys({ prf, skD: keys.skD, ni, nr, ...shared }, 36, 30);
    const { fromInitiator, fromResponder } = child;
    const inTurn = [fromInitiator, fromResponder].flatMap((one) => [one.encryption, one.integrity]);
    assert.is(inTurn.map(toHex).join(''), expected);
  });

test('key derivation: NIST CAVP, SKEYSEED of a rekeyed IKE SA (RFC 7296 §2.18)', () => {
  const rekeyed = deriveRekeyedKeys({ ...input, shared: girNew }, { prf, skD: keys.skD });
  const info = fromHex([ni, nr, spiInitiator, spiResponder].map(toHex).join(''));
  const expected = prfPlus(prf, fromHex(skeyseedOfRekey), info, 132);
  assert.is(inOrder(rekeyed), toHex(expected));
});
