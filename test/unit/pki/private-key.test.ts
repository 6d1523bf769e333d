import { toHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { bytesToInteger } from '../../../src/core/pki/big-integer.js';
import { generateKey } from '../../../src/core/pki/generate-key.js';
import { isPrime, oddPrimesBelow, sieve } from '../../../src/core/pki/generate-rsa.js';
import { keyPath, loadOrCreateKey } from '../../../src/core/pki/key-store.js';
import { toPem } from '../../../src/core/pki/pem.js';
import { encodePkcs8, privateKeyFromPem, privateKeyToPem } from '../../../src/core/pki/pkcs8.js';
import { type PrivateKey, publicKeyOf } from '../../../src/core/pki/private-key.js';
import type { KeyType } from '../../../src/core/pki/public-key.js';
import { publicKeyToPem } from '../../../src/core/pki/subject-public-key-info.js';
import type { Files } from '../../../src/core/platform/platform.js';
import { assert, test } from '../../support/test.js';
import * as openssl from './vectors/openssl-keys.js';

let seed = 11;
const random = (length: number) =>
  new Uint8Array(length).map(() => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed >> 16;
  });

const files: [KeyType, string, string][] = [
  ['rsa', openssl.rsa2048Pem, openssl.rsa2048PublicPem],
  ['ecdsa-p256', openssl.ecPem, openssl.ecPublicPem],
  ['ed25519', openssl.edPem, openssl.edPublicPem],
];

for (const [type, pem, publicPem] of files) {
  test(`private key: reads and writes the ${type} file of openssl, byte for byte`, () => {
    const key = privateKeyFromPem(pem);
    assert.is(key.type, type);
    assert.is(privateKeyToPem(key), pem);
  });
  test(`public key: SubjectPublicKeyInfo of ${type} is that of openssl`, () =>
    assert.is(publicKeyToPem(publicKeyOf(privateKeyFromPem(pem))), publicPem));
  test(`private key: every cut of a ${type} file is refused with a reason`, () => {
    const bytes = encodePkcs8(privateKeyFromPem(pem));
    for (let length = 0; length < bytes.length; length += type === 'rsa' ? 37 : 1)
      assert.throws(() => privateKeyFromPem(toPem('PRIVATE KEY', bytes.subarray(0, length))));
  });
}

test('private key: other files are named, with what helps', () => {
  const other = (label: string) => toPem(label, new Uint8Array(20));
  assert.throws(() => privateKeyFromPem(''), /no PEM block/);
  assert.throws(() => privateKeyFromPem(other('ENCRYPTED PRIVATE KEY')), /encrypted.*openssl pkey/);
  assert.throws(
    () => privateKeyFromPem(other('RSA PRIVATE KEY')),
    /"RSA PRIVATE KEY".*openssl pkcs8/,
  );
  assert.throws(() => privateKeyFromPem(openssl.rsa1024Pem), /has 1024 bits, must have 2048/);
  // the point in the file belongs to another key
  const ec = privateKeyFromPem(openssl.ecPem);
  assert.ok(ec.type === 'ecdsa-p256');
  const wrong: PrivateKey = { ...ec, point: ec.point.map((byte) => byte ^ 1) };
  assert.throws(() => privateKeyFromPem(privateKeyToPem(wrong)), /does not belong/);
  const rsa = privateKeyFromPem(openssl.rsa2048Pem);
  assert.ok(rsa.type === 'rsa');
  const broken: PrivateKey = { ...rsa, exponent1: rsa.exponent1 + 2n };
  assert.throws(() => privateKeyFromPem(privateKeyToPem(broken)), /do not fit the primes/);
  const mixed: PrivateKey = { ...rsa, prime1: rsa.prime1 + 2n };
  assert.throws(() => privateKeyFromPem(privateKeyToPem(mixed)), /do not make the modulus/);
});

test('sieve: leaves exactly what has no small divisor', () => {
  const primes = oddPrimesBelow(50);
  assert.equal(primes, [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]);
  const start = bytesToInteger(utf8('some odd start')) | 1n;
  const wanted = Array.from({ length: 300 }, (_, i) => i).filter((i) =>
    primes.every((prime) => (start + 2n * BigInt(i)) % BigInt(prime) !== 0n),
  );
  assert.equal(sieve(start, 300, primes), wanted);
});

test('prime test: refuses what only looks prime to the base 2', async () => {
  const context = { random, pause: async () => undefined };
  // 341 and 2047 are pseudoprimes to base 2; the others are Carmichael numbers (OEIS A002997)
  for (const number of [341n, 2047n, 561n, 825265n, 1590231231043178376951698401n])
    assert.not(await isPrime(number, context), `${number}`);
  for (const number of [1009n, 65537n, (1n << 127n) - 1n, (1n << 521n) - 1n])
    assert.ok(await isPrime(number, context), `${number}`);
});

for (const type of ['ecdsa-p256', 'ed25519', 'rsa'] as const)
  test(`generate: a ${type} key that reads back`, async () => {
    let pauses = 0;
    const pause = async () => void pauses++;
    const key = await generateKey(type, { random, pause });
    assert.equal(privateKeyFromPem(privateKeyToPem(key)), key); // checks that the values fit
    if (key.type !== 'rsa') return;
    assert.is(key.modulus.toString(2).length, 2048);
    assert.ok(pauses >= 12, `${pauses} pauses`);
  });

/** Files in memory, with modes. */
function memoryFiles() {
  const stored = new Map<string, { content: Uint8Array; mode: number }>();
  const folders = new Map<string, number>();
  const api: Files = {
    read: (path) => stored.get(path)?.content,
    writeAtomic: (path, content, mode) => void stored.set(path, { content, mode }),
    remove: (path) => void stored.delete(path),
    list: () => [],
    makeFolder: (path, mode) => void folders.set(path, mode),
  };
  return { api, stored, folders };
}

test('key store: makes a key at first start, mode 0600, and reads it ever after', async () => {
  const { api, stored, folders } = memoryFiles();
  const options = { files: api, folder: '/etc/autoipsec/', random, pause: async () => undefined };
  const first = await loadOrCreateKey({ ...options, type: 'ed25519' });
  assert.ok(first.isNew);
  assert.is(keyPath('/etc/autoipsec/'), '/etc/autoipsec/private-key.pem');
  const file = stored.get('/etc/autoipsec/private-key.pem');
  assert.is(file?.mode, 0o600);
  assert.is(folders.get('/etc/autoipsec/'), 0o700);
  assert.match(fromUtf8(file!.content), /^-----BEGIN PRIVATE KEY-----\n/);
  const second = await loadOrCreateKey({ ...options, type: 'rsa' });
  assert.not(second.isNew);
  assert.equal(second.key, first.key);
});

test('key store: a bad file is an error with its name and stays', async () => {
  const { api, stored } = memoryFiles();
  const content = utf8('not a key');
  stored.set('/state/private-key.pem', { content, mode: 0o600 });
  const options = { files: api, folder: '/state', random, pause: async () => undefined };
  let message = '';
  await loadOrCreateKey({ ...options, type: 'rsa' as const }).catch((error) => {
    message = error.message;
  });
  assert.match(message, /^\/state\/private-key.pem: no PEM block/);
  assert.is(toHex(stored.get('/state/private-key.pem')!.content), toHex(content));
});
