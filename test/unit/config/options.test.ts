import * as kinds from '../../../src/core/config/schema.js';
import { prefix } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

const about = { uci: 'o', help: 'h' };
const flag = kinds.flag({ ...about, default: false });
const number = kinds.number({ ...about, default: 5, min: 1, max: 9 });
const hexNumber = kinds.number({ ...about, default: 16, min: 1, max: 0xffff0000, hex: true });
const seconds = kinds.seconds({ ...about, default: 60 });
const patience = kinds.secondsAsMs({ ...about, default: 5000, min: 0.5, max: 300 });
const mark = kinds.markBit({ ...about, default: 0x20000000 });
const choice = kinds.choice({ ...about, default: 'a', of: ['a', 'b'] as const });
const address = kinds.optionalAddress({ ...about, default: '' });
const addresses = kinds.addresses({ ...about, default: [] });
const prefixes = kinds.prefixes({ ...about, default: [] });
const fqdn = kinds.fqdn({ ...about, default: '' });
const text = kinds.text({ ...about, default: '', allowed: 'digits', pattern: /^\d+$/ });
const words = kinds.words({ ...about, default: ['x'] });

const long = `${'a'.repeat(63)}.`;
const good: [string, kinds.Option<unknown>, string[], unknown][] = [
  ['flag', flag, ['1'], true],
  ['flag', flag, ['on'], true],
  ['flag', flag, ['0'], false],
  ['flag', flag, ['disabled'], false],
  ['number', number, ['9'], 9],
  ['number', number, ['0x9'], 9],
  ['number', hexNumber, ['0xFFFF0000'], 0xffff0000],
  ['seconds', seconds, ['604800'], 604800],
  ['secondsAsMs', patience, ['0.5'], 500],
  ['secondsAsMs', patience, ['300'], 300000],
  ['markBit', mark, ['0x80000000'], 0x80000000],
  ['markBit', mark, ['1'], 1],
  ['choice', choice, ['b'], 'b'],
  ['address', address, ['2001:DB8::1'], '2001:db8::1'],
  ['addresses', addresses, ['192.0.2.1', '::1'], ['192.0.2.1', '::1']],
  ['prefixes', prefixes, ['192.0.2.77/24'], [prefix('192.0.2.0/24')]],
  ['prefixes', prefixes, ['::/0', '192.0.2.1'], [prefix('::/0'), prefix('192.0.2.1/32')]],
  ['fqdn', fqdn, ['GW.Example.org.'], 'gw.example.org'],
  ['fqdn', fqdn, ['a.b'], 'a.b'],
  ['text', text, ['12'], '12'],
  ['words', words, ['oe-dns', 'natt'], ['oe-dns', 'natt']],
];
for (const [kind, option, values, value] of good)
  test(`options: ${kind} takes ${values.join(' ')}`, () =>
    assert.equal(option.parse(values), { ok: true, value }));

const bad: [string, kinds.Option<unknown>, string[], string][] = [
  ['flag', flag, ['maybe'], '0 or 1'],
  ['flag', flag, ['1', '1'], '0 or 1'],
  ['number', number, ['0'], '1..9'],
  ['number', number, ['10'], '1..9'],
  ['number', number, ['-3'], '1..9'],
  ['number', number, ['1e0'], '1..9'],
  ['number', number, ['1.5'], '1..9'],
  ['number', number, [''], '1..9'],
  ['number', hexNumber, ['0xffff0001'], '0x1..0xffff0000'],
  ['seconds', seconds, ['604801'], '0..604800 seconds'],
  ['seconds', seconds, ['60s'], '0..604800 seconds'],
  ['secondsAsMs', patience, ['0.4'], '0.5..300 seconds'],
  ['secondsAsMs', patience, ['301'], '0.5..300 seconds'],
  ['secondsAsMs', patience, ['.5'], '0.5..300 seconds'],
  ['markBit', mark, ['0x3'], 'one bit between 0x1 and 0x80000000'],
  ['markBit', mark, ['0'], 'one bit between 0x1 and 0x80000000'],
  ['markBit', mark, ['0x100000000'], 'one bit between 0x1 and 0x80000000'],
  ['choice', choice, ['c'], 'a, b'],
  ['address', address, ['192.0.2.256'], 'an IPv4 or IPv6 address'],
  ['addresses', addresses, ['192.0.2.1', 'x'], 'IPv4 or IPv6 addresses'],
  [
    'prefixes',
    prefixes,
    ['192.0.2.0/33'],
    'addresses or address blocks, like 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32',
  ],
  ['fqdn', fqdn, ['localhost'], 'a full host name like gw.example.org'],
  ['fqdn', fqdn, ['192.0.2.1'], 'a full host name like gw.example.org'],
  ['fqdn', fqdn, ['-a.example'], 'a full host name like gw.example.org'],
  ['fqdn', fqdn, ['a..example'], 'a full host name like gw.example.org'],
  ['fqdn', fqdn, [`${long.repeat(4)}a`], 'a full host name like gw.example.org'],
  ['text', text, ['a'], 'digits'],
  ['words', words, ['a b'], 'names of letters, digits and dashes'],
];
for (const [kind, option, values, allowed] of bad)
  test(`options: ${kind} refuses ${JSON.stringify(values)}`, () =>
    assert.equal(option.parse(values), { ok: false, allowed }));

test('options: defaults as a person would write them', () => {
  const shown = [flag, hexNumber, patience, mark, words, prefixes].map((each) => each.defaultText);
  assert.equal(shown, ['0', '0x10', '5', '0x20000000', 'x', '']);
});

test('options: a default written in UCI reads as that default', () => {
  for (const option of [flag, number, hexNumber, seconds, patience, mark, choice, words])
    assert.equal(option.parse([option.defaultText]), { ok: true, value: option.default });
});
