import { addressIdentity, fqdnIdentity, type Identity } from '../../../src/core/ike/identity.js';
import { address, hostPrefix, reverseName } from '../../../src/core/net/address.js';
import type { PublicKey } from '../../../src/core/pki/public-key.js';
import { oeDns } from '../../../src/plugins/oe-dns/index.js';
import type { OeDnsOptions } from '../../../src/plugins/oe-dns/options.js';
import {
  answer,
  ipseckeyData,
  keyData,
  keyText,
  type TableResolver,
  tableResolver,
  testKey,
  txt,
} from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

const alice = address('198.18.1.10');
const aliceName = reverseName(alice);
const sga = address('198.18.0.1');
const sgb = address('198.18.0.2');
const key = testKey(1);

function pluginWith(dns: TableResolver, options: Partial<OeDnsOptions> = {}) {
  return oeDns.create({
    options: { requiresDnssec: false, trustsUnsignedDelegation: false, ...options },
    dns,
    random: (length) => new Uint8Array(length),
  });
}

const keysFor = (dns: TableResolver, identity: Identity, options: Partial<OeDnsOptions> = {}) =>
  pluginWith(dns, options).keysFor({ identity, address: sga, local: sgb });

test('OE-59 OE-110 the KEY of an address identity is asked in the reverse tree', async () => {
  const dns = tableResolver({ [`KEY ${reverseName(sga)}`]: answer([keyData(key)]) });
  const found = await keysFor(dns, addressIdentity(sga));
  assert.equal(found.kind === 'keys' && found.keys, [key]);
  assert.ok(dns.questions.every((question) => question.endsWith(reverseName(sga))));
});

test('OE-59 OE-106 the KEY of a name is asked in the forward tree', async () => {
  const dns = tableResolver({ 'KEY gw.example.org': answer([keyData(key)]) });
  const found = await keysFor(dns, fqdnIdentity('GW.example.org'));
  assert.equal(found.kind === 'keys' && found.keys, [key]);
});

test('SP-23 a name needs no address record to be an identity', async () => {
  const dns = tableResolver({ 'KEY gw.example.org': answer([keyData(key)]) });
  await keysFor(dns, fqdnIdentity('gw.example.org'));
  assert.not.ok(dns.questions.some((question) => /^A /.test(question)));
});

test('SP-22 an address identity that is not the address it calls from is refused', async () => {
  const dns = tableResolver({ [`KEY ${reverseName(alice)}`]: answer([keyData(key)]) });
  assert.is((await keysFor(dns, addressIdentity(alice))).kind, 'refused');
  assert.is(dns.questions.length, 0);
});

test('OE-60 a missing or garbled KEY proves nobody', async () => {
  const garbled = { [`KEY ${reverseName(sga)}`]: answer([Uint8Array.of(0x42, 0, 4, 1)]) };
  for (const table of [{}, garbled]) {
    const found = await keysFor(tableResolver(table), addressIdentity(sga));
    assert.is(found.kind, 'refused');
  }
});

test('OE-114 OE-115 every KEY of the name is a candidate', async () => {
  const keys = [testKey(1), testKey(2), testKey(3)];
  const dns = tableResolver({ [`KEY ${reverseName(sga)}`]: answer(keys.map(keyData)) });
  const found = await keysFor(dns, addressIdentity(sga));
  assert.equal(found.kind === 'keys' && found.keys, keys);
});

test('OE-84 an unsigned KEY is refused where DNSSEC is required', async () => {
  const dns = tableResolver({ [`KEY ${reverseName(sga)}`]: answer([keyData(key)], 'insecure') });
  assert.is((await keysFor(dns, addressIdentity(sga))).kind, 'keys');
  assert.is((await keysFor(dns, addressIdentity(sga), { requiresDnssec: true })).kind, 'refused');
});

interface Claim {
  client?: typeof alice;
  identity?: Identity;
  key?: PublicKey;
  isBehindNat?: boolean;
}

const authorize = (dns: TableResolver, claim: Claim = {}, options: Partial<OeDnsOptions> = {}) =>
  pluginWith(dns, options).authorize({
    identity: claim.identity ?? addressIdentity(sga),
    address: sga,
    local: sgb,
    proof: 'key',
    key: claim.key ?? key,
    client: hostPrefix(claim.client ?? alice),
    ours: hostPrefix(address('198.18.2.10')),
    isBehindNat: claim.isBehindNat ?? false,
  });

const delegation = (gateway: string, of: PublicKey, status: 'secure' | 'insecure' = 'secure') =>
  tableResolver({
    [`TXT ${aliceName}`]: answer([txt(`X-IPsec-Server(10)=${gateway} ${keyText(of)}`)], status),
  });

test('OE-63 the client names the caller as gateway: granted', async () => {
  const dns = delegation(sga, key);
  assert.is((await authorize(dns)).kind, 'granted');
  assert.ok(dns.questions.includes(`TXT ${aliceName}`));
});

test('OE-63 a client without a record is not spoken for', async () => {
  const result = await authorize(tableResolver({}));
  assert.is(result.kind, 'refused');
  assert.match(result.kind === 'refused' ? result.why : '', 'no record');
});

test('OE-64 another gateway, or another key: refused', async () => {
  assert.is((await authorize(delegation('198.18.0.99', key))).kind, 'refused');
  assert.is((await authorize(delegation(sga, testKey(2)))).kind, 'refused');
});

test('OE-140 OE-141 each of several gateways is accepted, whatever its precedence', async () => {
  const records = [
    txt(`X-IPsec-Server(10)=198.18.0.9 ${keyText(testKey(2))}`),
    txt(`X-IPsec-Server(20)=${sga} ${keyText(key)}`),
  ];
  const dns = tableResolver({ [`TXT ${aliceName}`]: answer(records) });
  assert.is((await authorize(dns)).kind, 'granted');
});

test('SP-7 OE-108 a caller that is its own client causes no question', async () => {
  for (const identity of [addressIdentity(sga), fqdnIdentity('road.example')]) {
    const dns = tableResolver({});
    assert.is((await authorize(dns, { client: sga, identity })).kind, 'granted');
    assert.is(dns.questions.length, 0);
  }
});

test('OE-107 a gateway by name needs the client to name it so', async () => {
  const identity = fqdnIdentity('gw.example.org');
  assert.is((await authorize(delegation('@gw.example.org', key), { identity })).kind, 'granted');
  assert.is((await authorize(delegation('@other.example.org', key), { identity })).kind, 'refused');
});

test('OE-87 an unsigned record of a client may not name another gateway', async () => {
  const dns = delegation(sga, key, 'insecure');
  assert.is((await authorize(dns)).kind, 'refused');
  assert.is((await authorize(dns, {}, { trustsUnsignedDelegation: true })).kind, 'granted');
});

const withoutKey = (text: string, more: Parameters<typeof tableResolver>[0] = {}) =>
  tableResolver({ [`TXT ${aliceName}`]: answer([txt(`X-IPsec-Server(10)=${text}`)]), ...more });

test('OE-64 a record without key: the caller must have the key of the gateway that it names', async () => {
  const identity = fqdnIdentity('evil.example');
  const keyOfGateway = { [`KEY ${reverseName(sga)}`]: answer([keyData(key)]) };
  const dns = () => withoutKey(sga, keyOfGateway);
  assert.is((await authorize(dns())).kind, 'granted');
  const evil = { identity, key: testKey(2) };
  assert.is((await authorize(dns(), evil)).kind, 'refused', 'from the address, with its own key');
  assert.is((await authorize(dns(), { identity })).kind, 'granted', 'the same key by another name');
});

test('OE-64 SP-9 a record with its key at a name: the caller must have that key', async () => {
  const record = `${sga} @keys.example`;
  const dns = (of: PublicKey) =>
    withoutKey(record, { 'KEY keys.example': answer([keyData(of as typeof key)]) });
  assert.is((await authorize(dns(key))).kind, 'granted');
  assert.is((await authorize(dns(testKey(2)))).kind, 'refused');
});

test('behind a NAT a name proves nothing about the address', async () => {
  const identity = fqdnIdentity('road.example');
  const claim = { client: sga, isBehindNat: true };
  assert.is((await authorize(tableResolver({}), { ...claim, identity })).kind, 'refused');
  assert.is(
    (await authorize(tableResolver({}), claim)).kind,
    'granted',
    'its KEY is at the address',
  );
});

test('OE-140 a TXT delegation counts beside an IPSECKEY that names another gateway', async () => {
  const other = { kind: 'address', address: address('198.18.0.9') } as const;
  const dns = tableResolver({
    [`IPSECKEY ${aliceName}`]: answer([ipseckeyData(10, other, testKey(2))]),
    [`TXT ${aliceName}`]: answer([txt(`X-IPsec-Server(10)=${sga} ${keyText(key)}`)]),
  });
  assert.is((await authorize(dns)).kind, 'granted');
});

test('an IPSECKEY that names another gateway does not prove its owner', async () => {
  const other = { kind: 'address', address: address('198.18.0.9') } as const;
  const dns = tableResolver({
    [`IPSECKEY ${reverseName(sga)}`]: answer([
      ipseckeyData(10, other, testKey(2)),
      ipseckeyData(10, { kind: 'none' }, key),
    ]),
  });
  const found = await keysFor(dns, addressIdentity(sga));
  assert.equal(found.kind === 'keys' && found.keys, [key]);
});

test('a client with many records costs a bounded number of questions', async () => {
  const records = Array.from({ length: 16 }, (_, i) => txt(`X-IPsec-Server=@gw${i}.example`));
  const dns = tableResolver({ [`TXT ${aliceName}`]: answer(records) });
  assert.is((await authorize(dns)).kind, 'refused');
  assert.ok(dns.questions.length <= 2 + 4 * 4, `${dns.questions.length} questions`);
});
