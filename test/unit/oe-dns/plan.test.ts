import { formatIdentity } from '../../../src/core/ike/identity.js';
import { address, reverseName } from '../../../src/core/net/address.js';
import type { Plan } from '../../../src/core/plugin.js';
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

const bob = address('198.18.2.10');
const bobName = reverseName(bob);
const gateway = address('198.18.0.2');
const gatewayName = reverseName(gateway);
const key = testKey(1);
const otherKey = testKey(2);

function pluginWith(dns: TableResolver, options: Partial<OeDnsOptions> = {}, seed = 0) {
  return oeDns.create({
    options: { requiresDnssec: false, trustsUnsignedDelegation: false, ...options },
    dns,
    random: (length) => Uint8Array.from({ length }, (_, i) => ((i >> 2) * 151 + seed * 97) & 255),
  });
}

const planFor = (
  dns: TableResolver,
  options: Partial<OeDnsOptions> = {},
  seed = 0,
): Promise<Plan> =>
  pluginWith(dns, options, seed).plan({ source: address('198.18.1.10'), destination: bob });

/** Gateways of a plan that must have some. */
function gatewaysOf(plan: Plan) {
  assert.is(plan.kind, 'key', plan.why);
  return plan.kind === 'key' ? plan.gateways : [];
}

const txtFor = (text: string, status: 'secure' | 'insecure' | 'bogus' = 'secure') => ({
  [`TXT ${bobName}`]: answer([txt(text)], status),
});

test('OE-69 SP-13 IK-8 a TXT with its key: TXT and IPSECKEY asked at once, nothing more', async () => {
  const dns = tableResolver(txtFor(`X-IPsec-Server(10)=${gateway} ${keyText(key)}`));
  const plan = await planFor(dns);
  assert.equal(gatewaysOf(plan), [{ address: gateway, keys: [key] }]);
  assert.equal([...dns.questions].sort(), [`IPSECKEY ${bobName}`, `TXT ${bobName}`]);
  assert.is(plan.kind === 'key' && plan.trust, 'dnssec');
});

test('OE-71 without the key in the TXT it comes from the KEY at the gateway', async () => {
  const dns = tableResolver({
    ...txtFor(`X-IPsec-Server(10)=${gateway}`),
    [`KEY ${gatewayName}`]: answer([keyData(key)]),
  });
  assert.equal(gatewaysOf(await planFor(dns)), [{ address: gateway, keys: [key] }]);
  assert.ok(dns.questions.includes(`KEY ${gatewayName}`));
});

test('OE-35 a TXT without key and no KEY record: no gateway', async () => {
  const plan = await planFor(tableResolver(txtFor(`X-IPsec-Server(10)=${gateway}`)));
  assert.is(plan.kind, 'none');
  assert.match(plan.why, 'no key');
});

test('SP-9 the key at a name of its own', async () => {
  const dns = tableResolver({
    ...txtFor(`X-IPsec-Server(10)=${gateway} @keys.example`),
    'KEY keys.example': answer([keyData(key)]),
  });
  assert.equal(gatewaysOf(await planFor(dns)), [{ address: gateway, keys: [key] }]);
});

test('OE-114 two records with different keys for one gateway: both keys count', async () => {
  const dns = tableResolver({
    [`TXT ${bobName}`]: answer(
      [key, otherKey].map((each) => txt(`X-IPsec-Server(10)=${gateway} ${keyText(each)}`)),
    ),
  });
  const [only, ...more] = gatewaysOf(await planFor(dns));
  assert.is(more.length, 0);
  assert.is(only!.keys?.length, 2);
});

test('OE-69 precedence decides the order, whatever the order of the records', async () => {
  const records = [30, 10, 20].map((precedence) =>
    txt(`X-IPsec-Server(${precedence})=198.18.0.${precedence} ${keyText(key)}`),
  );
  const dns = tableResolver({ [`TXT ${bobName}`]: answer(records) });
  assert.equal(
    gatewaysOf(await planFor(dns)).map((each) => each.address),
    ['198.18.0.10', '198.18.0.20', '198.18.0.30'],
  );
});

test('OE-75 IK-4 equals come in either order over many runs', async () => {
  const records = [1, 2].map((host) => txt(`X-IPsec-Server(10)=198.18.0.${host} ${keyText(key)}`));
  const dns = tableResolver({ [`TXT ${bobName}`]: answer(records) });
  const firsts = new Set<string>();
  for (let seed = 0; seed < 8; seed++)
    firsts.add(gatewaysOf(await planFor(dns, {}, seed))[0]!.address);
  assert.is(firsts.size, 2);
});

test('OE-70 a TXT of another application beside the delegation changes nothing', async () => {
  const records = [txt('v=spf1 -all'), txt(`X-IPsec-Server(10)=${gateway} ${keyText(key)}`)];
  const dns = tableResolver({ [`TXT ${bobName}`]: answer(records) });
  assert.is(gatewaysOf(await planFor(dns)).length, 1);
});

const nothings = [
  ['no record', {}],
  ['an unrelated TXT', txtFor('v=spf1 -all')],
] as const;
for (const [what, table] of nothings) {
  test(`${what}: nobody encrypts there`, async () =>
    assert.is((await planFor(tableResolver(table))).kind, 'none'));
}

test('no answer from DNS is told apart from no record', async () => {
  const failed = { kind: 'failed', reason: 'no server answered' } as const;
  const dns = tableResolver({ [`TXT ${bobName}`]: failed, [`IPSECKEY ${bobName}`]: failed });
  const plan = await planFor(dns);
  assert.is(plan.kind, 'unknown');
  assert.match(plan.why, 'no server answered');
});

test('OE-55 the negative answer sets how long it holds', async () => {
  const plan = await planFor(tableResolver({}, 60));
  assert.is(plan.kind === 'none' && plan.ttlSeconds, 60);
});

test('OE-37 a malformed delegation is refused, not taken as none', async () => {
  const plan = await planFor(tableResolver(txtFor('X-IPsec-Server(10)=nonsense')));
  assert.is(plan.kind, 'refuse');
});

test('OE-37 a wrong signature in the DNS is refused', async () => {
  const table = txtFor(`X-IPsec-Server(10)=${gateway} ${keyText(key)}`, 'bogus');
  assert.is((await planFor(tableResolver(table))).kind, 'refuse');
});

test('OE-37 a wrong signature on the KEY behind the TXT is refused too', async () => {
  const dns = tableResolver({
    ...txtFor(`X-IPsec-Server(10)=${gateway}`),
    [`KEY ${gatewayName}`]: answer([keyData(key)], 'bogus'),
  });
  assert.is((await planFor(dns)).kind, 'refuse');
});

test('OE-84 unsigned records count by default, and not where DNSSEC is required', async () => {
  const table = txtFor(`X-IPsec-Server(10)=${bob} ${keyText(key)}`, 'insecure');
  const plan = await planFor(tableResolver(table));
  assert.is(plan.kind === 'key' && plan.trust, 'dns');
  assert.is((await planFor(tableResolver(table), { requiresDnssec: true })).kind, 'none');
});

test('OE-87 IK-7 unsigned: only itself may be the gateway, unless the switch allows it', async () => {
  const elsewhere = txtFor(`X-IPsec-Server(10)=${gateway} ${keyText(key)}`, 'insecure');
  const plan = await planFor(tableResolver(elsewhere));
  assert.is(plan.kind, 'none');
  assert.match(plan.why, 'not vouched for');
  const trusting = { trustsUnsignedDelegation: true };
  assert.is((await planFor(tableResolver(elsewhere), trusting)).kind, 'key');
  const itself = txtFor(`X-IPsec-Server(10)=${bob} ${keyText(key)}`, 'insecure');
  assert.is((await planFor(tableResolver(itself))).kind, 'key');
});

test('IK-8 where both are usable IPSECKEY wins', async () => {
  const dns = tableResolver({
    ...txtFor(`X-IPsec-Server(10)=198.18.0.9 ${keyText(otherKey)}`),
    [`IPSECKEY ${bobName}`]: answer([ipseckeyData(10, { kind: 'address', address: gateway }, key)]),
  });
  assert.equal(gatewaysOf(await planFor(dns)), [{ address: gateway, keys: [key] }]);
});

test('IK-5 an IPSECKEY without gateway: the owner is its own', async () => {
  const dns = tableResolver({
    [`IPSECKEY ${bobName}`]: answer([ipseckeyData(10, { kind: 'none' }, key)]),
  });
  assert.equal(gatewaysOf(await planFor(dns)), [{ address: bob, keys: [key] }]);
});

test('IK-2 IK-3 bad records are ignored, a good sibling counts', async () => {
  const good = ipseckeyData(20, { kind: 'address', address: gateway }, key);
  const unknownGateway = Uint8Array.of(10, 9, 2, 1, 2, 3);
  const unknownAlgorithm = Uint8Array.of(10, 1, 77, 198, 18, 0, 9, 1, 2, 3);
  const dns = tableResolver({
    [`IPSECKEY ${bobName}`]: answer([unknownGateway, unknownAlgorithm, good]),
  });
  assert.equal(gatewaysOf(await planFor(dns)), [{ address: gateway, keys: [key] }]);
});

test('IK-6 OE-74 a gateway by name: its addresses are looked up, its name is demanded', async () => {
  const table = {
    [`IPSECKEY ${bobName}`]: answer([ipseckeyData(10, { kind: 'name', name: 'gw.example' }, key)]),
    'A gw.example': answer([Uint8Array.of(198, 18, 0, 2)]),
  };
  const [found] = gatewaysOf(await planFor(tableResolver(table)));
  assert.is(found!.address, gateway);
  assert.is(formatIdentity(found!.identity!), '@gw.example');
  const unsigned = { ...table, 'A gw.example': answer([Uint8Array.of(198, 18, 0, 2)], 'insecure') };
  assert.is((await planFor(tableResolver(unsigned), { requiresDnssec: true })).kind, 'none');
});

test('OE-2 the question for an IPv6 destination is in ip6.arpa', async () => {
  const dns = tableResolver({});
  const destination = address('2001:2::10');
  await pluginWith(dns).plan({ source: address('2001:2::1'), destination });
  assert.ok(dns.questions.every((question) => question.endsWith('.ip6.arpa')));
  assert.is(dns.questions.length, 2);
});

test('SP-43 forgetting an address clears its answers', () => {
  const dns = tableResolver({});
  pluginWith(dns).forget(bob);
  assert.equal(dns.forgotten, [bobName]);
});

test('a KEY that could not be asked for is no missing KEY', async () => {
  const failed = { kind: 'failed', reason: 'no server answered' } as const;
  const dns = tableResolver({
    ...txtFor(`X-IPsec-Server(10)=${gateway}`),
    [`KEY ${gatewayName}`]: failed,
    [`IPSECKEY ${gatewayName}`]: failed,
  });
  const plan = await planFor(dns);
  assert.is(plan.kind, 'unknown');
  assert.match(plan.why, 'no server answered');
});

test('OE-84 where DNSSEC is required an unsigned malformed record is not there', async () => {
  const dns = tableResolver(txtFor('X-IPsec-Server(10)=nonsense', 'insecure'));
  assert.is((await planFor(dns)).kind, 'refuse');
  assert.is((await planFor(dns, { requiresDnssec: true })).kind, 'none');
});

test('one address as a name and as itself: what the name must prove the address need not', async () => {
  const dns = tableResolver({
    [`TXT ${bobName}`]: answer([
      txt(`X-IPsec-Server(10)=@gw.example ${keyText(key)}`),
      txt(`X-IPsec-Server(20)=${gateway} ${keyText(otherKey)}`),
    ]),
    'A gw.example': answer([Uint8Array.of(198, 18, 0, 2)]),
  });
  const [byName, byAddress] = gatewaysOf(await planFor(dns));
  assert.equal([byName!.keys, byAddress!.keys], [[key], [otherKey]]);
  assert.is(byAddress!.identity, undefined);
});

test('IK-8 an IPSECKEY that may not be used does not hide a TXT that may', async () => {
  const dns = tableResolver({
    ...txtFor(`X-IPsec-Server(10)=${bob} ${keyText(key)}`, 'insecure'),
    [`IPSECKEY ${bobName}`]: answer(
      [ipseckeyData(10, { kind: 'address', address: gateway }, otherKey)],
      'insecure',
    ),
  });
  assert.equal(gatewaysOf(await planFor(dns)), [{ address: bob, keys: [key] }]);
});
