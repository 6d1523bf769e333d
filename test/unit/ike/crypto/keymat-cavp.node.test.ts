// Key derivation against libreswan's `cavp` (NSS), with random inputs. Where the tool is: `npm run
// interop` unpacks libreswan into the cache; an installed one will do too.
import { spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { toHex } from '../../../../src/core/bytes/hex.js';
import { aesGcm256 } from '../../../../src/core/ike/crypto/aead.js';
import {
  deriveChildKeys,
  deriveIkeKeys,
  deriveRekeyedKeys,
  type IkeKeys,
} from '../../../../src/core/ike/crypto/keymat.js';
import { legacyPrfs, prfs } from '../../../../src/core/ike/crypto/prf.js';
import { assert, skip, test } from '../../../support/test.js';

const cache = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'autoipsec/peers',
);
const trees = existsSync(cache) ? readdirSync(cache).filter((n) => n.startsWith('libreswan-')) : [];
const folders = ['/', ...trees.map((name) => path.join(cache, name))];
const tools = folders.map((folder) => ({
  cavp: path.join(folder, 'usr/libexec/ipsec/cavp'),
  libraries: ['x86_64', 'aarch64']
    .flatMap((cpu) => ['', '/nss'].map((end) => `${folder}/usr/lib/${cpu}-linux-gnu${end}`))
    .join(':'),
}));

interface Derived {
  sKeySeed: string;
  derivedKeyingMaterial: string;
  derivedKeyingMaterialChild: string;
  derivedKeyingMaterialDh: string;
  sKeySeedReKey: string;
}

/** Runs the tool; `undefined` when it does not work here. */
function cavp(words: string[]): Derived | undefined {
  for (const { cavp, libraries } of tools) {
    if (!existsSync(cavp)) continue;
    const env = { ...process.env, LD_LIBRARY_PATH: libraries };
    const { status, stdout } = spawnSync(cavp, ['-json', '-v2', ...words], {
      encoding: 'utf8',
      env,
    });
    const at = stdout?.indexOf('{') ?? -1;
    if (status === 0 && at >= 0) return JSON.parse(stdout.slice(at)) as Derived;
  }
  return undefined;
}

const hashes: Record<number, [string, string]> = {
  2: ['SHA-1', 'sha1'],
  5: ['SHA-256', 'sha256'],
  6: ['SHA-384', 'sha384'],
  7: ['SHA-512', 'sha512'],
};

/** An AEAD: no SK_a in between. */
const cipher = aesGcm256;

const inOrder = (keys: IkeKeys): string =>
  [keys.skD, keys.initiator.encryption, keys.responder.encryption, keys.skPi, keys.skPr]
    .map(toHex)
    .join('');

for (const prf of [...prfs, ...legacyPrfs]) {
  const name = `${prf.name}: SK_ keys, KEYMAT and rekeyed keys as libreswan's cavp has them`;
  const [gir, girNew] = [randomBytes(48), randomBytes(256)];
  const [ni, nr] = [randomBytes(32), randomBytes(20)];
  const [spiInitiator, spiResponder] = [randomBytes(8), randomBytes(8)];
  const length = 3 * prf.keyLength + 2 * cipher.keyLength;
  const hex = (bytes: Buffer) => bytes.toString('hex');
  const derived = cavp([
    ...['-hashAlg', hashes[prf.id]![0], '-derivedKeyingMaterialLength', String(8 * length)],
    ...['-tcId', '1', '-gir', hex(gir), '-girNew', hex(girNew), '-nInit', hex(ni)],
    ...['-nResp', hex(nr), '-spiInit', hex(spiInitiator), '-spiResp', hex(spiResponder)],
  ]);
  if (!derived) {
    skip(name, 'no cavp of libreswan here');
    continue;
  }
  test(name, () => {
    const input = { prf, cipher, ni, nr, spiInitiator, spiResponder };
    const keys = deriveIkeKeys({ ...input, shared: gir });
    assert.is(inOrder(keys), derived.derivedKeyingMaterial);
    const keymat = (shared?: Uint8Array) => {
      const half = Math.floor(length / 2);
      const child = { prf, skD: keys.skD, ni, nr, ...(shared ? { shared } : {}) };
      const { fromInitiator, fromResponder } = deriveChildKeys(child, half, 0);
      return toHex(fromInitiator.encryption) + toHex(fromResponder.encryption);
    };
    assert.is(keymat(), derived.derivedKeyingMaterialChild.slice(0, keymat().length));
    assert.is(keymat(girNew), derived.derivedKeyingMaterialDh.slice(0, keymat().length));
    // The tool ends with the seed of the new IKE SA; prf+ of it is HMAC once more.
    const seed = Buffer.from(derived.sKeySeedReKey, 'hex');
    const info = Buffer.concat([ni, nr, spiInitiator, spiResponder, Buffer.of(1)]);
    const first = createHmac(hashes[prf.id]![1], seed).update(info).digest('hex');
    const rekeyed = deriveRekeyedKeys({ ...input, shared: girNew }, { prf, skD: keys.skD });
    assert.is(inOrder(rekeyed).slice(0, first.length), first);
  });
}
