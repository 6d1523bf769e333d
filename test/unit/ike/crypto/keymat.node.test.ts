// An independent derivation with node:crypto: the formulas of RFC 7296 written out once more, with
// random inputs.
import { createHmac, randomBytes } from 'node:crypto';
import { toHex } from '../../../../src/core/bytes/hex.js';
import {
  authOctets,
  deriveIkeKeys,
  deriveRekeyedKeys,
} from '../../../../src/core/ike/crypto/keymat.js';
import { prfPlus, prfs } from '../../../../src/core/ike/crypto/prf.js';
import { deriveEspKeys, espSuites, ikeCiphers } from '../../../../src/core/ike/crypto/suite.js';
import { IdType } from '../../../../src/core/ike/identity.js';
import { assert, test } from '../../../support/test.js';

const hashOf: Record<number, string> = { 5: 'sha256', 6: 'sha384', 7: 'sha512' };

const hmac = (id: number, key: Uint8Array, data: Uint8Array) =>
  createHmac(hashOf[id]!, key).update(data).digest();

/** prf+ of §2.13. */
function plus(id: number, key: Uint8Array, seed: Uint8Array, length: number): Buffer {
  let all = Buffer.alloc(0);
  let last = Buffer.alloc(0);
  for (let n = 1; all.length < length; n++) {
    last = Buffer.from(hmac(id, key, Buffer.concat([last, seed, Buffer.of(n)])));
    all = Buffer.concat([all, last]);
  }
  return all.subarray(0, length);
}

for (const prf of prfs) {
  const ni = randomBytes(32);
  const nr = randomBytes(40);
  const shared = randomBytes(32);

  test(`${prf.name}: prf+ as node:crypto makes it`, () => {
    const key = randomBytes(prf.keyLength);
    for (const length of [1, 20, 64, 200, 500])
      assert.is(
        toHex(prfPlus(prf, key, ni, length)),
        plus(prf.id, key, ni, length).toString('hex'),
      );
  });

  for (const cipher of ikeCiphers)
    test(`${prf.name}, ${cipher.name}: SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr (§2.14)`, () => {
      const spiInitiator = randomBytes(8);
      const spiResponder = randomBytes(8);
      const keys = deriveIkeKeys({ prf, cipher, shared, ni, nr, spiInitiator, spiResponder });
      const seed = hmac(prf.id, Buffer.concat([ni, nr]), shared);
      const info = Buffer.concat([ni, nr, spiInitiator, spiResponder]);
      const inOrder = [
        keys.skD,
        keys.initiator.integrity,
        keys.responder.integrity,
        keys.initiator.encryption,
        keys.responder.encryption,
        keys.skPi,
        keys.skPr,
      ];
      const length = 3 * prf.keyLength + 2 * (cipher.keyLength + cipher.integrityKeyLength);
      assert.is(inOrder.map(toHex).join(''), plus(prf.id, seed, info, length).toString('hex'));
      assert.equal(
        inOrder.map((key) => key.length),
        [
          prf.keyLength,
          cipher.integrityKeyLength,
          cipher.integrityKeyLength,
          cipher.keyLength,
          cipher.keyLength,
          prf.keyLength,
          prf.keyLength,
        ],
      );
    });

  for (const old of prfs)
    test(`${prf.name} behind ${old.name}: SKEYSEED of a rekeyed IKE SA (§2.18)`, () => {
      const [spiInitiator, spiResponder, skD] = [8, 8, old.keyLength].map((n) => randomBytes(n));
      const cipher = ikeCiphers[0]!;
      const keys = deriveRekeyedKeys(
        { prf, cipher, shared, ni, nr, spiInitiator: spiInitiator!, spiResponder: spiResponder! },
        { prf: old, skD: skD! },
      );
      const seed = hmac(old.id, skD!, Buffer.concat([shared, ni, nr]));
      const info = Buffer.concat([ni, nr, spiInitiator!, spiResponder!]);
      const inOrder = [keys.skD, keys.initiator.integrity, keys.responder.integrity];
      const rest = [keys.initiator.encryption, keys.responder.encryption, keys.skPi, keys.skPr];
      const length = 3 * prf.keyLength + 2 * (cipher.keyLength + cipher.integrityKeyLength);
      const wanted = plus(prf.id, seed, info, length).toString('hex');
      assert.is([...inOrder, ...rest].map(toHex).join(''), wanted);
    });

  for (const suite of espSuites)
    test(`${prf.name}, ESP ${suite.name}: KEYMAT with and without a new key exchange (§2.17)`, () => {
      const skD = randomBytes(prf.keyLength);
      const one = suite.encryptionKeyLength + suite.integrityKeyLength;
      for (const fresh of [undefined, shared]) {
        const input = { prf, skD, ni, nr, ...(fresh ? { shared: fresh } : {}) };
        const keys = deriveEspKeys(suite, input);
        const seed = Buffer.concat([fresh ?? Buffer.alloc(0), ni, nr]);
        const wanted = plus(prf.id, skD, seed, 2 * one).toString('hex');
        const got = [keys.fromInitiator, keys.fromResponder].map((esp) =>
          esp.kind === 'aead' ? toHex(esp.key) : toHex(esp.encryptionKey) + toHex(esp.integrityKey),
        );
        assert.is(got.join(''), wanted);
      }
    });

  test(`${prf.name}: octets that AUTH signs (§2.15)`, () => {
    const message = randomBytes(300);
    const skP = randomBytes(prf.keyLength);
    const identity = { type: IdType.ID_FQDN, data: Buffer.from('gw.example.org') };
    const octets = authOctets({ prf, message, peerNonce: nr, skP, identity });
    const id = Buffer.concat([Buffer.of(2, 0, 0, 0), identity.data]);
    const wanted = Buffer.concat([message, nr, hmac(prf.id, skP, id)]);
    assert.is(toHex(octets), wanted.toString('hex'));
  });
}
