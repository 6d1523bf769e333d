import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import {
  addressIdentity,
  formatIdentity,
  fqdnIdentity,
  type Identity,
  identityAddress,
  keyIdentity,
  mailIdentity,
  nameIdentity,
  nullIdentity,
  sameIdentity,
} from '../../../src/core/ike/identity.js';
import { readPayload, writePayload } from '../../../src/core/ike/payloads/payload.js';
import { address } from '../../../src/core/net/address.js';
import { name } from '../../support/certificates.js';
import { assert, test } from '../../support/test.js';

// what, body of the ID payload (made by hand after RFC 7296 §3.5, RFC 7619 §2.2), as text
const identities: [Identity, string, string][] = [
  [addressIdentity(address('192.0.2.1')), '01000000c0000201', '192.0.2.1'],
  [
    addressIdentity(address('2001:db8::1')),
    '0500000020010db8000000000000000000000001',
    '2001:db8::1',
  ],
  [fqdnIdentity('gw.example.org'), `02000000${toHex(utf8('gw.example.org'))}`, '@gw.example.org'],
  [mailIdentity('a@example.org'), `03000000${toHex(utf8('a@example.org'))}`, 'a@example.org'],
  [
    nameIdentity(name('CN=gw,C=CH')),
    '09000000301a310b3009060355040613024348310b3009060355040313026777',
    'CN=gw,C=CH',
  ],
  [keyIdentity(fromHex('0011ff')), '0b0000000011ff', 'key id 0011ff'],
  [nullIdentity, '0d000000', 'anonymous'],
  [{ type: 200, data: fromHex('0102') }, 'c80000000102', 'ID 200 0102'],
];
for (const [identity, body, text] of identities)
  test(`identity: ${text} on the wire and for people`, () => {
    const raw = { type: 35, isCritical: false, body: fromHex(body) };
    const read = readPayload(raw);
    assert.ok(read.ok && read.value.kind === 'IDi');
    assert.equal({ type: read.value.idType, data: read.value.data }, identity);
    assert.equal(writePayload(read.value), raw);
    assert.is(formatIdentity(identity), text);
    assert.ok(sameIdentity(identity, identity));
    for (const [other] of identities) assert.is(sameIdentity(identity, other), identity === other);
  });

test('identity: what makes no difference, and what does', () => {
  const same: [Identity, Identity, boolean][] = [
    [fqdnIdentity('GW.example.org.'), fqdnIdentity('gw.EXAMPLE.org'), true],
    [fqdnIdentity('gw.example.org'), mailIdentity('gw.example.org'), false],
    [mailIdentity('a@Example.ORG'), mailIdentity('a@example.org'), true],
    [mailIdentity('A@example.org'), mailIdentity('a@example.org'), false],
    [nameIdentity(name('CN=GW, C=ch')), nameIdentity(name('CN=gw,C=CH')), true],
    [nameIdentity(name('CN=gw,C=CH')), nameIdentity(name('C=CH,CN=gw')), false],
    [nameIdentity(fromHex('01')), nameIdentity(fromHex('02')), false],
    [keyIdentity(utf8('a')), keyIdentity(utf8('A')), false],
  ];
  for (const [a, b, wanted] of same) {
    assert.is(sameIdentity(a, b), wanted, `${formatIdentity(a)} ${formatIdentity(b)}`);
    assert.is(sameIdentity(b, a), wanted);
  }
});

test('identity: what a stranger sends can not mislead a reader', () => {
  const hostile = 'a\n<b>\u202e\u001b[2J"';
  for (const identity of [
    fqdnIdentity(hostile),
    mailIdentity(hostile),
    { type: 9, data: utf8(hostile) },
    { type: 9, data: name('CN=\\0a\\<b\\>\\e2\\80\\ae') },
  ])
    for (const char of hostile.replace(/[ab[2J]/g, ''))
      assert.not.ok(formatIdentity(identity).includes(char), JSON.stringify(char));
  assert.ok(formatIdentity(fqdnIdentity('x'.repeat(5000))).length < 200);
  assert.ok(formatIdentity(keyIdentity(new Uint8Array(5000))).length < 200);
  for (const data of ['c00002', 'c000020101', ''])
    assert.is(identityAddress({ type: 1, data: fromHex(data) }), undefined);
});
