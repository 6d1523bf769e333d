/** What the records of a destination lead to, with whole routers. */
import type { LookupResult } from '../../../src/core/dns/resolver.js';
import { reverseName } from '../../../src/core/net/address.js';
import { alice, bob, type Router, twoRouters } from '../../support/routers.js';
import { answer, keyText, testKey, txt } from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

const garbled = answer([txt('X-IPsec-Server(10)=nonsense')]);
const textOfBob = `TXT ${reverseName(bob)}`;

const existsWithoutRecords: LookupResult = {
  kind: 'none',
  reason: 'no record of this type',
  status: 'secure',
  ttlSeconds: 900,
};

/** Takes what Bob publishes away. */
const hide = (zone: Record<string, unknown>) => delete zone[`IPSECKEY ${reverseName(bob)}`];

test('OE-163 a denial for a bad record is a warning with destination, owner name and reason', async () => {
  const bogus = { [textOfBob]: answer([txt('X-IPsec-Server=1.2.3.4')], 'bogus') };
  for (const [records, reason] of [
    [{ [textOfBob]: garbled }, 'malformed'],
    [bogus, 'signature is wrong'],
  ] as const) {
    const { world, sga } = await twoRouters();
    hide(world.zone);
    Object.assign(world.zone, records);
    sga.send({ source: alice, destination: bob });
    await world.pass(200);
    const warnings = sga.lines.filter((line) => line.startsWith('warning '));
    assert.is(warnings.length, 1);
    for (const part of [`→ ${bob}: blocked`, `TXT ${reverseName(bob)}`, reason])
      assert.ok(warnings[0]?.includes(part), `${warnings[0]} lacks ${part}`);
    await world.stop();
  }
});

const nobody: [string, Record<string, LookupResult>][] = [
  ['the name does not exist', {}],
  ['the name has other records', { [textOfBob]: existsWithoutRecords }],
  ['an unrelated TXT', { [textOfBob]: answer([txt('v=spf1 -all')]) }],
  [
    'no answer',
    {
      [textOfBob]: { kind: 'failed', reason: 'no server answered' },
      [`IPSECKEY ${reverseName(bob)}`]: { kind: 'failed', reason: 'no server answered' },
    },
  ],
];
for (const [what, records] of nobody) {
  for (const [name, state] of [
    ['oe-permissive', 'clear'],
    ['oe-paranoid', 'deny'],
  ] as const) {
    test(`OE-36 ${what}, ${name}: ${state}, and no IKE`, async () => {
      const { world, sga } = await twoRouters({ configuration: { wan: { default_class: name } } });
      hide(world.zone);
      Object.assign(world.zone, records);
      sga.send({ source: alice, destination: bob });
      await world.pass(1000);
      assert.equal(sga.states(), [state]);
      assert.equal(world.exchanges(), []);
      await world.stop();
    });
  }
}

test('OE-145 a mute DNS server: the log names DNS as the reason of either verdict', async () => {
  for (const [name, verdict] of [
    ['oe-permissive', 'clear'],
    ['oe-paranoid', 'blocked'],
  ] as const) {
    const { world, sga } = await twoRouters({ configuration: { wan: { default_class: name } } });
    Object.assign(world.zone, nobody.at(-1)![1]);
    sga.send({ source: alice, destination: bob });
    await world.pass(1000);
    const line = `info policy: ${alice} → ${bob}: ${verdict}, no answer from DNS`;
    assert.is(sga.lines.filter((each) => each.startsWith(line)).length, 1, sga.lines.join('\n'));
    await world.stop();
  }
});

const good = (status: 'secure' | 'insecure' | 'bogus') => (sgb: Router) =>
  answer([txt(`X-IPsec-Server(10)=${sgb.address} ${keyText(testKey(1))}`)], status);
const conditions: [string, ((sgb: Router) => LookupResult) | undefined, boolean][] = [
  ['a good record, vouched for', good('secure'), true],
  ['no record', undefined, false],
  ['a malformed record', () => garbled, false],
  ['a record with a wrong signature', good('bogus'), false],
  ['a record that nobody vouches for', good('insecure'), false],
];
for (const [what, record, isPending] of conditions) {
  test(`OE-34 ${what}: ${isPending ? 'pending' : 'never pending'}`, async () => {
    const configuration = { wan: { oe_dns_require_dnssec: 1, oe_dns_unsigned_delegation: 1 } };
    const { world, sga, sgb } = await twoRouters({ configuration });
    hide(world.zone);
    if (record) world.zone[textOfBob] = record(sgb);
    sga.send({ source: alice, destination: bob });
    await world.pass(1000);
    assert.is(
      sga.lines.some((line) => line.includes('potential → pending')),
      isPending,
    );
    await world.stop();
  });
}
