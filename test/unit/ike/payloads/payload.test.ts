import { fromHex, toHex } from '../../../../src/core/bytes/hex.js';
import {
  findNotify,
  readPayload,
  unknownCritical,
  writePayload,
} from '../../../../src/core/ike/payloads/payload.js';
import { mutations, prefixes } from '../../../support/mangle.js';
import { assert, test } from '../../../support/test.js';
import { payloadVectors } from './vectors.js';

const raw = (type: number, body: Uint8Array) => ({ type, isCritical: false, body });

for (const [what, type, wire, value] of payloadVectors) {
  const body = fromHex(wire);
  test(`payload: reads ${what}`, () => {
    assert.equal(readPayload(raw(type, body)), { ok: true, value });
  });
  test(`payload: writes ${what}`, () => {
    assert.equal(writePayload(value), raw(type, body));
  });
  test(`payload: ${what} cut short is refused, or reads as just that much`, () => {
    for (const part of prefixes(body)) {
      const result = readPayload(raw(type, part));
      if (result.ok) assert.is(toHex(writePayload(result.value).body), toHex(part));
      else assert.match(result.error, /\d/);
    }
  });
  test(`payload: ${what} with any byte changed never throws, and what reads writes back`, () => {
    for (const { bytes } of mutations(body)) {
      const result = readPayload(raw(type, bytes));
      if (!result.ok) continue;
      const again = readPayload(raw(type, writePayload(result.value).body));
      assert.equal(again, result);
    }
  });
}

const cutErrors = [
  ['KE', 34, '001f00', 'KE.reserved: needs 2 bytes, 1 left'],
  ['ID', 35, '01', 'ID.reserved: needs 3 bytes, 0 left'],
  ['AUTH', 39, '', 'AUTH.method: needs 1 bytes, 0 left'],
  ['Nonce', 40, '0102', 'Nonce.data: has 2 bytes, 16 to 256 allowed'],
  ['notify with a lying SPI size', 41, '03 04 4009 c0', 'notify.spi: needs 4 bytes, 1 left'],
  ['delete with a lying count', 42, '03 04 0002 c0ffee01', 'delete.spis: needs 4 bytes, 0 left'],
  ['delete of very many', 42, '01 00 ffff', 'delete.spis: 65535 items, at most 256 allowed'],
  ['TS with a lying count', 44, '02 000000', 'TS.selectors: 2 items announced, there are 0'],
] as const;
for (const [what, type, wire, error] of cutErrors)
  test(`payload: refuses ${what}, with both numbers`, () => {
    assert.equal(readPayload(raw(type, fromHex(wire))), { ok: false, error });
  });

test('payload: an unknown type survives a round trip, and its critical bit is seen', () => {
  const unknown = { type: 200, isCritical: true, body: fromHex('0102') };
  const result = readPayload(unknown);
  assert.ok(result.ok);
  assert.equal(writePayload(result.value), unknown);
  assert.is(unknownCritical([result.value]), 200);
  assert.is(unknownCritical([{ kind: 'Unknown', ...unknown, isCritical: false }]), undefined);
});

test('payload: RFC 7296 §2.5, the critical bit of a known payload is ignored', () => {
  const result = readPayload({ type: 43, isCritical: true, body: fromHex('01') });
  assert.ok(result.ok && unknownCritical([result.value]) === undefined);
});

test('payload: an attribute that claims more than there is spoils its transform only', () => {
  const body = fromHex('0000 0014 01 01 00 01  00 00 000c 01 00 0014 000e 0100');
  const result = readPayload(raw(33, body));
  assert.ok(result.ok && result.value.kind === 'SA');
  if (result.ok && result.value.kind === 'SA')
    assert.equal(result.value.proposals[0]?.transforms[0]?.attributes, fromHex('000e0100'));
});

test('payload: finds a notify by its type', () => {
  const cookie = payloadVectors.find(([what]) => what.includes('COOKIE'))![3];
  assert.is(findNotify([cookie], 16390), cookie);
  assert.is(findNotify([cookie], 16391), undefined);
});
