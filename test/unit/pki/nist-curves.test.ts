/** P-256 and P-384 over our field against the library's own, which is not changed by anything here. */
import '../../../src/core/bytes/engine-fixes.js';
import { Field, type IField } from '@noble/curves/abstract/modular.js';
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { p256 as libraryP256, p384 as libraryP384 } from '@noble/curves/nist.js';
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import { bytesToInteger, integerToBytes, modPow } from '../../../src/core/pki/big-integer.js';
import { SHA2_256, SHA2_384 } from '../../../src/core/pki/hashes.js';
import { p256, p384 } from '../../../src/core/pki/nist-curves.js';
import { primeField } from '../../../src/core/pki/prime-field.js';
import { countingRandom } from '../../support/list-random.js';
import { assert, test } from '../../support/test.js';

const random = countingRandom(20);
const curves = [
  { name: 'P-256', ours: p256, library: libraryP256, length: 32 },
  { name: 'P-384', ours: p384, library: libraryP384, length: 48 },
];
/** P-384 has no tables, so it is slow. */
const timesOf = (name: string) => (name === 'P-256' ? 12 : 4);

const randomBelow = (limit: bigint, length: number) => bytesToInteger(random(length + 8)) % limit;

for (const { name, ours, library, length } of curves) {
  const { p, n } = library.Point.CURVE();
  const edges = [0n, 1n, 2n, p - 1n, p, p + 1n, 2n * p, 8n * p - 1n, p << 20n];
  const elements = [...edges, ...Array.from({ length: 12 }, () => randomBelow(p << 16n, length))];
  const scalars = [1n, 2n, 3n, 15n, 16n, 17n, 1n << 128n, n >> 1n, n - 2n, n - 1n];

  test(`${name}: sums, products and inverses are those of the library's field`, () => {
    const wanted = Field(p);
    const field = primeField(p);
    const same = (got: bigint, expected: bigint, what: string) => {
      assert.ok(field.isValid(got), `${what}: out of bounds`);
      assert.is(toHex(field.toBytes(got)), toHex(wanted.toBytes(expected)), what);
    };
    for (const a of elements) {
      const x = a % p;
      same(field.create(a), x, `${a}`);
      same(field.create(-a), wanted.neg(x), `-${a}`);
      same(field.neg(a), wanted.neg(x), `neg ${a}`);
      same(field.sqr(a), wanted.sqr(x), `sqr ${a}`);
      same(field.pow(a, 77n), wanted.pow(x, 77n), `pow ${a}`);
      assert.is(field.is0(a), x === 0n);
      assert.is(field.isValidNot0(a), x !== 0n);
      assert.is(field.isOdd?.(a), (x & 1n) === 1n);
      if (x === 0n) assert.throws(() => field.inv(a));
      else same(field.inv(a), wanted.inv(x), `inv ${a}`);
      same(field.sqr(field.sqrt(field.sqr(a))), wanted.sqr(x), `sqrt ${a}`);
      for (const b of elements) {
        const y = b % p;
        same(field.add(a, b), wanted.add(x, y), `${a} + ${b}`);
        same(field.sub(a, b), wanted.sub(x, y), `${a} - ${b}`);
        same(field.mul(a, b), wanted.mul(x, y), `${a} * ${b}`);
        assert.is(field.eql(a, b), x === y, `${a} = ${b}`);
      }
    }
    same(field.div(p + 5n, p + 7n), wanted.div(5n, 7n), 'div');
    assert.equal(field.invertBatch([2n, p + 3n]), wanted.invertBatch([2n, 3n]));
    assert.is(field.cmov(1n, 2n, true), 2n);
  });

  test(`${name}: an element from outside is below p`, () => {
    const field = primeField(p);
    assert.is(field.fromBytes(integerToBytes(p - 1n, length)), p - 1n);
    assert.throws(() => field.fromBytes(integerToBytes(p, length)), /outside of range/);
    assert.throws(() => field.fromBytes(new Uint8Array(length - 1)));
    assert.not.ok(field.isValid(-1n));
    assert.not.ok(field.isValid(p << 48n));
  });

  test(`${name}: no operation of the library's formulas leaves the bounds`, () => {
    const field = primeField(p);
    let looked = 0;
    const watched = (run: (a: bigint, b: bigint) => bigint) => (a: bigint, b: bigint) => {
      const result = run(a, b);
      assert.ok(result >= 0n && result < p << 36n, `${a} and ${b} give ${result}`);
      looked++;
      return result;
    };
    const Fp = {
      ...field,
      add: watched(field.add),
      sub: watched(field.sub),
      mul: watched(field.mul as (a: bigint, b: bigint) => bigint),
      neg: watched((a) => field.neg(a)),
    } as IField<bigint>;
    const Point = weierstrass(library.Point.CURVE(), { Fp });
    let point = Point.BASE.double().add(Point.BASE).negate();
    for (let i = 0; i < 40; i++) {
      // what comes out goes in again, with all its spare bits
      point = point.double().negate().add(point.subtract(Point.BASE)).negate();
      point = point.add(Point.ZERO).add(point.negate()).add(point).double();
    }
    point
      .multiplyUnsafe(n - 3n)
      .add(Point.BASE.multiplyUnsafe(5n))
      .toAffine();
    assert.ok(looked > 5000);
  });

  test(`${name}: multiples of points are those of the library`, () => {
    const random = Array.from({ length: timesOf(name) }, () => randomBelow(n - 1n, length) + 1n);
    const base = library.Point.BASE;
    for (const k of [...scalars, ...random]) {
      const wanted = toHex(base.multiplyUnsafe(k).toBytes(false));
      assert.is(toHex(ours.signing.Point.BASE.multiply(k).toBytes(false)), wanted, `${k}`);
      assert.is(toHex(ours.signing.Point.BASE.multiplyUnsafe(k).toBytes(false)), wanted, `${k}`);
    }
    for (const k of random) {
      const point = base.multiplyUnsafe(k).toBytes(false);
      for (const scalar of [1n, n - 1n, k]) {
        const secret = integerToBytes(scalar, length);
        assert.is(
          toHex(ours.ephemeral.getSharedSecret(secret, point)),
          toHex(library.getSharedSecret(secret, point)),
        );
      }
    }
  });

  test(`${name}: the point at infinity comes and goes as in the library`, () => {
    const { Point } = ours.signing;
    const g = Point.BASE;
    const twice = toHex(g.double().toBytes(false));
    assert.ok(g.add(g.negate()).is0());
    assert.ok(Point.ZERO.double().is0());
    assert.ok(Point.ZERO.negate().is0());
    assert.ok(g.multiplyUnsafe(0n).is0());
    assert.ok(
      g
        .multiplyUnsafe(n - 1n)
        .add(g)
        .is0(),
    );
    assert.is(toHex(Point.ZERO.add(g).add(g).toBytes(false)), twice);
    assert.is(toHex(g.add(g).add(Point.ZERO).toBytes(false)), twice);
    assert.throws(() => g.multiply(0n));
    assert.throws(() => g.multiply(n));
    assert.throws(() => Point.ZERO.toBytes());
  });

  test(`${name}: points that are none are refused`, () => {
    const point = library.Point.BASE.multiplyUnsafe(77n).toBytes(false);
    const secret = integerToBytes(5n, length);
    assert.ok(ours.ephemeral.getSharedSecret(secret, point));
    const wrong = point.slice();
    wrong[2 * length]! ^= 1;
    assert.throws(() => ours.ephemeral.getSharedSecret(secret, wrong), /not on curve/);
    // the same point but for its encoding: x + p fits where x is small
    const { x, y } = pointWithSmallX(library);
    const encode = (value: bigint) =>
      concat(Uint8Array.of(4), integerToBytes(value, length), integerToBytes(y, length));
    assert.ok(ours.ephemeral.getSharedSecret(secret, encode(x)));
    assert.throws(() => ours.ephemeral.getSharedSecret(secret, encode(x + p)));
  });

  test(`${name}: signatures of either verify with the other`, () => {
    const options = { prehash: false, lowS: false } as const;
    for (let i = 0; i < timesOf(name) / 2; i++) {
      const secret = integerToBytes(randomBelow(n - 1n, length) + 1n, length);
      const digest = random(length);
      const key = library.getPublicKey(secret, false);
      const extraEntropy = random(length);
      const signature = ours.signing.sign(digest, secret, { ...options, extraEntropy });
      assert.equal(signature, library.sign(digest, secret, { ...options, extraEntropy }));
      assert.ok(library.verify(signature, digest, key, options));
      assert.ok(ours.signing.verify(signature, digest, key, options));
      const other = digest.slice();
      other[0]! ^= 1;
      assert.not.ok(ours.signing.verify(signature, other, key, options));
    }
  });
}

function pointWithSmallX({ Point }: typeof libraryP256): { x: bigint; y: bigint } {
  const { p, a, b } = Point.CURVE();
  for (let x = 1n; ; x++) {
    const square = (x * x * x + a * x + b) % p;
    const y = modPow(square, (p + 1n) / 4n, p);
    if ((y * y) % p === square) return { x, y };
  }
}

const signatures = [
  {
    source: 'RFC 6979 §A.2.5',
    curve: p256,
    hash: SHA2_256,
    secret: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
    r: 'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
    s: 'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  },
  {
    source: 'RFC 6979 §A.2.6',
    curve: p384,
    hash: SHA2_384,
    secret:
      '6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5',
    r: '94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46',
    s: '99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8',
  },
];

for (const { source, curve, hash, secret, r, s } of signatures)
  test(`ECDSA: signs and verifies ${source}, message "sample"`, () => {
    const options = { prehash: false, lowS: false } as const;
    const digest = hash.compute(utf8('sample'));
    const signature = curve.signing.sign(digest, fromHex(secret), options);
    assert.is(toHex(signature), r + s);
    const key = curve.signing.getPublicKey(fromHex(secret));
    assert.ok(curve.signing.verify(signature, digest, key, options));
  });
