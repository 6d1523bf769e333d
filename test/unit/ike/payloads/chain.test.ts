import { fromHex, toHex } from '../../../../src/core/bytes/hex.js';
import { readChain, writeChain } from '../../../../src/core/ike/payloads/generic.js';
import { header } from '../../../../src/core/ike/payloads/header.js';
import { prefixes } from '../../../support/mangle.js';
import { assert, test } from '../../../support/test.js';

const two = [
  { type: 43, isCritical: false, body: fromHex('0a') },
  { type: 200, isCritical: true, body: fromHex('') },
];
const twoWire = 'c8000005 0a 00800004'.replaceAll(' ', '');

test('chain: writes and reads two payloads', () => {
  assert.is(toHex(writeChain(two, 0)), twoWire);
  assert.equal(readChain(43, fromHex(twoWire)), { ok: true, value: { payloads: two, next: 0 } });
});

test('chain: an empty one has no payloads', () => {
  assert.equal(readChain(0, fromHex('')), { ok: true, value: { payloads: [], next: 0 } });
});

test('chain: every cut is refused', () => {
  for (const part of prefixes(fromHex(twoWire))) assert.not(readChain(43, part).ok);
});

test('chain: an encrypted payload is the last, and says what is inside', () => {
  const wire = fromHex('2e000004 27000005 01');
  const result = readChain(43, wire);
  assert.ok(result.ok);
  if (result.ok) assert.is(result.value.next, 39);
  assert.equal(readChain(43, fromHex('2e000004 27000005 01 00000004')), {
    ok: false,
    error: 'payloads: 1 after the encrypted one',
  });
});

const bad = [
  ['bytes behind the last payload', 0, '00000004', 'payloads: 4 bytes after the last payload'],
  ['a promise not kept', 43, '29000004', 'payloads: type 41 announced, nothing follows'],
  ['a length beyond the end', 43, '000000ff', 'payloads: says 255 bytes, 4 left'],
  ['a length of zero', 43, '00000000', 'payloads: says 0 bytes, 4 left'],
] as const;
for (const [what, first, wire, error] of bad)
  test(`chain: refuses ${what}`, () => {
    assert.equal(readChain(first, fromHex(wire)), { ok: false, error });
  });

test('chain: more payloads than any honest message has are refused', () => {
  const wire = fromHex(`${'2b000004'.repeat(64)}00000004`);
  assert.equal(readChain(43, wire), { ok: false, error: 'payloads: more than 64 items' });
});

// made by hand after the figure in RFC 7296 §3.1
const headerWire = '0102030405060708 0000000000000000 21 20 22 08 00000000 0000001c';
const headerValue = {
  spiInitiator: fromHex('0102030405060708'),
  spiResponder: fromHex('0000000000000000'),
  nextPayload: 33,
  version: 0x20,
  exchange: 34,
  flags: 8,
  messageId: 0,
  length: 28,
};

test('header: reads and writes', () => {
  const wire = fromHex(headerWire);
  assert.equal(header.read(wire), { ok: true, value: headerValue });
  assert.is(toHex(header.write(headerValue)), toHex(wire));
});

test('header: every cut is refused', () => {
  for (const part of prefixes(fromHex(headerWire))) assert.not(header.read(part).ok);
});
