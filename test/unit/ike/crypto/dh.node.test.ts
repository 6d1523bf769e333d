// Each group against node:crypto (OpenSSL) as the other end, with random keys.
import { createDiffieHellmanGroup, createECDH, randomBytes } from 'node:crypto';
import { toHex } from '../../../../src/core/bytes/hex.js';
import { dhGroupById } from '../../../../src/core/ike/crypto/dh-groups.js';
import { assert, test } from '../../../support/test.js';

for (const [id, name, length] of [
  [14, 'modp14', 256],
  [15, 'modp15', 384],
  [16, 'modp16', 512],
] as const)
  test(`key exchange ${id}: the same secret as OpenSSL`, () => {
    const other = createDiffieHellmanGroup(name);
    const theirs = other.generateKeys();
    const pair = dhGroupById(id)!.generate(randomBytes);
    const padded = new Uint8Array(length);
    padded.set(theirs, length - theirs.length);
    const secret = other
      .computeSecret(pair.publicKey)
      .toString('hex')
      .padStart(2 * length, '0');
    assert.is(toHex(pair.shared(padded)!), secret);
  });

for (const [id, name] of [
  [19, 'prime256v1'],
  [20, 'secp384r1'],
] as const)
  test(`key exchange ${id}: the same secret as OpenSSL`, () => {
    const other = createECDH(name);
    const theirs = other.generateKeys().subarray(1);
    const pair = dhGroupById(id)!.generate(randomBytes);
    const secret = other.computeSecret(Buffer.concat([Buffer.of(4), pair.publicKey]));
    assert.is(toHex(pair.shared(theirs)!), secret.toString('hex'));
  });
