/** In which order the plugin asks, seen by a DNS that answers only when it is told to. */
import type { LookupResult } from '../../../src/core/dns/resolver.js';
import { address, reverseName } from '../../../src/core/net/address.js';
import { oeDns } from '../../../src/plugins/oe-dns/index.js';
import { settle } from '../../support/stepped-clock.js';
import { tableResolver } from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

const bob = address('198.18.2.10');
const nothing: LookupResult = {
  kind: 'none',
  reason: 'name does not exist',
  status: 'secure',
  ttlSeconds: 60,
};

test('IK-8 TXT and IPSECKEY are in flight at once, and no needs both answers and no more', async () => {
  const waiting: { question: string; answer: (result: LookupResult) => void }[] = [];
  const dns = tableResolver({});
  dns.lookup = (name, type) =>
    new Promise((answer) => waiting.push({ question: `${type} ${name}`, answer }));
  const plugin = oeDns.create({
    options: { requiresDnssec: false, trustsUnsignedDelegation: false },
    dns,
    random: (length) => new Uint8Array(length),
  });
  let verdict = '';
  void plugin.plan({ source: address('198.18.1.10'), destination: bob }).then(({ kind }) => {
    verdict = kind;
  });
  await settle();
  const questions = waiting.map(({ question }) => question).sort();
  assert.equal(questions, [`16 ${reverseName(bob)}`, `45 ${reverseName(bob)}`]);
  waiting[0]!.answer(nothing);
  await settle();
  assert.is(verdict, '');
  waiting[1]!.answer(nothing);
  await settle();
  assert.is(verdict, 'none');
  assert.is(waiting.length, 2);
});
