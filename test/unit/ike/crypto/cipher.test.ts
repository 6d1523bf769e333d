import { concat, equal } from '../../../../src/core/bytes/bytes.js';
import { fromHex, toHex } from '../../../../src/core/bytes/hex.js';
import { utf8 } from '../../../../src/core/bytes/text.js';
import { aesGcm128, aesGcm256, chaCha20Poly1305 } from '../../../../src/core/ike/crypto/aead.js';
import {
  createSealer,
  type IkeCipher,
  type SkKeys,
} from '../../../../src/core/ike/crypto/cipher.js';
import { aesCbc, hmacSha256 } from '../../../../src/core/ike/crypto/encrypt-then-mac.js';
import { ikeCiphers } from '../../../../src/core/ike/crypto/suite.js';
import { assert, test } from '../../../support/test.js';

const gcmPlain =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39';
const gcmAad = 'feedfacedeadbeeffeedfacedeadbeefabaddad2';
const sunscreen =
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";

// cipher, source, key, nonce (salt and IV), AAD, plaintext, ciphertext, tag
const aeadVectors: [IkeCipher, string, string, string, string, string, string, string][] = [
  [
    aesGcm128,
    'McGrew and Viega, GCM test case 4',
    'feffe9928665731c6d6a8f9467308308',
    'cafebabefacedbaddecaf888',
    gcmAad,
    gcmPlain,
    '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091',
    '5bc94fbc3221a5db94fae95ae7121a47',
  ],
  [
    aesGcm256,
    'McGrew and Viega, GCM test case 16',
    'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    'cafebabefacedbaddecaf888',
    gcmAad,
    gcmPlain,
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
    '76fc6ece0f4e1768cddf8853bb2d551b',
  ],
  [
    chaCha20Poly1305,
    'RFC 8439 §2.8.2',
    '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    '070000004041424344454647',
    '50515253c0c1c2c3c4c5c6c7',
    toHex(utf8(sunscreen)),
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116',
    '1ae10b594f09e26a7e902ecbd0600691',
  ],
];

for (const [cipher, source, key, nonce, aad, plain, sealed, tag] of aeadVectors) {
  const keys: SkKeys = {
    encryption: fromHex(key + nonce.slice(0, 8)),
    integrity: new Uint8Array(0),
  };
  const iv = fromHex(nonce.slice(8));
  test(`${cipher.name}: opens ${source}`, () => {
    // The vector's last octet is taken for the Pad Length.
    const padLength = Number.parseInt(plain.slice(-2), 16);
    const body = concat(iv, fromHex(sealed + tag));
    const payloads = cipher.open({ keys, aad: fromHex(aad), body });
    assert.is(payloads && toHex(payloads), plain.slice(0, plain.length - 2 - 2 * padLength));
  });
  test(`${cipher.name}: seals as ${source}`, () => {
    // One octet of Pad Length follows, so the tag is another one; `opens` has checked it.
    const body = cipher.seal({ keys, iv, aad: fromHex(aad), plaintext: fromHex(plain) });
    assert.is(toHex(body).slice(16, 16 + sealed.length), sealed);
  });
}

const cbcVectors: [128 | 256, string, string, string, string, string][] = [
  [
    128,
    'RFC 3602 §4 case 1',
    '06a9214036b8a15b512e03d534120006',
    '3dafba429d9eb430b422da802c9fac41',
    toHex(utf8('Single block msg')),
    'e353779c1079aeb82708942dbe77181a',
  ],
  [
    256,
    'NIST SP 800-38A F.2.5',
    '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    '000102030405060708090a0b0c0d0e0f',
    '6bc1bee22e409f96e93d7e117393172a',
    'f58c4c04d6e5f1ba779eabfb5f7bfbd6',
  ],
];

for (const [bits, source, key, iv, plain, sealed] of cbcVectors)
  test(`AES_CBC_${bits}: ${source}, then the ICV over all before it`, () => {
    const cipher = aesCbc(bits, hmacSha256);
    const keys = { encryption: fromHex(key), integrity: new Uint8Array(32).fill(7) };
    const aad = utf8('header');
    const body = cipher.seal({ keys, iv: fromHex(iv), aad, plaintext: fromHex(plain) });
    assert.is(toHex(body).slice(0, 64), iv + sealed);
    const end = body.length - 16;
    const icv = hmacSha256.compute(keys.integrity, concat(aad, body.subarray(0, end)));
    assert.is(toHex(body.subarray(end)), toHex(icv));
  });

const keysFor = (cipher: IkeCipher): SkKeys => ({
  encryption: new Uint8Array(cipher.keyLength).map((_, i) => i),
  integrity: new Uint8Array(cipher.integrityKeyLength).map((_, i) => 255 - i),
});

const random = (length: number) => new Uint8Array(length).fill(0x5a);

for (const cipher of ikeCiphers) {
  const keys = keysFor(cipher);
  const aad = utf8('from the header to the SK payload');

  test(`${cipher.name}: opens what it sealed, of every length, as long as it said`, () => {
    const sealer = createSealer(cipher, keys, random);
    for (let length = 0; length <= 34; length++) {
      const plaintext = new Uint8Array(length).map((_, i) => i + 1);
      const body = sealer.seal(aad, plaintext);
      assert.is(body.length, cipher.bodyLength(length));
      const opened = cipher.open({ keys, aad, body });
      assert.is(opened && toHex(opened), toHex(plaintext));
    }
  });

  test(`${cipher.name}: refuses every cut, a changed bit of each octet, another header or key`, () => {
    const body = createSealer(cipher, keys, random).seal(aad, utf8('inner payloads'));
    for (let length = 0; length < body.length; length++)
      assert.is(cipher.open({ keys, aad, body: body.subarray(0, length) }), undefined);
    for (let at = 0; at < body.length; at++) {
      const forged = body.slice();
      forged[at]! ^= 1 << (at % 8);
      assert.is(cipher.open({ keys, aad, body: forged }), undefined);
    }
    assert.is(cipher.open({ keys, aad: utf8('other'), body }), undefined);
    const other = { ...keys, encryption: keys.encryption.map((byte) => byte ^ 1) };
    const others = cipher.isAead
      ? other
      : { ...keys, integrity: new Uint8Array(keys.integrity.length) };
    assert.is(cipher.open({ keys: others, aad, body }), undefined);
  });
}

test('cipher: no plaintext, or padding longer than it, is refused though authentic', () => {
  const aad = new Uint8Array(0);
  const cbc = aesCbc(128, hmacSha256);
  const cbcKeys = keysFor(cbc);
  const good = cbc.seal({
    keys: cbcKeys,
    iv: new Uint8Array(16),
    aad,
    plaintext: new Uint8Array(3),
  });
  const empty = new Uint8Array(16); // an IV and nothing in it
  const emptyBody = concat(empty, hmacSha256.compute(cbcKeys.integrity, aad, empty));
  assert.is(cbc.open({ keys: cbcKeys, aad, body: emptyBody }), undefined);
  const changed = good.slice(0, good.length - 16);
  changed[15]! ^= 0x80; // IV's last octet: flips a bit of the Pad Length
  const forged = concat(changed, hmacSha256.compute(cbcKeys.integrity, aad, changed));
  assert.is(cbc.open({ keys: cbcKeys, aad, body: forged }), undefined);
});

test('sealer: an AEAD never uses an IV twice, CBC takes random ones', () => {
  const sealer = createSealer(aesGcm128, keysFor(aesGcm128), random);
  const ivs = [1, 2, 3].map(() => sealer.seal(new Uint8Array(0), utf8('same')).subarray(0, 8));
  assert.equal(ivs.map(toHex), ['0000000000000001', '0000000000000002', '0000000000000003']);
  const cbc = aesCbc(256, hmacSha256);
  const body = createSealer(cbc, keysFor(cbc), random).seal(new Uint8Array(0), utf8('x'));
  assert.ok(equal(body.subarray(0, 16), random(16)));
});

test('cipher: wrong lengths of keys are our own error and throw', () => {
  const short = { encryption: new Uint8Array(16), integrity: new Uint8Array(0) };
  const input = { keys: short, aad: new Uint8Array(0), plaintext: new Uint8Array(0) };
  assert.throws(
    () => aesGcm128.seal({ ...input, iv: new Uint8Array(8) }),
    /AES_GCM_16_128: key 16/,
  );
  const cbc = aesCbc(128, hmacSha256);
  assert.throws(() => cbc.seal({ ...input, iv: new Uint8Array(16) }), /keys of 16 and 0 bytes/);
});
