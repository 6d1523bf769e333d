import { legacyIkeCiphers } from '../../../src/core/ike/crypto/suite.js';
import {
  isEspProposal,
  isIkeProposal,
  preferencesOf,
} from '../../../src/core/ike/proposals/names.js';
import { defaultPreferences, ikeOffer } from '../../../src/core/ike/proposals/offer.js';
import { assert, test } from '../../support/test.js';

const shown = (ike: string[], esp: string[] = []) => {
  const { ikeCiphers, prfs, groups, espSuites, sequenceNumbers } = preferencesOf(ike, esp);
  const names = (all: readonly { name: string }[]) => all.map(({ name }) => name).join(' ');
  return {
    cipher: names(ikeCiphers),
    prf: names(prfs),
    group: names(groups),
    esp: names(espSuites),
    sequence: sequenceNumbers.join(' '),
  };
};
const usual = shown([]);

test('proposal names: nothing written is what is used by default', () => {
  assert.equal(preferencesOf([], []), defaultPreferences);
  assert.equal(preferencesOf(['default'], ['default']), defaultPreferences);
});

test('proposal names: one algorithm of each kind', () => {
  assert.equal(shown(['aes128gcm16-prfsha256-x25519'], ['aes256-sha512-noesn']), {
    cipher: 'AES_GCM_16_128',
    prf: 'PRF_HMAC_SHA2_256',
    group: 'CURVE25519',
    esp: 'AES_CBC_256/HMAC_SHA2_512_256',
    sequence: '0',
  });
});

test('proposal names: a kind that is not named is as it is by default', () => {
  assert.equal(shown(['chacha20poly1305']), { ...usual, cipher: 'CHACHA20_POLY1305' });
  assert.equal(shown([], ['aes128gcm16']), { ...usual, esp: 'AES_GCM_16_128' });
});

test('proposal names: the order is that of the words', () => {
  const { cipher, prf, group } = shown([
    'aes256gcm16-prfsha512-modp4096',
    'aes256-aes128-sha384-sha256-prfsha512-prfsha384-ecp384-modp3072',
  ]);
  assert.is(
    cipher,
    'AES_GCM_16_256 AES_CBC_256/HMAC_SHA2_256_128 AES_CBC_256/HMAC_SHA2_384_192 AES_CBC_128/HMAC_SHA2_256_128 AES_CBC_128/HMAC_SHA2_384_192',
  );
  assert.is(prf, 'PRF_HMAC_SHA2_512 PRF_HMAC_SHA2_384');
  assert.is(group, 'MODP_4096 ECP_384 MODP_3072');
});

test('RFC 8247 §2.3, proposal names: SHA-1 is offered only where it is named', () => {
  const inOffer = (type: number, id: number, ike: string[]) =>
    ikeOffer(preferencesOf(ike, [])).some(({ transforms }) =>
      transforms.some((one) => one.type === type && one.id === id),
    );
  for (const ike of [[], ['default'], ['aes128-sha256']]) {
    assert.not(inOffer(2, 2, ike));
    assert.not(inOffer(3, 2, ike));
  }
  const old = ['default', 'aes128-sha1-prfsha1-modp2048'];
  assert.ok(inOffer(2, 2, old) && inOffer(3, 2, old));
  const { ikeCiphers } = preferencesOf(old, []);
  assert.is(ikeCiphers.at(-1)?.name, legacyIkeCiphers[0]?.name);
});

const good = [
  'aes128-sha256',
  'aes128gcm16-modp2048',
  'aes128-aes256gcm16-sha1-prfsha1',
  'default',
];
const bad: [string, string][] = [
  ['nothing', ''],
  ['a word that is none', 'aes128gcm16-md5'],
  ["a word of every object's", 'aes128gcm16-constructor'],
  ['no cipher', 'prfsha256-x25519'],
  ['AES-CBC without integrity', 'aes128-prfsha256'],
  ['an AEAD with integrity', 'aes128gcm16-sha256'],
  ['default with something else', 'default-x25519'],
  ['an empty word', 'aes128gcm16-'],
];
test('proposal names: good ones', () => {
  for (const text of good) assert.ok(isIkeProposal(text), text);
  assert.ok(isEspProposal('chacha20poly1305-esn-noesn'));
});
for (const [what, text] of bad)
  test(`proposal names: ${what} is refused`, () => {
    assert.not(isIkeProposal(text));
    assert.not(isEspProposal(text));
  });

test('proposal names: the words of the other protocol are refused', () => {
  assert.not(isIkeProposal('aes128gcm16-esn'));
  assert.not(isEspProposal('aes128gcm16-x25519'));
});
