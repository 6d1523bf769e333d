/** The primitives as the daemon calls them, each ready to run; for the bench. */

import { aesGcm128, chaCha20Poly1305 } from '../../../src/core/ike/crypto/aead.js';
import type { IkeCipher } from '../../../src/core/ike/crypto/cipher.js';
import { ecp256 } from '../../../src/core/ike/crypto/dh-ecp.js';
import { curve25519 } from '../../../src/core/ike/crypto/dh-x25519.js';
import { PRF_HMAC_SHA2_256 } from '../../../src/core/ike/crypto/prf.js';
import { signEcdsa, verifyEcdsa } from '../../../src/core/pki/ecdsa.js';
import { signEd25519, verifyEd25519 } from '../../../src/core/pki/ed25519.js';
import { SHA2_256 } from '../../../src/core/pki/hashes.js';
import { rsaPublicKey } from '../../../src/core/pki/private-key.js';
import { signPkcs1, verifyPkcs1 } from '../../../src/core/pki/rsa.js';
import { ecdsaKey, ed25519Key, rsaKey } from '../../support/keys.js';
import { countingRandom } from '../../support/list-random.js';
import { probing } from './probing.js';

export interface Operation {
  name: string;
  run(): void;
}

const random = countingRandom();
const digest = SHA2_256.compute(random(100));

function must(condition: boolean, name: string): void {
  if (!condition) throw new Error(`${name}: wrong result`);
}

function keyExchange(): Operation[] {
  return [curve25519, ecp256].flatMap((group) => {
    const pair = group.generate(random);
    const peer = group.generate(random).publicKey;
    return [
      { name: `${group.name} key pair`, run: () => void group.generate(random) },
      {
        name: `${group.name} shared secret`,
        run: () => must(pair.shared(peer) !== undefined, group.name),
      },
    ];
  });
}

function rsa(): Operation[] {
  const key = rsaKey();
  if (key.type !== 'rsa') throw new Error('RSA key: is of another kind');
  const publicKey = rsaPublicKey(key);
  const signature = signPkcs1(key, SHA2_256, digest, random);
  return [
    { name: 'RSA-2048 sign', run: () => void signPkcs1(key, SHA2_256, digest, random) },
    {
      name: 'RSA-2048 verify',
      run: () => must(verifyPkcs1(publicKey, SHA2_256, digest, signature), 'RSA'),
    },
  ];
}

function p256(): Operation[] {
  const key = ecdsaKey(1);
  if (key.type !== 'ecdsa-p256') throw new Error('P-256 key: is of another kind');
  const signature = signEcdsa(key, digest, random);
  return [
    { name: 'P-256 sign', run: () => void signEcdsa(key, digest, random) },
    {
      name: 'P-256 verify',
      run: () => must(verifyEcdsa(key, digest, signature), 'P-256'),
    },
  ];
}

function ed25519(): Operation[] {
  const key = ed25519Key(1);
  if (key.type !== 'ed25519') throw new Error('Ed25519 key: is of another kind');
  const signature = signEd25519(key.secret, digest);
  return [
    { name: 'Ed25519 sign', run: () => void signEd25519(key.secret, digest) },
    {
      name: 'Ed25519 verify',
      run: () => must(verifyEd25519(key.point, digest, signature), 'Ed25519'),
    },
  ];
}

function sealing(cipher: IkeCipher, length: number): Operation {
  const plaintext = random(length);
  const keys = { encryption: random(cipher.keyLength), integrity: new Uint8Array(0) };
  const iv = random(cipher.ivLength);
  const aad = random(32);
  return {
    name: `${cipher.name} of ${length} bytes`,
    run: () => void cipher.seal({ keys, iv, aad, plaintext }),
  };
}

function hmac(length: number): Operation {
  const key = random(32);
  const data = random(length);
  return {
    name: `HMAC-SHA2-256 of ${length} bytes`,
    run: () => void PRF_HMAC_SHA2_256.compute(key, data),
  };
}

export const operations = (): Operation[] => [
  ...keyExchange(),
  ...p256(),
  ...ed25519(),
  ...rsa(),
  ...[aesGcm128, chaCha20Poly1305].flatMap((cipher) => [
    sealing(cipher, 256),
    sealing(cipher, 1400),
  ]),
  hmac(256),
  ...probing,
];
