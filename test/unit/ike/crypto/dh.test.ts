import { fromHex, toHex } from '../../../../src/core/bytes/hex.js';
import { dhGroupById, dhGroups } from '../../../../src/core/ike/crypto/dh-groups.js';
import { modp2048, modp3072, modp4096 } from '../../../../src/core/ike/crypto/dh-modp.js';
import { createKeyPairPool } from '../../../../src/core/ike/crypto/key-pair-pool.js';
import { integerToBytes } from '../../../../src/core/pki/big-integer.js';
import { assert, test } from '../../../support/test.js';

/** A random source that gives these bytes once and knows no other length. */
const once = (hex: string) => {
  let left: Uint8Array | undefined = fromHex(hex);
  return (length: number) => {
    if (left?.length !== length) throw new Error(`random: asked for ${length} bytes`);
    const bytes = left;
    left = undefined;
    return bytes;
  };
};

let seed = 1;
const pseudoRandom = (length: number) =>
  new Uint8Array(length).map(() => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed >> 16;
  });

// group, source, secret and public of both, shared secret
const vectors: [number, string, string, string, string, string, string][] = [
  [
    31,
    'RFC 7748 §6.1',
    '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
    '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
    '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
    'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
  ],
  [
    19,
    'RFC 5903 §8.1',
    'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
    'dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3',
    'c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53',
    'd12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab',
    'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
  ],
  [
    20,
    'RFC 5903 §8.2',
    '099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194',
    '667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c',
    '41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc',
    'e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c',
    '11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746',
  ],
];

for (const [id, source, secretA, publicA, secretB, publicB, shared] of vectors)
  test(`key exchange ${id}: ${source}`, () => {
    const group = dhGroupById(id)!;
    const a = group.generate(once(secretA));
    const b = group.generate(once(secretB));
    assert.is(toHex(a.publicKey), publicA);
    assert.is(toHex(b.publicKey), publicB);
    assert.is(toHex(a.shared(b.publicKey)!), shared);
    assert.is(toHex(b.shared(a.publicKey)!), shared);
  });

const modpGroups = [
  { group: modp2048, bits: 2048n, addend: 124476n, section: '§3' },
  { group: modp3072, bits: 3072n, addend: 1690314n, section: '§4' },
  { group: modp4096, bits: 4096n, addend: 240904n, section: '§5' },
];

/** [2^bits pi] by Machin's formula, with 64 bits to spare. */
function piOf(bits: bigint): bigint {
  const one = 1n << (bits + 64n);
  const arctan = (inverse: bigint) => {
    let sum = 0n;
    let power = one / inverse;
    for (let n = 1n; power !== 0n; n += 2n) {
      sum += n % 4n === 1n ? power / n : -(power / n);
      power /= inverse * inverse;
    }
    return sum;
  };
  return (4n * (4n * arctan(5n) - arctan(239n))) >> 64n;
}

for (const { group, bits, addend, section } of modpGroups)
  test(`key exchange ${group.id}: the prime is that of RFC 3526 ${section}`, () => {
    const prime =
      (1n << bits) - (1n << (bits - 64n)) - 1n + (1n << 64n) * (piOf(bits - 130n) + addend);
    assert.is(group.prime.toString(16), prime.toString(16));
  });

/** Bytes of the shared secret: for curves it is x alone (RFC 5903 §7). */
const secretLength: Record<number, number> = { 14: 256, 15: 384, 16: 512, 19: 32, 20: 48, 31: 32 };

for (const group of dhGroups) {
  test(`${group.name}: both sides come to the same secret`, () => {
    group.warmUp();
    const a = group.generate(pseudoRandom);
    const b = group.generate(pseudoRandom);
    assert.is(a.publicKey.length, group.publicLength);
    assert.not.equal(a.publicKey, b.publicKey);
    const shared = a.shared(b.publicKey);
    assert.is(shared?.length, secretLength[group.id]);
    assert.equal(b.shared(a.publicKey), shared);
  });

  test(`${group.name}: another length of public value is refused`, () => {
    const pair = group.generate(pseudoRandom);
    for (const length of [0, 1, group.publicLength - 1, group.publicLength + 1])
      assert.is(pair.shared(new Uint8Array(length).fill(9)), undefined);
  });
}

test('CURVE25519: points that lead to zero are refused (RFC 8031 §3)', () => {
  const pair = dhGroupById(31)!.generate(pseudoRandom);
  // RFC 7748 §6.1 and its reference: the points of order 1, 2, 4 and 8
  for (const point of [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
  ])
    assert.is(pair.shared(fromHex(point)), undefined, point);
});

for (const [id, length] of [
  [19, 64],
  [20, 96],
] as const)
  test(`ECP group ${id}: points that are not on the curve are refused (RFC 6989 §2.3)`, () => {
    const pair = dhGroupById(id)!.generate(pseudoRandom);
    const good = dhGroupById(id)!.generate(pseudoRandom).publicKey;
    for (let at = 0; at < length; at += 7) {
      const bad = good.slice();
      bad[at]! ^= 1;
      assert.is(pair.shared(bad), undefined);
    }
    assert.is(pair.shared(new Uint8Array(length)), undefined);
    assert.is(pair.shared(new Uint8Array(length).fill(255)), undefined);
  });

for (const { group } of modpGroups)
  test(`${group.name}: 0, 1, p-1, p and above are refused (RFC 6989 §2.1)`, () => {
    const { prime, publicLength } = group;
    const pair = group.generate(pseudoRandom);
    for (const y of [0n, 1n, prime - 1n, prime, prime + 1n])
      assert.is(pair.shared(integerToBytes(y, publicLength)), undefined);
    assert.ok(pair.shared(integerToBytes(2n, publicLength)));
  });

test('key pair pool: fills when idle, gives each pair once, stops', () => {
  const waiting: { delay: number; run: () => void }[] = [];
  const timers = {
    after(delay: number, run: () => void) {
      const entry = { delay, run };
      waiting.push(entry);
      return { cancel: () => void waiting.splice(waiting.indexOf(entry) >>> 0, 1) };
    },
  };
  const step = () => waiting.shift()?.run();
  const group = dhGroupById(31)!;
  let made = 0;
  const counting = {
    ...group,
    generate: (random: typeof pseudoRandom) => {
      made++;
      return group.generate(random);
    },
  };
  const pool = createKeyPairPool({ groups: [counting], size: 2, timers, random: pseudoRandom });
  assert.is(made, 0);
  for (let i = 0; i < 5; i++) step();
  assert.is(made, 2);
  assert.is(waiting.length, 0);
  const taken = [pool.take(counting), pool.take(counting)];
  assert.is(made, 2);
  taken.push(pool.take(counting)); // empty: made on the spot
  assert.is(made, 3);
  assert.is(new Set(taken.map((pair) => toHex(pair.publicKey))).size, 3);
  assert.is(waiting.length, 1);
  step();
  assert.is(made, 4);
  pool.stop();
  assert.is(waiting.length, 0);
  assert.is(pool.take(counting).group, 31);
  assert.is(waiting.length, 0);
});
