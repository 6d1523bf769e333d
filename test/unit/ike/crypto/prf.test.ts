import { fromHex, toHex } from '../../../../src/core/bytes/hex.js';
import { utf8 } from '../../../../src/core/bytes/text.js';
import {
  hmacSha256,
  hmacSha384,
  hmacSha512,
} from '../../../../src/core/ike/crypto/encrypt-then-mac.js';
import { prfById, prfPlus, prfs } from '../../../../src/core/ike/crypto/prf.js';
import { assert, test } from '../../../support/test.js';

const fill = (byte: number, length: number) => new Uint8Array(length).fill(byte);

// PRF number, source, key, data, result. RFC 4231 §4.2, §4.3, §4.4, §4.7; RFC 4868 §2.7.1.
const vectors: [number, string, Uint8Array, Uint8Array, string][] = [
  [
    5,
    'RFC 4231 case 1',
    fill(0x0b, 20),
    utf8('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    6,
    'RFC 4231 case 1',
    fill(0x0b, 20),
    utf8('Hi There'),
    'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
  ],
  [
    7,
    'RFC 4231 case 1',
    fill(0x0b, 20),
    utf8('Hi There'),
    '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  ],
  [
    5,
    'RFC 4231 case 2',
    utf8('Jefe'),
    utf8('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    6,
    'RFC 4231 case 2',
    utf8('Jefe'),
    utf8('what do ya want for nothing?'),
    'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
  ],
  [
    7,
    'RFC 4231 case 2',
    utf8('Jefe'),
    utf8('what do ya want for nothing?'),
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  ],
  [
    5,
    'RFC 4231 case 3',
    fill(0xaa, 20),
    fill(0xdd, 50),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    5,
    'RFC 4231 case 6',
    fill(0xaa, 131),
    utf8('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
];

for (const [id, source, key, data, result] of vectors)
  test(`prf ${id}: ${source}`, () => {
    assert.is(toHex(prfById(id)!.compute(key, data)), result);
    // parts are joined
    assert.is(toHex(prfById(id)!.compute(key, data.subarray(0, 3), data.subarray(3))), result);
  });

test('integrity: RFC 4868 §2.7.2, cut to half of the hash', () => {
  const hi = utf8('Hi There');
  assert.is(toHex(hmacSha256.compute(fill(0x0b, 32), hi)), '198a607eb44bfbc69903a0f1cf2bbdc5');
  assert.is(
    toHex(hmacSha384.compute(fill(0x0b, 48), hi)),
    'b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973',
  );
  assert.is(
    toHex(hmacSha512.compute(fill(0x0b, 64), hi)),
    '637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8',
  );
});

test('prf: key lengths are those of RFC 4868 §2.1.2', () =>
  assert.equal(
    prfs.map((prf) => [prf.id, prf.keyLength, prf.outputLength]),
    [
      [5, 32, 32],
      [6, 48, 48],
      [7, 64, 64],
    ],
  ));

test('prf+: blocks chain by RFC 7296 §2.13, any length is a prefix', () => {
  const prf = prfById(5)!;
  const key = fromHex('000102030405060708090a0b0c0d0e0f');
  const seed = utf8('seed');
  const t1 = prf.compute(key, seed, Uint8Array.of(1));
  const t2 = prf.compute(key, t1, seed, Uint8Array.of(2));
  const t3 = prf.compute(key, t2, seed, Uint8Array.of(3));
  const whole = toHex(t1) + toHex(t2) + toHex(t3);
  for (const length of [0, 1, 31, 32, 33, 64, 65, 96])
    assert.is(toHex(prfPlus(prf, key, seed, length)), whole.slice(0, 2 * length));
  assert.throws(() => prfPlus(prf, key, seed, 255 * 32 + 1), /255 blocks/);
});
