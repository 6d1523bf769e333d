import { type Command, parseArguments } from '../../../src/cli/arguments.js';
import { address, prefix } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

const split = (line: string) => (line === '' ? [] : line.split(' '));

const good: [string, Command][] = [
  ['daemon', { name: 'daemon' }],
  ['status', { name: 'status', json: false }],
  ['status --json', { name: 'status', json: true }],
  ['--json status', { name: 'status', json: true }],
  ['records', { name: 'records', clients: [], offline: false, json: false }],
  [
    'records --for 198.18.1.10 --offline --for=2001:db8:1::/64',
    {
      name: 'records',
      clients: [prefix('198.18.1.10'), prefix('2001:db8:1::/64')],
      offline: true,
      json: false,
    },
  ],
  ['forget 2001:DB8::1', { name: 'forget', address: address('2001:db8::1') }],
  ['rekey 192.0.2.1', { name: 'rekey', address: address('192.0.2.1'), ike: false }],
  ['rekey 192.0.2.1 --ike', { name: 'rekey', address: address('192.0.2.1'), ike: true }],
  ['check', { name: 'check', json: false }],
  ['check --json', { name: 'check', json: true }],
  ['records --json', { name: 'records', clients: [], offline: false, json: true }],
  ['--version', { name: 'version' }],
  ['-V', { name: 'version' }],
  ['--help', { name: 'help' }],
  ['status -h', { name: 'help' }],
];
for (const [line, command] of good)
  test(`cli: reads '${line}'`, () => {
    const parsed = parseArguments(split(line));
    assert.ok(parsed.ok);
    if (parsed.ok) assert.equal(parsed.command, command);
  });

test('cli: other places for configuration and socket', () => {
  const parsed = parseArguments(split('-c /tmp/a check --socket=/tmp/s'));
  assert.equal(parsed.ok && parsed.locations, { configFile: '/tmp/a', socketPath: '/tmp/s' });
  const usual = parseArguments(['check']);
  assert.equal(usual.ok && usual.locations, {
    configFile: '/etc/config/autoipsec',
    socketPath: '/var/run/autoipsec/control.sock',
  });
});

const bad: [string, string][] = [
  ['', 'no command is given'],
  ['dance', "command 'dance' is not known"],
  ['toString', "command 'toString' is not known"],
  ['--fast status', "option '--fast' is not known"],
  ['status --json=1', 'option --json takes no value'],
  ['forget --json 192.0.2.1', "option --json does not belong to 'forget'"],
  ['check --for 192.0.2.1', "option --for does not belong to 'check'"],
  ['status now', "'status' does not take 'now'"],
  ['status -c', 'option -c needs a value'],
  ['status -c a', "option --config is 'a', must be an absolute path"],
  ['status -c /a --config /b', 'option --config is given twice'],
  ['forget', "'forget' needs an address"],
  ['rekey', "'rekey' needs an address"],
  ['forget --ike 192.0.2.1', "option --ike does not belong to 'forget'"],
  ['forget gw.example.org', "'forget' needs an address, 'gw.example.org' is none"],
  ['forget 192.0.2.1 192.0.2.2', "'forget' does not take '192.0.2.2'"],
  ['records --for x', "option --for is 'x', must be an address or a block"],
  [
    'records --for 192.0.2.0/25',
    "option --for is '192.0.2.0/25'; the length of a block must be a multiple of 8",
  ],
  [
    'records --for 2001:db8::/33',
    "option --for is '2001:db8::/33'; the length of a block must be a multiple of 4",
  ],
  ['records --for ::/0', "option --for is '::/0'; the length of a block must be a multiple of 4"],
];
for (const [line, message] of bad)
  test(`cli: refuses '${line}'`, () =>
    assert.equal(parseArguments(split(line)), { ok: false, message }));

test('cli: arguments are shown with control characters escaped', () => {
  const parsed = parseArguments(['\u001b[2J']);
  assert.equal(parsed, { ok: false, message: "command '\\u001b[2J' is not known" });
});
