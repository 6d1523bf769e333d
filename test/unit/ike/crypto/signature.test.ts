import { concat } from '../../../../src/core/bytes/bytes.js';
import { fromHex, toHex } from '../../../../src/core/bytes/hex.js';
import { utf8 } from '../../../../src/core/bytes/text.js';
import {
  type AuthValue,
  signAuth,
  supportedHashes,
  verifyAuth,
} from '../../../../src/core/ike/crypto/signature.js';
import { auth } from '../../../../src/core/ike/payloads/auth.js';
import { SHA2_256, sha2 } from '../../../../src/core/pki/hashes.js';
import { privateKeyFromPem } from '../../../../src/core/pki/pkcs8.js';
import { publicKeyOf } from '../../../../src/core/pki/private-key.js';
import type { EcdsaType, PublicKey } from '../../../../src/core/pki/public-key.js';
import { readScheme, signerFor } from '../../../../src/core/pki/signature-scheme.js';
import { ecdsaKey } from '../../../support/keys.js';
import { assert, test } from '../../../support/test.js';
import * as openssl from '../../pki/vectors/openssl-keys.js';

let seed = 7;
const random = (length: number) =>
  new Uint8Array(length).map(() => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed >> 16;
  });

const octets = utf8(openssl.message);
const keys = {
  p384: ecdsaKey(9, 'ecdsa-p384'),
  rsa: privateKeyFromPem(openssl.rsa2048Pem),
  ecdsa: privateKeyFromPem(openssl.ecPem),
  ed25519: privateKeyFromPem(openssl.edPem),
};

/** Method 14 with this AlgorithmIdentifier (hexadecimal) and signature. */
const digital = (identifier: string, signature: Uint8Array): AuthValue => ({
  method: 14,
  data: concat(Uint8Array.of(identifier.length / 2), fromHex(identifier), signature),
});

// what is signed with, hashes of the peer, method and name that come out
const choices: [keyof typeof keys, number[] | undefined, number, string][] = [
  ['rsa', undefined, 1, 'RSA/SHA1'],
  ['rsa', [2, 3, 4], 14, 'RSA_PSS/SHA2_256'],
  ['rsa', [4, 3], 14, 'RSA_PSS/SHA2_384'],
  ['rsa', [4], 14, 'RSA_PSS/SHA2_512'],
  ['rsa', [1], 1, 'RSA/SHA1'],
  ['ecdsa', undefined, 9, 'ECDSA/SHA2_256'],
  ['ecdsa', [2, 5], 14, 'ECDSA/SHA2_256'],
  ['ecdsa', [3], 14, 'ECDSA/SHA2_384'],
  ['ecdsa', [4], 14, 'ECDSA/SHA2_512'],
  ['ed25519', [2, 5], 14, 'ED25519'],
  ['p384', undefined, 10, 'ECDSA/SHA2_384'],
  ['p384', [2, 3, 4], 14, 'ECDSA/SHA2_384'],
  ['p384', [2], 14, 'ECDSA/SHA2_256'],
];

for (const [type, hashes, method, name] of choices)
  test(`AUTH: ${type} for a peer with hashes ${hashes ?? 'unknown'}: method ${method}, ${name}`, () => {
    const key = keys[type];
    const signed = signAuth(key, octets, hashes, random);
    assert.ok(signed.ok);
    assert.is(signed.auth.method, method);
    assert.is(signed.name, name);
    assert.equal(verifyAuth(signed.auth, publicKeyOf(key), octets), { ok: true, name });
    // a signature of something else, by somebody else, or changed
    assert.not(verifyAuth(signed.auth, publicKeyOf(key), utf8('other')).ok);
    for (const other of Object.values(keys))
      if (other !== key) assert.not(verifyAuth(signed.auth, publicKeyOf(other), octets).ok);
    const data = signed.auth.data;
    for (let at = 0; at < data.length; at += 5) {
      const changed = data.slice();
      changed[at]! ^= 4;
      assert.not(verifyAuth({ method, data: changed }, publicKeyOf(key), octets).ok, `byte ${at}`);
      assert.not(verifyAuth({ method, data: data.slice(0, at) }, publicKeyOf(key), octets).ok);
    }
  });

test('AUTH: Ed25519 can not be used with a peer without the Identity hash (RFC 8420 §2)', () => {
  for (const hashes of [undefined, [], [2, 3, 4]])
    assert.not(signAuth(keys.ed25519, octets, hashes, random).ok);
});

test('AUTH: we announce SHA2-256, SHA2-384, SHA2-512 and Identity (RFC 7427 §7, RFC 8420 §4)', () =>
  assert.equal(supportedHashes, [2, 3, 4, 5]));

// RFC 7427 §A.1.2, §A.1.3, §A.1.4, §A.3.2, §A.3.3, §A.3.4; RFC 8420 §A.1
const identifiers: [string, string][] = [
  ['RSA/SHA2_256', '300d06092a864886f70d01010b0500'],
  ['RSA/SHA2_384', '300d06092a864886f70d01010c0500'],
  ['RSA/SHA2_512', '300d06092a864886f70d01010d0500'],
  ['ECDSA/SHA2_256', '300a06082a8648ce3d040302'],
  ['ECDSA/SHA2_384', '300a06082a8648ce3d040303'],
  ['ECDSA/SHA2_512', '300a06082a8648ce3d040304'],
  ['ED25519', '300506032b6570'],
];

for (const [name, hex] of identifiers)
  test(`AlgorithmIdentifier: reads and writes ${name}, refuses every cut and addition`, () => {
    const bytes = fromHex(hex);
    assert.is(readScheme(bytes)?.name, name);
    for (let length = 0; length < bytes.length; length++)
      assert.is(readScheme(bytes.subarray(0, length)), undefined);
    assert.is(readScheme(concat(bytes, Uint8Array.of(0))), undefined);
    const hash = sha2.find((one) => name.endsWith(one.name));
    const key = keys[name.startsWith('RSA') ? 'rsa' : hash ? 'ecdsa' : 'ed25519'];
    const written = signerFor(key, hash ? { hash } : {});
    assert.is(toHex(written.identifier), hex);
  });

// RFC 7427 §A.1.1, §A.3.1 (SHA-1), §A.4.1 (PSS with the default SHA-1), §A.2 (DSA)
for (const hex of [
  '300d06092a864886f70d0101050500',
  '300906072a8648ce3d0401',
  '300d06092a864886f70d01010a3000',
  '300906072a8648ce380403',
])
  test(`AlgorithmIdentifier: refuses ${hex}, never announced`, () => {
    assert.is(readScheme(fromHex(hex)), undefined);
    const auth = digital(hex, fromHex(openssl.pkcs1Signatures.SHA1));
    assert.not(verifyAuth(auth, publicKeyOf(keys.rsa), octets).ok);
  });

for (const [name, signature] of Object.entries(openssl.pkcs1Signatures)) {
  test(`AUTH: RSA method 1 takes ${name} of openssl`, () => {
    const auth = { method: 1, data: fromHex(signature) };
    const result = verifyAuth(auth, publicKeyOf(keys.rsa), octets);
    assert.equal(result, { ok: true, name: `RSA/${name}` });
  });
}

/** RSASSA-PSS identifier as in RFC 7427 §A.4.3, for SHA2-256, -384, -512; trailer field optional. */
function pssIdentifier(hash: number, maskHash: number, salt: number, withTrailer: boolean): string {
  const algorithm = (n: number) => `300d06096086480165030402 0${n}0500`.replace(' ', '');
  const fields =
    `a00f${algorithm(hash)}a11c301a06092a864886f70d010108${algorithm(maskHash)}a203020 1${salt.toString(16)}${withTrailer ? 'a303020101' : ''}`.replace(
      ' ',
      '',
    );
  const hex = (length: number) => length.toString(16).padStart(2, '0');
  const inner = `30${hex(fields.length / 2)}${fields}`;
  const body = `06092a864886f70d01010a${inner}`;
  return `30${hex(body.length / 2)}${body}`;
}

for (const [n, name, salt] of [
  [1, 'SHA2_256', 32],
  [2, 'SHA2_384', 48],
  [3, 'SHA2_512', 64],
] as const)
  test(`AUTH: RSASSA-PSS with ${name} of openssl`, () => {
    const signature = fromHex(openssl.pssSignatures[name]);
    const key = publicKeyOf(keys.rsa);
    for (const withTrailer of [false, true]) {
      const auth = digital(pssIdentifier(n, n, salt, withTrailer), signature);
      assert.equal(verifyAuth(auth, key, octets), { ok: true, name: `RSA_PSS/${name}` });
      assert.not(verifyAuth(auth, key, utf8('other')).ok);
    }
    const bad = [
      digital(pssIdentifier(n, n, salt - 1, false), signature), // other salt length
      digital(pssIdentifier(n, n, 120, false), signature),
      digital(pssIdentifier(n, (n % 3) + 1, salt, false), signature), // mask of another hash
      digital(pssIdentifier((n % 3) + 1, (n % 3) + 1, salt, false), signature),
      digital(pssIdentifier(n, n, salt, false), fromHex(openssl.pkcs1Signatures[name])),
    ];
    for (const auth of bad) assert.not(verifyAuth(auth, key, octets).ok);
    for (let at = 0; at < 256; at += 17) {
      const changed = signature.slice();
      changed[at]! ^= 1;
      const auth = digital(pssIdentifier(n, n, salt, false), changed);
      assert.not(verifyAuth(auth, key, octets).ok);
    }
  });

test('AUTH: RFC 4754 §8.1, method 9', () => {
  const key: PublicKey = {
    type: 'ecdsa-p256',
    point: fromHex(
      '2442a5cc0ecd015fa3ca31dc8e2bbc70bf42d60cbca20085e0822cb04235e970' +
        '6fc98bd7e50211a4a27102fa3549df79ebcb4bf246b80945cddfe7d509bbfd7d',
    ),
  };
  const data = fromHex(
    'cb28e0999b9c7715fd0a80d8e47a77079716cbbf917dd72e97566ea1c066957c' +
      '86fa3bb4e26cad5bf90b7f81899256ce7594bb1ea0c89212748bff3b3d5b0315',
  );
  assert.ok(verifyAuth({ method: 9, data }, key, utf8('abc')).ok);
  assert.not(verifyAuth({ method: 9, data }, key, utf8('abd')).ok);
  const zero = { method: 9, data: new Uint8Array(64) };
  assert.not(verifyAuth(zero, key, utf8('abc')).ok);
});

test('AUTH: unknown methods, keys too short or costly: refused with a reason', () => {
  const rsa = publicKeyOf(keys.rsa);
  const auth = { method: 1, data: fromHex(openssl.pkcs1Signatures.SHA1) };
  const why = (value: AuthValue, key: PublicKey) => {
    const result = verifyAuth(value, key, octets);
    return result.ok ? 'ok' : result.why;
  };
  assert.match(why({ method: 2, data: auth.data }, rsa), /method 2 is not supported/);
  assert.match(why({ method: 14, data: new Uint8Array(0) }, rsa), /AlgorithmIdentifier/);
  assert.match(why({ method: 14, data: Uint8Array.of(5, 1) }, rsa), /needs 5 bytes/);
  assert.ok(rsa.type === 'rsa');
  const small = { ...rsa, modulus: rsa.modulus.slice(0, 128) };
  assert.match(why(auth, small), /has 1024 bits/);
  const great = { ...rsa, modulus: new Uint8Array(1025).fill(255) };
  assert.match(why(auth, great), /1025 bytes/);
  assert.match(why(auth, { ...rsa, exponent: fromHex('010001000001') }), /exponent/);
  assert.match(why(auth, { ...rsa, exponent: fromHex('01') }), /exponent 1 is not/);
  assert.match(why(auth, { ...rsa, exponent: fromHex('010000') }), /exponent 65536 is not/);
  const even = rsa.modulus.slice();
  even[255]! &= 0xfe;
  assert.match(why(auth, { ...rsa, modulus: even }), /even/);
  assert.is(SHA2_256.id, 2);
});

// RFC 4754 §8.1, §8.2: public key, AUTH payload behind its generic header, for the octets "abc"
const rfc4754: [EcdsaType, string, string][] = [
  [
    'ecdsa-p256',
    `2442A5CC 0ECD015F A3CA31DC 8E2BBC70 BF42D60C BCA20085 E0822CB0 4235E970
     6FC98BD7 E50211A4 A27102FA 3549DF79 EBCB4BF2 46B80945 CDDFE7D5 09BBFD7D`,
    `09000000 CB28E099 9B9C7715 FD0A80D8 E47A7707 9716CBBF 917DD72E 97566EA1 C066957C
     86FA3BB4 E26CAD5B F90B7F81 899256CE 7594BB1E A0C89212 748BFF3B 3D5B0315`,
  ],
  [
    'ecdsa-p384',
    `96281BF8 DD5E0525 CA049C04 8D345D30 82968D10 FEDF5C5A CA0C64E6 465A97EA
     5CE10C9D FEC21797 41571072 1F437922
     447688BA 94708EB6 E2E4D59F 6AB6D7ED FF9301D2 49FE49C3 3096655F 5D502FAD
     3D383B91 C5E7EDAA 2B714CC9 9D5743CA`,
    `0A000000 FB017B91 4E291494 32D8BAC2 9A514640 B46F53DD AB2C6994
     8084E293 0F1C8F7E 08E07C9C 63F2D21A 07DCB56A 6AF56EB3
     B263A130 5E057F98 4D38726A 1B468741 09F417BC A112674C 528262A4 0A629AF1
     CBB9F516 CE0FA7D2 FF630863 A00E8B9F`,
  ],
];
for (const [type, point, payload] of rfc4754)
  test(`AUTH: the old way with ${type} of RFC 4754 §8`, () => {
    const read = auth.read(fromHex(payload));
    assert.ok(read.ok);
    const key = { type, point: fromHex(point) };
    assert.ok(verifyAuth(read.value, key, utf8('abc')).ok);
    assert.not(verifyAuth(read.value, key, utf8('abd')).ok);
    const otherMethod = { ...read.value, method: 19 - read.value.method };
    assert.not(verifyAuth(otherMethod, key, utf8('abc')).ok);
  });

test('AUTH: method 1 with SHA-1 is taken only from a peer that announced nothing better', () => {
  const signed = signAuth(keys.rsa, octets, undefined, random);
  assert.ok(signed.ok && signed.auth.method === 1);
  const key = publicKeyOf(keys.rsa);
  for (const hashes of [undefined, [], [1]])
    assert.equal(verifyAuth(signed.auth, key, octets, hashes), { ok: true, name: 'RSA/SHA1' });
  for (const hashes of [[1, 2], [3], [2, 3, 4, 5]])
    assert.not(verifyAuth(signed.auth, key, octets, hashes).ok);
});

for (const [index, hash] of sha2.entries())
  test(`AUTH: our RSASSA-PSS with ${hash.name}, salt as long as the hash (RFC 7427 §A.4.3)`, () => {
    const key = publicKeyOf(keys.rsa);
    const [one, two] = [1, 2].map(() => signAuth(keys.rsa, octets, [hash.id], random, 'pss'));
    assert.ok(one?.ok && two?.ok);
    assert.not.equal(one.auth.data, two.auth.data);
    const identifier = pssIdentifier(index + 1, index + 1, hash.outputLength, false);
    assert.is(toHex(one.auth.data.subarray(1, 1 + one.auth.data[0]!)), identifier);
    assert.equal(verifyAuth(one.auth, key, octets), { ok: true, name: `RSA_PSS/${hash.name}` });
    assert.not(verifyAuth(one.auth, key, utf8('other')).ok);
  });
