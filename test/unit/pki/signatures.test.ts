import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import {
  bytesToInteger,
  integerToBytes,
  minimalBytes,
  modPow,
} from '../../../src/core/pki/big-integer.js';
import {
  fromDerSignature,
  signEcdsa,
  toDerSignature,
  verifyEcdsa,
} from '../../../src/core/pki/ecdsa.js';
import { ed25519Point, signEd25519, verifyEd25519 } from '../../../src/core/pki/ed25519.js';
import { SHA1, SHA2_256, SHA2_384, SHA2_512 } from '../../../src/core/pki/hashes.js';
import { privateKeyFromPem } from '../../../src/core/pki/pkcs8.js';
import { rsaPublicKey } from '../../../src/core/pki/private-key.js';
import { rsaKeyProblem, signPkcs1, verifyPkcs1 } from '../../../src/core/pki/rsa.js';
import { verifyPss } from '../../../src/core/pki/rsa-pss.js';
import { assert, test } from '../../support/test.js';
import * as openssl from './vectors/openssl-keys.js';

let seed = 5;
const random = (length: number) =>
  new Uint8Array(length).map(() => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed >> 16;
  });

const rsa = (pem: string) => {
  const key = privateKeyFromPem(pem);
  if (key.type !== 'rsa') throw new Error('no RSA key');
  return key;
};
const message = utf8(openssl.message);

test('engine: BigInt in base 2 and 16 has no leading zero', () => {
  for (const bits of [31n, 32n, 63n, 64n, 127n, 255n, 256n, 2047n]) {
    assert.is((1n << bits).toString(2), `1${'0'.repeat(Number(bits))}`);
    assert.is((-(1n << bits)).toString(2), `-1${'0'.repeat(Number(bits))}`);
    assert.is((1n << bits).toString(16)[0], `${2 ** Number(bits % 4n)}`);
  }
  assert.is(0n.toString(16), '0');
});

test('big integers: bytes and back, lengths checked', () => {
  assert.is(toHex(integerToBytes(0x1234n, 4)), '00001234');
  assert.is(toHex(integerToBytes((1n << 64n) - 1n, 8)), 'ffffffffffffffff');
  assert.throws(() => integerToBytes(1n << 64n, 8), /does not fit 8 bytes/);
  assert.throws(() => integerToBytes(-1n, 8));
  assert.is(toHex(minimalBytes(0n)), '00');
  assert.is(toHex(minimalBytes(1n << 63n)), '8000000000000000');
  assert.is(bytesToInteger(new Uint8Array(0)), 0n);
});

test('modPow: small cases against multiplication', () => {
  for (const [base, exponent, modulus] of [
    [3n, 0n, 7n],
    [3n, 1n, 7n],
    [0n, 5n, 7n],
    [123n, 4567n, 8911n],
  ] as const) {
    let wanted = 1n % modulus;
    for (let i = 0n; i < exponent; i++) wanted = (wanted * base) % modulus;
    assert.is(modPow(base, exponent, modulus), wanted);
  }
  assert.throws(() => modPow(2n, 2n, 1n));
  assert.throws(() => modPow(2n, -1n, 7n));
});

for (const hash of [SHA1, SHA2_256, SHA2_384, SHA2_512])
  test(`RSA PKCS#1 v1.5 with ${hash.name}: our signature is that of openssl, and verifies`, () => {
    const key = rsa(openssl.rsa2048Pem);
    const digest = hash.compute(message);
    const signature = signPkcs1(key, hash, digest, random);
    assert.is(toHex(signature), openssl.pkcs1Signatures[hash.name]);
    assert.ok(verifyPkcs1(rsaPublicKey(key), hash, digest, signature));
    assert.not(verifyPkcs1(rsaPublicKey(key), hash, hash.compute(utf8('x')), signature));
    const other = hash === SHA2_256 ? SHA2_384 : SHA2_256;
    assert.not(verifyPkcs1(rsaPublicKey(key), other, other.compute(message), signature));
  });

for (const [bits, pem] of [
  [2048, openssl.rsa2048Pem],
  [4096, openssl.rsa4096Pem],
  [8192, openssl.rsa8192Pem],
] as const)
  test(`SP-18 RSA key of ${bits} bits signs and verifies`, () => {
    const key = rsa(pem);
    const digest = SHA2_256.compute(message);
    const signature = signPkcs1(key, SHA2_256, digest, random);
    assert.is(signature.length, bits / 8);
    assert.is(rsaKeyProblem(rsaPublicKey(key)), undefined);
    assert.ok(verifyPkcs1(rsaPublicKey(key), SHA2_256, digest, signature));
    if (bits === 8192) assert.is(toHex(signature), openssl.pkcs1Signature8192);
  });

test('RSA: a signature plus the modulus is refused, though the arithmetic would give the same', () => {
  const key = rsa(openssl.rsa2048Pem);
  // Signatures of a few messages, until one leaves room for the modulus in 2048 bits.
  for (let i = 0; i < 50; i++) {
    const digest = SHA2_256.compute(utf8(`message ${i}`));
    const signature = signPkcs1(key, SHA2_256, digest, random);
    const greater = bytesToInteger(signature) + key.modulus;
    if (greater >> 2048n !== 0n) continue;
    assert.ok(verifyPkcs1(rsaPublicKey(key), SHA2_256, digest, signature));
    assert.not(verifyPkcs1(rsaPublicKey(key), SHA2_256, digest, integerToBytes(greater, 256)));
    return;
  }
  assert.unreachable('no small signature in 50');
});

test('RSASSA-PSS: right hash, wrong padding: bit above, octet before the salt, trailer', () => {
  const key = rsa(openssl.rsa2048Pem);
  const digest = SHA2_256.compute(message);
  const parameters = { hash: SHA2_256, saltLength: 32 };
  const good = modPow(
    bytesToInteger(fromHex(openssl.pssSignatures.SHA2_256)),
    key.exponent,
    key.modulus,
  );
  const verifyAfter = (change: (encoded: Uint8Array) => void) => {
    const encoded = integerToBytes(good, 256);
    change(encoded);
    const signature = modPow(bytesToInteger(encoded), key.privateExponent, key.modulus);
    return verifyPss(rsaPublicKey(key), parameters, digest, integerToBytes(signature, 256));
  };
  assert.ok(verifyAfter(() => undefined));
  // H and salt stay as they are: DB is 223 octets, 190 zeros, one 01, the salt (RFC 8017 §9.1.2)
  for (const [at, bit] of [
    [0, 0x80],
    [0, 1],
    [100, 1],
    [189, 0x10],
    [190, 1],
    [190, 2],
    [255, 1],
  ] as const) {
    if (at === 0 && bit === 0x80 && (good | (1n << 2047n)) >= key.modulus) continue;
    assert.not(
      verifyAfter((encoded) => {
        encoded[at]! ^= bit;
      }),
      `octet ${at}`,
    );
  }
});

test('RSA: a signature as great as the modulus or of another length is refused', () => {
  const key = rsaPublicKey(rsa(openssl.rsa2048Pem));
  const digest = SHA2_256.compute(message);
  const good = fromHex(openssl.pkcs1Signatures.SHA2_256);
  const bad = [
    key.modulus,
    new Uint8Array(256).fill(255),
    new Uint8Array(256),
    new Uint8Array(0),
    good.subarray(1),
    integerToBytes(bytesToInteger(good), 257),
  ];
  for (const signature of bad) assert.not(verifyPkcs1(key, SHA2_256, digest, signature));
  // DNSSEC and old records: a key too short for the padding verifies nothing, and does not throw
  const tiny = {
    type: 'rsa' as const,
    modulus: new Uint8Array(48).fill(255),
    exponent: fromHex('03'),
  };
  assert.not(verifyPkcs1(tiny, SHA2_256, digest, new Uint8Array(48)));
});

test('RSA: a fault in one half of the arithmetic is not given out', () => {
  const key = rsa(openssl.rsa2048Pem);
  const faulty = { ...key, exponent1: key.exponent1 + 2n };
  assert.throws(
    () => signPkcs1(faulty, SHA2_256, SHA2_256.compute(message), random),
    /not given out/,
  );
});

// RFC 6979 §A.2.5, message "sample"; s of the first is in the upper half
const p256Key = {
  type: 'ecdsa-p256' as const,
  point: fromHex(
    '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  ),
};
for (const [hash, r, s] of [
  [
    SHA2_256,
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
    'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  ],
  [
    SHA2_384,
    '0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719',
    '4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954',
  ],
  [
    SHA2_512,
    '8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00',
    '2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe',
  ],
] as const)
  test(`ECDSA P-256 with ${hash.name}: RFC 6979 §A.2.5`, () => {
    const digest = hash.compute(utf8('sample'));
    const signature = fromHex(r + s);
    assert.ok(verifyEcdsa(p256Key, digest, signature));
    assert.equal(fromDerSignature(toDerSignature(signature), 32), signature);
    assert.not(verifyEcdsa(p256Key, hash.compute(utf8('test')), signature));
    assert.not(
      verifyEcdsa({ ...p256Key, point: p256Key.point.map((byte) => byte ^ 1) }, digest, signature),
    ); // not on the curve
    assert.not(verifyEcdsa(p256Key, digest, signature.subarray(0, 63)));
  });

test('ECDSA P-256: two signatures of one message differ and verify', () => {
  const key = privateKeyFromPem(openssl.ecPem);
  assert.ok(key.type === 'ecdsa-p256');
  const digest = SHA2_256.compute(message);
  const [a, b] = [signEcdsa(key, digest, random), signEcdsa(key, digest, random)];
  assert.not.equal(a, b);
  for (const signature of [a, b]) assert.ok(verifyEcdsa(key, digest, signature));
});

test('ECDSA: bad DER, numbers too great or too many are refused', () => {
  for (const hex of [
    '',
    '3000',
    '3003020101',
    '300702010102010200',
    `3026022101${'00'.repeat(32)}020101`,
    '3006020101020101ff',
    '30060201ff020101',
    '300602010102010 1ff',
  ])
    assert.is(fromDerSignature(fromHex(hex), 32), undefined, hex);
  assert.is(fromDerSignature(fromHex('3006020101020102'), 32)?.[63], 2);
});

// NIST CAVS 10.1, SigGenPSS_186-3.rsp, mod 1024, SHA256, salt length 0
test('RSASSA-PSS: NIST vector without salt', () => {
  const key = {
    type: 'rsa' as const,
    modulus: fromHex(
      'c87155f3d9f3771f6ab89ef30cd36230463902ff0633aa869b6dbd7592c83f4b2f882739ff499f1499fb0db4586c7f7b2dfd5a37dbe0df37dea9d0d5814a4047b647c1d8eb356ebae6a198899f97c25f9182fab2b6be88384a1b8cb16a82a05aaadf610ce2e045b41b8880a13b7133ea07296126471c9a450ae48bc880102c8b',
    ),
    exponent: fromHex('1001'),
  };
  const digest = SHA2_256.compute(
    fromHex(
      '19828d058058243557e29ec3f95b566fb4292c6e7dc0d56ae1c475cb3f6d6f3535307b51589cfad1288287ae4358cfb4d8dfa2415f044a4a87041b9e70d44b6f1bc0040e1f52b8f69d75b50c75daf925ba9b47c9641f7a37453d1aa83fa42dd8b37a4fc33c4305ac9e054f64f9a97cc943a5428df4d80e3903b5997112a4bc79',
    ),
  );
  const signature = fromHex(
    'A3263F4C84AB6EF687A3853E5D91D296B125428F80F3C4DCEFCF4FB7F1C41CEBF9AA3CFD0CF2B617EC2DF8AB3379FFCC7FDF72EC659940E0DCDFA453BEF7E9172941B5C8AAF87E58DE3316F103856D922AE5929B3B6CF2A7BBF95C49DDBD8C15B4AC73370D0A28B20514637ABFF56157E15DF57C5860EDEBED44D4917F2D1F8B',
  );
  assert.ok(verifyPss(key, { hash: SHA2_256, saltLength: 0 }, digest, signature));
  assert.not(verifyPss(key, { hash: SHA2_256, saltLength: 32 }, digest, signature));
});

// RFC 8032 §7.1 TEST 1 and TEST 2: secret, public, message, signature
for (const [secret, point, text, signature] of [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
] as const)
  test(`Ed25519: RFC 8032 §7.1, message "${text}"`, () => {
    const bytes = fromHex(text);
    assert.is(toHex(ed25519Point(fromHex(secret))), point);
    assert.is(toHex(signEd25519(fromHex(secret), bytes)), signature);
    assert.ok(verifyEd25519(fromHex(point), bytes, fromHex(signature)));
    assert.not(verifyEd25519(fromHex(point), utf8('x'), fromHex(signature)));
    assert.not(verifyEd25519(fromHex(point), bytes, fromHex(signature).subarray(1)));
    assert.not(verifyEd25519(new Uint8Array(32).fill(255), bytes, fromHex(signature)));
  });

test('Ed25519: a public key of small order proves nothing', () => {
  // The identity as key and as R, and S = 0, fit every message by the rules of ZIP 215.
  const identity = fromHex(`01${'00'.repeat(31)}`);
  const signature = fromHex(`01${'00'.repeat(63)}`);
  assert.not(verifyEd25519(identity, utf8('any message'), signature));
});
