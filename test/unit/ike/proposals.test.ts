import type { Proposal, Transform } from '../../../src/core/ike/payloads/sa.js';
import {
  answerProposal,
  chooseEsp,
  chooseIke,
  isFromOffer,
} from '../../../src/core/ike/proposals/choose.js';
import { defaultPreferences, espOffer, ikeOffer } from '../../../src/core/ike/proposals/offer.js';
import { assert, test } from '../../support/test.js';

const nothing = new Uint8Array(0);
const spi = Uint8Array.of(1, 2, 3, 4);

/** `ENCR 20/256` style shorthand: type, id, key length. */
const t = (type: number, id: number, keyBits?: number): Transform => ({
  type,
  id,
  attributes: keyBits === undefined ? [] : [{ type: 14, value: keyBits }],
});
const [ENCR, PRF, INTEG, DH, ESN] = [1, 2, 3, 4, 5];

const ike = (...transforms: Transform[]): Proposal => ({
  number: 1,
  protocol: 1,
  spi: nothing,
  transforms,
});
const esp = (...transforms: Transform[]): Proposal => ({
  number: 1,
  protocol: 3,
  spi,
  transforms,
});

const ikeSuite = (proposals: Proposal[], group = 31): string | undefined => {
  const suite = chooseIke(proposals, group, defaultPreferences)?.suite;
  return suite && `${suite.cipher.name} ${suite.prf.id} ${suite.group.id}`;
};
const espSuite = (proposals: Proposal[], group?: number, inIkeAuth = true): string | undefined => {
  const suite = chooseEsp(proposals, group, inIkeAuth, defaultPreferences)?.suite;
  return suite && `${suite.esp.name} ${suite.group?.id ?? '-'}`;
};

const rest = [t(PRF!, 5), t(DH!, 31)];
const gcm = t(ENCR!, 20, 128);
const cbc = t(ENCR!, 12, 128);
const sha256 = t(INTEG!, 12);

test('proposals: our offer is accepted by ourselves', () => {
  assert.is(ikeSuite(ikeOffer(defaultPreferences)), 'CHACHA20_POLY1305 5 31');
  const offer = espOffer(defaultPreferences, spi, []);
  assert.is(espSuite(offer), 'AES_GCM_16_128 -');
  const withGroups = espOffer(defaultPreferences, spi, defaultPreferences.groups);
  assert.is(espSuite(withGroups, 31, false), 'AES_GCM_16_128 31');
});

test('SP-19 OE-93 proposals: nothing without cipher or integrity, or weak, is offered', () => {
  const offers = [...ikeOffer(defaultPreferences), ...espOffer(defaultPreferences, spi, [])];
  const aead = [20, 28];
  for (const { transforms } of offers) {
    const ids = (type: number) => transforms.filter((one) => one.type === type).map(({ id }) => id);
    assert.ok(ids(ENCR!).every((id) => [12, ...aead].includes(id)));
    const isAead = ids(ENCR!).every((id) => aead.includes(id));
    assert.equal(ids(INTEG!), isAead ? [] : [12, 13, 14]);
  }
});

const refusedEsp: [string, Proposal][] = [
  ['NULL encryption with integrity', esp(t(ENCR!, 11), sha256, t(ESN!, 0))],
  ['AES-CBC without integrity', esp(cbc, t(ESN!, 0))],
  ['AES-CBC with integrity NONE', esp(cbc, t(INTEG!, 0), t(ESN!, 0))],
  ['AES-CTR without integrity', esp(t(ENCR!, 13, 128), t(ESN!, 0))],
  ['DES', esp(t(ENCR!, 2), sha256, t(ESN!, 0))],
  ['3DES', esp(t(ENCR!, 3), sha256, t(ESN!, 0))],
  ['AES-GCM with a short tag', esp(t(ENCR!, 18, 128), t(ESN!, 0))],
  ['HMAC-MD5', esp(cbc, t(INTEG!, 1), t(ESN!, 0))],
  ['AH in place of ESP', { ...esp(sha256, t(ESN!, 0)), protocol: 2 }],
];
for (const [what, proposal] of refusedEsp)
  test(`SP-19 OE-93 proposals: ESP with ${what} is refused`, () => {
    assert.is(espSuite([proposal]), undefined);
  });

const choices: [string, Proposal[], string | undefined][] = [
  [
    'our favourite, wherever it stands',
    [ike(t(ENCR!, 20, 256), gcm, t(ENCR!, 28), ...rest)],
    'CHACHA20_POLY1305 5 31',
  ],
  [
    'the second proposal',
    [ike(t(ENCR!, 3), sha256, ...rest), ike(gcm, ...rest)],
    'AES_GCM_16_128 5 31',
  ],
  ['AEAD with integrity NONE said aloud', [ike(gcm, t(INTEG!, 0), ...rest)], 'AES_GCM_16_128 5 31'],
  ['no AEAD together with an integrity algorithm', [ike(gcm, sha256, ...rest)], undefined],
  [
    'CBC with HMAC',
    [ike(cbc, t(INTEG!, 2), sha256, ...rest)],
    'AES_CBC_128/HMAC_SHA2_256_128 5 31',
  ],
  ['no CBC without integrity', [ike(cbc, ...rest)], undefined],
  ['the PRF that we like', [ike(gcm, t(PRF!, 7), t(PRF!, 5), t(DH!, 31))], 'AES_GCM_16_128 5 31'],
  ['none without a PRF', [ike(gcm, t(DH!, 31))], undefined],
  ['none without a group', [ike(gcm, t(PRF!, 5))], undefined],
  ['no unknown key length', [ike(t(ENCR!, 20, 192), ...rest)], undefined],
  ['no AES without a key length', [ike(t(ENCR!, 20), ...rest)], undefined],
  ['no ChaCha20 with a key length', [ike(t(ENCR!, 28, 256), ...rest)], undefined],
  ['no SPI in IKE_SA_INIT', [{ ...ike(gcm, ...rest), spi }], undefined],
  ['no transform type of the future (RFC 7296 §3.3.6)', [ike(gcm, ...rest, t(6, 35))], undefined],
  [
    'a transform of the future passed over',
    [ike(t(ENCR!, 99), gcm, ...rest)],
    'AES_GCM_16_128 5 31',
  ],
  [
    'no transform with an attribute that is not understood',
    [ike({ type: 1, id: 20, attributes: [{ type: 15, value: 128 }] }, ...rest)],
    undefined,
  ],
  [
    'no transform with malformed attributes',
    [ike({ type: 1, id: 20, attributes: nothing }, ...rest)],
    undefined,
  ],
];
for (const [what, proposals, suite] of choices)
  test(`proposals: chooses ${what}`, () => {
    assert.is(ikeSuite(proposals), suite);
  });

test('proposals: the group of the KE payload is preferred, as another one costs a round trip', () => {
  const both = [ike(gcm, t(PRF!, 5), t(DH!, 31), t(DH!, 19))];
  assert.is(ikeSuite(both, 19), 'AES_GCM_16_128 5 19');
  assert.is(ikeSuite(both, 99), 'AES_GCM_16_128 5 31');
});

test('proposals: extended sequence numbers are preferred, and others taken', () => {
  const isExtended = (...sequence: Transform[]) =>
    chooseEsp([esp(gcm, ...sequence)], undefined, true, defaultPreferences)?.suite.isExtended;
  assert.is(isExtended(t(ESN!, 1)), true);
  assert.is(isExtended(t(ESN!, 0), t(ESN!, 1)), true);
  assert.is(isExtended(t(ESN!, 0)), false);
  assert.is(isExtended(), false);
  assert.is(isExtended(t(ESN!, 2)), undefined);
});

test('proposals: nothing is taken where the only sequence numbers are unwanted', () => {
  const choose = (id: number, ...sequenceNumbers: number[]) =>
    chooseEsp([esp(gcm, t(ESN!, id))], undefined, true, {
      ...defaultPreferences,
      sequenceNumbers,
    });
  assert.is(choose(1, 0), undefined);
  assert.is(choose(0, 1), undefined);
  assert.is(choose(0, 0)?.suite.isExtended, false);
});

test('proposals: groups mean nothing in IKE_AUTH, and are binding in CREATE_CHILD_SA', () => {
  const proposal = esp(gcm, t(DH!, 19), t(ESN!, 0));
  assert.is(espSuite([proposal]), 'AES_GCM_16_128 -');
  assert.is(espSuite([proposal], 19, false), 'AES_GCM_16_128 19');
  assert.is(espSuite([proposal], undefined, false), 'AES_GCM_16_128 19');
  assert.is(espSuite([esp(gcm, t(DH!, 2), t(ESN!, 0))], 2, false), undefined);
  assert.is(espSuite([esp(gcm, t(ESN!, 0))], undefined, false), 'AES_GCM_16_128 -');
});

const offer = ikeOffer(defaultPreferences);
const good = answerProposal(chooseIke(offer, 31, defaultPreferences)!, nothing);
const without = (type: number) => good.transforms.filter((one) => one.type !== type);

test('proposals: an answer that picks one of each is from our offer', () => {
  assert.ok(isFromOffer(offer, [good]));
  assert.ok(isFromOffer(offer, [{ ...good, transforms: [...good.transforms, t(INTEG!, 0)] }]));
});

const badAnswers: [string, Proposal[]][] = [
  ['is empty', []],
  ['has two proposals', [good, good]],
  ['has a number that we did not use', [{ ...good, number: 7 }]],
  ['is for another protocol', [{ ...good, protocol: 3 }]],
  ['has two ciphers', [{ ...good, transforms: [...good.transforms, t(ENCR!, 20, 256)] }]],
  ['has no cipher', [{ ...good, transforms: without(ENCR!) }]],
  ['has no PRF', [{ ...good, transforms: without(PRF!) }]],
  ['has no group', [{ ...good, transforms: without(DH!) }]],
  [
    'has a cipher that we did not offer',
    [{ ...good, transforms: [...without(ENCR!), t(ENCR!, 3)] }],
  ],
  ['has a shorter key', [{ ...good, transforms: [...without(ENCR!), t(ENCR!, 20, 64)] }]],
  [
    'takes integrity NONE with CBC',
    [{ ...good, number: 2, transforms: [cbc, t(INTEG!, 0), ...rest] }],
  ],
];
for (const [what, answer] of badAnswers)
  test(`proposals: an answer that ${what} is not from our offer`, () => {
    assert.not(isFromOffer(offer, answer));
  });
