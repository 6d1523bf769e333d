// TXT, KEY, IPSECKEY, A and AAAA record data. Key of the examples: RFC 4025 §3.2.
import { fromBase64 } from '../../../src/core/bytes/base64.js';
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { readAddressRecord } from '../../../src/core/dns/address-record.js';
import {
  type IpseckeyRecord,
  ipseckeyKeyFields,
  ipseckeyPublicKey,
  readIpseckey,
  readIpseckeySet,
  writeIpseckey,
} from '../../../src/core/dns/ipseckey-record.js';
import { ipsecKeyRecord, keyRecord, readIpsecKey } from '../../../src/core/dns/key-record.js';
import { RecordType } from '../../../src/core/dns/resolver.js';
import { cutStrings, joinStrings, readTxt, writeTxt } from '../../../src/core/dns/txt-record.js';
import { address } from '../../../src/core/net/address.js';
import { MAX_EXPONENT_BYTES, readDnsKey, writeDnsKey } from '../../../src/core/pki/dns-key.js';
import type { PublicKey } from '../../../src/core/pki/public-key.js';
import { countingRandom } from '../../support/list-random.js';
import { mutations, prefixes } from '../../support/mangle.js';
import { assert, test } from '../../support/test.js';

const exampleKey = 'AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==';
const exampleBytes = fromBase64(exampleKey)!;
// exponent length 1, exponent 3, then the modulus
const keyHex = '0103515379 86ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801'.replace(
  / /g,
  '',
);

test('the example key is what its base64 says', () => assert.is(toHex(exampleBytes), keyHex));

// TXT

test('OE-76 TXT strings are joined to the one string they were, wherever they were cut', () => {
  const key = countingRandom(3)(688).map((byte) => 65 + (byte % 26));
  const text = `X-IPsec-Server(10)=192.0.2.1 ${fromUtf8(key)}`;
  const whole = utf8(text);
  for (let cut = 1; cut < whole.length; cut++) {
    const parts = [whole.slice(0, cut), whole.slice(cut)].flatMap((part) => cutStrings(part));
    const read = readTxt(writeTxt(parts));
    assert.ok(read.ok);
    assert.ok(read.ok && fromUtf8(joinStrings(read.value)) === text, `cut at ${cut}`);
  }
  assert.is(cutStrings(whole).length, 3);
});

test('TXT: strings come one by one, empty ones too', () => {
  const read = readTxt(fromHex('0161 00 026263'));
  assert.ok(read.ok);
  assert.equal(read.ok && read.value.map(toHex), ['61', '', '6263']);
});

test('TXT: cut short is refused with both numbers, unless the cut is between strings', () => {
  const wire = fromHex('0161026263');
  for (const part of prefixes(wire)) assert.is(readTxt(part).ok, part.length === 2);
  assert.equal(readTxt(fromHex('0161056263')), {
    ok: false,
    error: 'TXT.string[1]: needs 5 bytes, 2 left',
  });
  assert.not(readTxt(new Uint8Array()).ok);
  assert.throws(() => writeTxt([new Uint8Array(256)]), /256 bytes, 255 allowed/);
});

// KEY

const rsaKey = readDnsKey('rsa', exampleBytes) as { ok: true; value: PublicKey & { type: 'rsa' } };

test('OE-80 KEY 0x4200 4 1 is written and read as the form says', () => {
  const wire = keyRecord.write(ipsecKeyRecord(rsaKey.value));
  assert.is(toHex(wire), `42000401${keyHex}`);
  assert.equal(keyRecord.read(wire), {
    ok: true,
    value: { flags: 0x4200, protocol: 4, algorithm: 1, publicKey: exampleBytes },
  });
  assert.equal(readIpsecKey(wire), rsaKey);
  assert.equal(readIpsecKey(fromHex(`42000405${keyHex}`)), rsaKey, 'RSA/SHA-1 has the same data');
});

test('OE-80 KEY of another protocol, algorithm or use is not used', () => {
  const errors = ['42000301', '420004ff', '42000403', '4200040d', 'c2000401', '52000401'].map(
    (head) => readIpsecKey(fromHex(head + keyHex)),
  );
  const said = errors.map((read) => (read.ok ? 'used' : read.error.split(':')[0]));
  const alg = 'KEY.algorithm';
  assert.equal(said, ['KEY.protocol', alg, alg, alg, 'KEY.flags', 'KEY.flags']);
});

test('KEY: every prefix is refused with the field named', () => {
  for (const part of prefixes(fromHex(`42000401${keyHex}`.slice(0, 14)))) {
    const read = readIpsecKey(part);
    assert.ok(!read.ok && /^(KEY|rsa)\.\w+: needs \d+ bytes?, (has )?\d+/.test(read.error));
  }
});

// IPSECKEY

const none = { kind: 'none' } as const;
const at = (text: string) => ({ kind: 'address', address: address(text) }) as const;
// source: the five records of RFC 4025 §3.2, put into bytes by hand after its §2.1
const ipseckeys: [string, string, IpseckeyRecord][] = [
  [
    'with an IPv4 gateway',
    `0a0102c0000226${keyHex}`,
    { precedence: 10, gateway: at('192.0.2.38'), algorithm: 2, publicKey: exampleBytes },
  ],
  [
    'without gateway',
    `0a0002${keyHex}`,
    { precedence: 10, gateway: none, algorithm: 2, publicKey: exampleBytes },
  ],
  [
    'with another gateway',
    `0a0102c0000203${keyHex}`,
    { precedence: 10, gateway: at('192.0.2.3'), algorithm: 2, publicKey: exampleBytes },
  ],
  [
    'with a named gateway',
    `0a0302096d7967617465776179076578616d706c6503636f6d00${keyHex}`,
    {
      precedence: 10,
      gateway: { kind: 'name', name: 'mygateway.example.com' },
      algorithm: 2,
      publicKey: exampleBytes,
    },
  ],
  [
    'with an IPv6 gateway',
    `0a020220010db8000080020000000020000001${keyHex}`,
    {
      precedence: 10,
      gateway: at('2001:db8:0:8002::2000:1'),
      algorithm: 2,
      publicKey: exampleBytes,
    },
  ],
  [
    'without key',
    'ff0100c0000226',
    { precedence: 255, gateway: at('192.0.2.38'), algorithm: 0, publicKey: new Uint8Array() },
  ],
];
for (const [what, wire, value] of ipseckeys) {
  test(`IK-1 IPSECKEY ${what} is read`, () =>
    assert.equal(readIpseckey(fromHex(wire)), { ok: true, value }));
  test(`IK-1 IPSECKEY ${what} is written`, () => assert.is(toHex(writeIpseckey(value)), wire));
  test(`IK-1 IPSECKEY ${what} is refused where it is cut, with the field named`, () => {
    // cut within the key, only the key itself can tell
    const start = wire.length / 2 - value.publicKey.length;
    for (const part of prefixes(
      fromHex(wire).slice(0, value.algorithm === 0 ? start : start + 1),
    )) {
      const read = readIpseckey(part);
      assert.ok(!read.ok && /^IPSECKEY\.\w+: .*needs \d+ bytes?, \d+ left/.test(read.error));
    }
  });
}

test('IK-1 IPSECKEY cut within its RSA key: refused by the key, field named', () => {
  for (const length of [1, 2]) {
    const read = readIpseckey(fromHex(`0a0002${keyHex}`).slice(0, 3 + length));
    const key = read.ok ? ipseckeyPublicKey(read.value) : read;
    assert.ok(!key.ok && key.error.startsWith('rsa.'), `${length} bytes of the key`);
  }
});

test('IK-2 a bad IPSECKEY record is ignored with its reason, its siblings count', () => {
  const label = `3f${'61'.repeat(63)}`;
  const bad = {
    'gatewayType: is 4': `0a0402${keyHex}`,
    compressed: `0a03020161c000${keyHex}`,
    'longer than 255': `0a0302${label.repeat(4)}00${keyHex}`,
    'needs 16 bytes, 4 left': '0a0202c0000226',
    'algorithm: is 1': `0a0001${keyHex}`,
    'algorithm: is 99': `0a0063${keyHex}`,
    'algorithm 0 has none': `0a0000${keyHex}`,
  };
  for (const [why, wire] of Object.entries(bad)) {
    const set = readIpseckeySet([fromHex(wire), fromHex(`140102c0000226${keyHex}`)]);
    const good = { precedence: 20, gateway: at('192.0.2.38'), key: rsaKey.value };
    assert.equal(set.usable, [good], why);
    assert.ok(set.ignored.length === 1 && set.ignored[0]!.includes(why), set.ignored[0]);
  }
});

test('IPSECKEY: a gateway name keeps its letters', () => {
  const wire = '0a030003477721076578414d706c6500'.replace('477721', '477761');
  const read = readIpseckey(fromHex(wire));
  assert.ok(read.ok && read.value.gateway.kind === 'name');
  assert.is(read.ok && toHex(writeIpseckey(read.value)), wire);
});

test('IPSECKEY: no spoilt byte makes the reader throw, and what it takes it writes again', () => {
  for (const [, wire] of ipseckeys)
    for (const { bytes } of mutations(fromHex(wire))) {
      const read = readIpseckey(bytes);
      readIpseckeySet([bytes]);
      const isPlain = read.ok && !(read.value.gateway.kind === 'name');
      if (read.ok && isPlain) assert.equal(writeIpseckey(read.value), bytes);
    }
});

// Key data by algorithm

const p256 = `${'11'.repeat(32)}${'22'.repeat(32)}`;
const keys: [string, number, string, PublicKey][] = [
  ['RSA, short exponent form', 2, keyHex, rsaKey.value],
  ['ECDSA P-256', 3, p256, { type: 'ecdsa-p256', point: fromHex(p256) }],
  ['Ed25519', 4, '33'.repeat(32), { type: 'ed25519', point: fromHex('33'.repeat(32)) }],
];
for (const [what, algorithm, wire, key] of keys) {
  test(`IPSECKEY: algorithm ${algorithm} is ${what}, both ways`, () => {
    const record = { precedence: 10, gateway: none, algorithm, publicKey: fromHex(wire) };
    assert.equal(ipseckeyPublicKey(record), { ok: true, value: key });
    assert.equal(ipseckeyKeyFields(key), { algorithm, publicKey: fromHex(wire) });
  });
}

test('IPSECKEY: a point of another size is refused with both numbers', () => {
  const record = { precedence: 10, gateway: none, algorithm: 3, publicKey: new Uint8Array(96) };
  assert.equal(ipseckeyPublicKey(record), {
    ok: false,
    error: 'ecdsa-p256.point: needs 64 bytes, has 96',
  });
});

test('RSA: the long form of the exponent length is read (RFC 3110 §2)', () => {
  assert.equal(readDnsKey('rsa', fromHex(`000001${keyHex.slice(2)}`)), rsaKey);
  const exponent = new Uint8Array(256).fill(1);
  const long = writeDnsKey({ type: 'rsa', exponent, modulus: Uint8Array.of(5) });
  assert.is(toHex(long.slice(0, 4)), '00010001');
  assert.is(long.length, 3 + 256 + 1);
});

test('RSA: numbers that are missing, padded or beyond the bounds are refused', () => {
  const bad = {
    '': 'rsa.exponentLength: needs 1 byte, 0 left',
    '00': 'rsa.exponentLength: needs 3 bytes, has 1',
    '0001': 'rsa.exponentLength: needs 3 bytes, has 2',
    '0203': 'rsa.exponent: needs 2 bytes, 1 left',
    '000000': 'rsa.exponent: needs 1 byte, 0 left',
    '0103': 'rsa.modulus: needs 1 byte, 0 left',
    '01000f': 'rsa.exponent: starts with a zero byte',
    '0103000f': 'rsa.modulus: starts with a zero byte',
    [`09${'11'.repeat(9)}0f`]: `rsa.exponent: has 9 bytes, ${MAX_EXPONENT_BYTES} allowed`,
    [`010301${'11'.repeat(1024)}`]: 'rsa.modulus: has 1025 bytes, 1024 allowed', // 8193 bits
  };
  for (const [wire, error] of Object.entries(bad))
    assert.equal(readDnsKey('rsa', fromHex(wire)), { ok: false, error });
  assert.ok(readDnsKey('rsa', fromHex(`0103${'ff'.repeat(1024)}`)).ok, '8192 bits are allowed');
});

// A, AAAA

test('A and AAAA: the address and nothing else', () => {
  assert.equal(readAddressRecord(RecordType.A, fromHex('c0000201')), {
    ok: true,
    value: address('192.0.2.1'),
  });
  const six = fromHex('20010db8000000000000000000000001');
  assert.equal(readAddressRecord(RecordType.AAAA, six), {
    ok: true,
    value: address('2001:db8::1'),
  });
  for (const part of prefixes(six)) assert.not(readAddressRecord(RecordType.AAAA, part).ok);
  assert.equal(readAddressRecord(RecordType.A, six), {
    ok: false,
    error: 'A.address: needs 4 bytes, has 16',
  });
});
