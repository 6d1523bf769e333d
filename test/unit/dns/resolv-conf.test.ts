import { parseResolvConf } from '../../../src/core/dns/resolv-conf.js';
import { assert, test } from '../../support/test.js';

test('resolv.conf: name servers in order, each once, the rest passed over', () => {
  const text = [
    '# Interface wan',
    'nameserver 192.0.2.53',
    '  nameserver\t2001:DB8::53  # trailing',
    'search lan',
    ';nameserver 192.0.2.99',
    '#nameserver 192.0.2.98',
    'nameserver fe80::1%eth0',
    'nameserver 192.0.2.53',
    'nameserver not-an-address',
    'nameserver',
    'nameservers 192.0.2.97',
    'nameserver 127.0.0.1\r',
  ].join('\n');
  assert.equal(parseResolvConf(text), ['192.0.2.53', '2001:db8::53', '127.0.0.1']);
  assert.equal(parseResolvConf(''), []);
});

test('resolv.conf: at most eight servers are taken', () => {
  const text = Array.from({ length: 20 }, (_, i) => `nameserver 192.0.2.${i + 1}`).join('\n');
  assert.is(parseResolvConf(text).length, 8);
});
