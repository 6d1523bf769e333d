// Both ways with another implementation: node:crypto, which is OpenSSL, and the openssl command.
import { spawnSync } from 'node:child_process';
import {
  constants,
  createDiffieHellmanGroup,
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  generatePrimeSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { toHex } from '../../../src/core/bytes/hex.js';
import { dhGroupById } from '../../../src/core/ike/crypto/dh-groups.js';
import { signAuth, verifyAuth } from '../../../src/core/ike/crypto/signature.js';
import { bytesToInteger, integerToBytes, modPow } from '../../../src/core/pki/big-integer.js';
import { generateKey } from '../../../src/core/pki/generate-key.js';
import { rsaFromPrimes } from '../../../src/core/pki/generate-rsa.js';
import { privateKeyFromPem, privateKeyToPem } from '../../../src/core/pki/pkcs8.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import { publicKeyToPem } from '../../../src/core/pki/subject-public-key-info.js';
import { assert, skip, test } from '../../support/test.js';

const random = (length: number) => new Uint8Array(randomBytes(length));
const context = { random, pause: async () => undefined };

const theirs: Record<string, () => KeyObject> = {
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  'ecdsa-p256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'ecdsa-p384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
};

for (const type of ['rsa', 'ecdsa-p256', 'ecdsa-p384', 'ed25519'] as const) {
  test(`${type}: node:crypto reads our key and our public key, byte for byte the same`, async () => {
    const ours = await generateKey(type, context);
    const read = createPrivateKey(privateKeyToPem(ours));
    assert.is(read.export({ type: 'pkcs8', format: 'pem' }), privateKeyToPem(ours));
    const spki = createPublicKey(read).export({ type: 'spki', format: 'pem' });
    assert.is(publicKeyToPem(publicKeyOf(ours)), spki);
  });

  test(`${type}: we read the key of node:crypto, and write it the same`, () => {
    const pem = theirs[type]!().export({ type: 'pkcs8', format: 'pem' }) as string;
    assert.is(privateKeyToPem(privateKeyFromPem(pem)), pem);
  });

  test(`${type}: node:crypto verifies our AUTH signature, we verify its`, async () => {
    const ours = await generateKey(type, context);
    const octets = randomBytes(400);
    const signed = signAuth(ours, octets, [2, 5], random, 'pkcs1');
    assert.ok(signed.ok && signed.auth.method === 14);
    const signature = signed.auth.data.subarray(1 + signed.auth.data[0]!);
    const hash = type === 'ed25519' ? null : 'sha256';
    const other = createPrivateKey(privateKeyToPem(ours));
    assert.ok(verify(hash, octets, createPublicKey(other), signature));
    const head = signed.auth.data.subarray(0, 1 + signed.auth.data[0]!);
    const back = Buffer.concat([head, sign(hash, octets, other)]);
    assert.ok(verifyAuth({ method: 14, data: back }, publicKeyOf(ours), octets).ok);
  });
}

test('rsa: node:crypto verifies our PSS', async () => {
  const ours = await generateKey('rsa', context);
  const octets = randomBytes(400);
  for (const [id, hash, saltLength] of [
    [2, 'sha256', 32],
    [3, 'sha384', 48],
    [4, 'sha512', 64],
  ] as const) {
    const signed = signAuth(ours, octets, [id], random, 'pss');
    assert.ok(signed.ok);
    const signature = signed.auth.data.subarray(1 + signed.auth.data[0]!);
    const key = createPublicKey(createPrivateKey(privateKeyToPem(ours)));
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    assert.ok(verify(hash, octets, { key, padding, saltLength }, signature));
  }
});

/** A key that openssl does not make: its encoding is one byte shorter than the modulus. */
function keyOf2049Bits() {
  for (;;) {
    const [p, q] = [1025, 1024].map((bits) => generatePrimeSync(bits, { bigint: true }));
    if ((p! * q!) >> 2047n === 3n) return rsaFromPrimes(p!, q!);
  }
}

test('rsa: PSS of node:crypto with a modulus of 2049 bits', () => {
  const ours = keyOf2049Bits();
  const key = createPrivateKey(privateKeyToPem(ours));
  const octets = randomBytes(100);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  // Salts are random: sign until the encoding leaves room for the forgery below.
  let data: Uint8Array = new Uint8Array(0);
  let value = ours.modulus;
  while (value >= ours.modulus) {
    data = sign('sha256', octets, { key, padding, saltLength: 32 });
    value = modPow(bytesToInteger(data), ours.exponent, ours.modulus) + (1n << 2048n);
  }
  const identifier = Buffer.from(
    '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
    'hex',
  );
  const auth = {
    method: 14,
    data: Buffer.concat([Buffer.of(identifier.length), identifier, data]),
  };
  const publicKey = publicKeyOf(ours);
  assert.equal(verifyAuth(auth, publicKey, octets), { ok: true, name: 'RSA_PSS/SHA2_256' });
  assert.not(verifyAuth(auth, publicKey, randomBytes(100)).ok);
  // the same encoding with an octet before it that must be zero
  const greater = integerToBytes(modPow(value, ours.privateExponent, ours.modulus), 257);
  const forged = Buffer.concat([auth.data.subarray(0, -257), greater]);
  assert.not(verifyAuth({ method: 14, data: forged }, publicKey, octets).ok);
});

test('key exchange: the same secrets as node:crypto', () => {
  for (let i = 0; i < 5; i++) {
    const ecdh = createECDH('prime256v1');
    const theirPoint = ecdh.generateKeys().subarray(1);
    const ours = dhGroupById(19)!.generate(random);
    const secret = ecdh.computeSecret(Buffer.concat([Buffer.of(4), ours.publicKey]));
    assert.is(toHex(ours.shared(theirPoint)!), secret.toString('hex'));

    const modp = createDiffieHellmanGroup('modp14');
    const theirValue = modp.generateKeys();
    const mine = dhGroupById(14)!.generate(random);
    const padded = Buffer.concat([Buffer.alloc(256 - theirValue.length), theirValue]);
    const shared = modp.computeSecret(mine.publicKey);
    assert.is(
      toHex(mine.shared(padded)!).replace(/^(00)+/, ''),
      shared.toString('hex').replace(/^(00)+/, ''),
    );

    const x = generateKeyPairSync('x25519');
    const ownX = dhGroupById(31)!.generate(random);
    const raw = x.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const prefix = x.publicKey.export({ type: 'spki', format: 'der' }).subarray(0, -32);
    const publicKey = createPublicKey({
      key: Buffer.concat([prefix, ownX.publicKey]),
      format: 'der',
      type: 'spki',
    });
    const wanted = diffieHellman({ privateKey: x.privateKey, publicKey });
    assert.is(toHex(ownX.shared(raw)!), wanted.toString('hex'));
  }
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) skip('openssl: checks our RSA key', 'no openssl command');
else
  test('openssl: checks our RSA key and reads the others', async () => {
    for (const type of ['rsa', 'ecdsa-p256', 'ed25519'] as const) {
      const key = await generateKey(type, context);
      const checks = type === 'ed25519' ? [] : ['-check'];
      const run = spawnSync('openssl', ['pkey', '-noout', ...checks], {
        input: privateKeyToPem(key),
        encoding: 'utf8',
      });
      assert.is(run.status, 0, run.stderr);
      const out = spawnSync('openssl', ['pkey', '-pubin', '-noout', '-text'], {
        input: publicKeyToPem(publicKeyOf(key)),
        encoding: 'utf8',
      });
      assert.is(out.status, 0, out.stderr);
    }
  });
