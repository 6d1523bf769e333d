import { RecordType } from '../../../src/core/dns/resolver.js';
import { assert, test } from '../../support/test.js';
import { Bench, txt } from './fake-server.js';

test('SP-16 whoever asks again has data and mark from memory: one question leaves', async () => {
  const bench = new Bench();
  const name = '65.0.1.192.in-addr.arpa';
  const server = bench.server('127.0.0.1', () => ({ ad: true, answers: [txt(name, 60, 'a')] }));
  const resolver = bench.resolver([server]);
  const first = await resolver.lookup(name, RecordType.TXT);
  const again = await resolver.lookup(name.toUpperCase(), RecordType.TXT);
  assert.is(first.kind === 'records' && first.status, 'secure');
  assert.equal(again, first);
  assert.is(server.asked.length, 1);
});
