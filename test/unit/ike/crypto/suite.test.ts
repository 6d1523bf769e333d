import { PRF_HMAC_SHA2_256 } from '../../../../src/core/ike/crypto/prf.js';
import {
  deriveEspKeys,
  espSuites,
  findEspSuite,
  findIkeCipher,
  ikeCiphers,
  legacyEspSuites,
} from '../../../../src/core/ike/crypto/suite.js';
import { TransformType, transformName } from '../../../../src/core/ike/crypto/transforms.js';
import { assert, test } from '../../../support/test.js';

test('suite: every cipher is found by its own numbers, and no two share them', () => {
  for (const cipher of ikeCiphers) {
    const choice = {
      encryption: cipher.id,
      keyBits: cipher.keyBits,
      integrity: cipher.integrityId,
    };
    assert.is(findIkeCipher(choice), cipher);
  }
  for (const suite of espSuites) {
    const choice = { encryption: suite.id, keyBits: suite.keyBits, integrity: suite.integrityId };
    assert.is(findEspSuite(choice), suite);
  }
});

test('suite: integrity NONE is no integrity, and needs an AEAD', () => {
  assert.is(findIkeCipher({ encryption: 20, keyBits: 128, integrity: 0 })?.name, 'AES_GCM_16_128');
  assert.is(findEspSuite({ encryption: 28, integrity: 0 })?.name, 'CHACHA20_POLY1305');
  assert.is(findIkeCipher({ encryption: 12, keyBits: 128 }), undefined);
  assert.is(findEspSuite({ encryption: 12, keyBits: 128, integrity: 0 }), undefined);
  assert.is(findIkeCipher({ encryption: 20, keyBits: 128, integrity: 12 }), undefined);
});

test('suite: a missing, needless or odd key length is another algorithm', () => {
  assert.is(findIkeCipher({ encryption: 20 }), undefined);
  assert.is(findIkeCipher({ encryption: 28, keyBits: 256 }), undefined);
  assert.is(findEspSuite({ encryption: 20, keyBits: 192 }), undefined);
});

test('suite: ESP keys have the lengths the kernel wants', () => {
  const input = {
    prf: PRF_HMAC_SHA2_256,
    skD: new Uint8Array(32),
    ni: new Uint8Array(16),
    nr: new Uint8Array(16),
  };
  const shapes = [...espSuites, ...legacyEspSuites].map((suite) => {
    const keys = deriveEspKeys(suite, input).fromInitiator;
    return keys.kind === 'aead'
      ? [suite.name, keys.name, keys.key.length, keys.icvBits]
      : [
          suite.name,
          keys.encryption,
          keys.encryptionKey.length,
          keys.integrity,
          keys.integrityKey.length,
          keys.icvBits,
        ];
  });
  assert.equal(shapes, [
    ['AES_GCM_16_128', 'rfc4106(gcm(aes))', 20, 128],
    ['AES_GCM_16_256', 'rfc4106(gcm(aes))', 36, 128],
    ['CHACHA20_POLY1305', 'rfc7539esp(chacha20,poly1305)', 36, 128],
    ['AES_CBC_128/HMAC_SHA2_256_128', 'cbc(aes)', 16, 'hmac(sha256)', 32, 128],
    ['AES_CBC_128/HMAC_SHA2_384_192', 'cbc(aes)', 16, 'hmac(sha384)', 48, 192],
    ['AES_CBC_128/HMAC_SHA2_512_256', 'cbc(aes)', 16, 'hmac(sha512)', 64, 256],
    ['AES_CBC_256/HMAC_SHA2_256_128', 'cbc(aes)', 32, 'hmac(sha256)', 32, 128],
    ['AES_CBC_256/HMAC_SHA2_384_192', 'cbc(aes)', 32, 'hmac(sha384)', 48, 192],
    ['AES_CBC_256/HMAC_SHA2_512_256', 'cbc(aes)', 32, 'hmac(sha512)', 64, 256],
    ['AES_CBC_128/HMAC_SHA1_96', 'cbc(aes)', 16, 'hmac(sha1)', 20, 96],
    ['AES_CBC_256/HMAC_SHA1_96', 'cbc(aes)', 32, 'hmac(sha1)', 20, 96],
  ]);
});

test('transforms: names for people, numbers where there is none', () => {
  assert.is(transformName(TransformType.ENCR, 20, 256), 'ENCR_AES_GCM_16_256');
  assert.is(transformName(TransformType.DH, 31), 'CURVE25519');
  assert.is(transformName(TransformType.PRF, 99), 'UNKNOWN_99');
  assert.is(transformName(77, 1), 'UNKNOWN_1');
});
