import {
  clientRecords,
  ownAddressRecords,
  ownerOf,
  ownNameRecords,
  type PlannedRecord,
  type RecordGroup,
} from '../../../src/cli/publish.js';
import { records } from '../../../src/cli/records.js';
import { fromUtf8 } from '../../../src/core/bytes/text.js';
import { joinStrings, readTxt } from '../../../src/core/dns/txt-record.js';
import { address, prefix } from '../../../src/core/net/address.js';
import { parseDelegation } from '../../../src/plugins/oe-dns/delegation.js';
import { assert, test } from '../../support/test.js';
import { configuration, edKey, FakeMachine, otherRsaKey, rsaKey } from './fake-context.js';

const planned = (groups: RecordGroup[]): PlannedRecord[] => groups.flatMap((each) => each.records);
const own = (keys = [rsaKey]) => planned(ownAddressRecords(address('198.18.1.1'), keys));

/** A machine on which everything that should be is published. */
function published(): FakeMachine {
  const machine = new FakeMachine();
  for (const record of own()) machine.publish(`${record.kind} ${record.owner}`, [record.data]);
  return machine;
}

const rest = { clients: [], offline: false };
// exponent length 3, 010001, modulus a0..af
const keyText = 'AwEAAaChoqOkpaanqKmqq6ytrq8=';
const owner = '1.1.18.198.in-addr.arpa';

test('cli records: golden, everything published', async () => {
  const machine = published();
  assert.is(await records(machine.context(), rest), 0);
  assert.snapshot(
    machine.printed,
    `; Who sends to 198.18.1.1 shall encrypt, and 198.18.1.1 itself is the gateway: for the router and
; for the hosts that are hidden behind this address. TXT is the older form, IPSECKEY the newer one.
${owner}. IN TXT "X-IPsec-Server(10)=198.18.1.1 ${keyText}"
${owner}. IN IPSECKEY 10 0 2 . ${keyText}

; The key with which 198.18.1.1 signs, for peers that it calls and that read KEY records.
${owner}. IN KEY 16896 4 1 ${keyText}

; Published today:
; present: TXT at ${owner}: vouched for by DNSSEC
; present: IPSECKEY at ${owner}: vouched for by DNSSEC
; present: KEY at ${owner}: vouched for by DNSSEC
; All of them are published.
`,
  );
});

test('cli records: as values for programs', async () => {
  const machine = published();
  assert.is(await records(machine.context(), { ...rest, json: true }), 0);
  const { groups, notes } = JSON.parse(machine.printed);
  assert.equal(notes, []);
  assert.equal(groups[0].records[1], {
    kind: 'IPSECKEY',
    owner,
    line: `${owner}. IN IPSECKEY 10 0 2 . ${keyText}`,
    data: `10 0 2 . ${keyText}`,
    presence: 'present',
    detail: 'vouched for by DNSSEC',
  });
  machine.printed = '';
  machine.answers.clear();
  assert.is(await records(machine.context(), { ...rest, json: true }), 1);
  assert.is(JSON.parse(machine.printed).groups[0].records[0].presence, 'missing');
  machine.printed = '';
  assert.is(await records(machine.context(), { ...rest, offline: true, json: true }), 0);
  assert.is(JSON.parse(machine.printed).groups[0].records[0].presence, undefined);
});

test('cli records: every line is a record, a comment or empty', async () => {
  const machine = new FakeMachine();
  const clients = [prefix('198.18.1.10'), prefix('192.168.1.0/24')];
  machine.keys = { ok: true, keys: [rsaKey, edKey] };
  await records(machine.context(), { clients, offline: false });
  for (const line of machine.printed.split('\n'))
    assert.match(line, /^(;.*|[0-9a-z.*-]+\. IN (TXT|KEY|IPSECKEY) .*|)$/);
});

/** Status lines after a change of what is published. */
async function comparison(change: (machine: FakeMachine) => void): Promise<string[]> {
  const machine = published();
  change(machine);
  const status = await records(machine.context(), rest);
  const lines = machine.printed
    .split('\n')
    .filter((line) => /^; (present|missing|differs|un)/.test(line));
  return [String(status), ...lines.map((line) => line.replace(` at ${owner}`, '').slice(2))];
}

test('cli records: missing, differing and unknown ones are told and end in status 1', async () => {
  const wrong = planned(ownAddressRecords(address('198.18.1.1'), [otherRsaKey]));
  const of = (kind: string) => wrong.find((each) => each.kind === kind)!.data;
  const lines = await comparison((machine) => {
    machine.answers.delete(`TXT ${owner}`);
    machine.publish(`KEY ${owner}`, [of('KEY')]);
    machine.answers.set(`IPSECKEY ${owner}`, { kind: 'failed', reason: 'no answer' });
  });
  assert.equal(lines, [
    '1',
    'missing: TXT: name does not exist',
    'unknown: IPSECKEY: no answer',
    'differs: KEY: 1 published, none with this gateway and key',
  ]);
});

test('cli records: another gateway in TXT differs, text of other applications is none', async () => {
  const [elsewhere] = planned(ownAddressRecords(address('198.18.1.2'), [rsaKey]));
  const spf = Uint8Array.from([6, ...Array.from('v=spf1', (char) => char.charCodeAt(0))]);
  const differs = await comparison((machine) =>
    machine.publish(`TXT ${owner}`, [spf, elsewhere!.data]),
  );
  assert.is(differs[1], 'differs: TXT: 1 published, none with this gateway and key');
  const missing = await comparison((machine) => machine.publish(`TXT ${owner}`, [spf]));
  assert.is(missing[1], 'missing: TXT: other records only');
});

test('cli records: another precedence and unsigned answers are well, an alias is told', async () => {
  const lines = await comparison((machine) => {
    const data = own()[1]!.data.slice();
    data[0] = 99;
    machine.publish(`IPSECKEY ${owner}`, [data], 'insecure');
    machine.answers.set(`TXT ${owner}`, {
      kind: 'records',
      records: [own()[0]!.data],
      owner: '1.0-63.1.18.198.in-addr.arpa',
      status: 'secure',
      ttlSeconds: 60,
    });
  });
  assert.equal(lines, [
    '0',
    'present: TXT: vouched for by DNSSEC (at 1.0-63.1.18.198.in-addr.arpa)',
    'present: IPSECKEY: not vouched for by DNSSEC',
    'present: KEY: vouched for by DNSSEC',
  ]);
});

test('cli records: an answer with a wrong signature proves nothing', async () => {
  const lines = await comparison((machine) => {
    const known = machine.answers.get(`KEY ${owner}`)!;
    machine.answers.set(`KEY ${owner}`, { ...known, status: 'bogus' } as typeof known);
  });
  assert.is(lines[0], '1');
  assert.is(lines[3], 'unknown: KEY: the DNSSEC signature is wrong');
});

test('cli records: a client names gateways of its own family only', async () => {
  const machine = new FakeMachine();
  machine.wan = { device: 'eth1', addresses: ['198.18.1.1', '2001:db8::1'].map(address) };
  await records(machine.context(), { clients: [prefix('198.18.1.10')], offline: true });
  const lines = machine.printed.split('\n').filter((line) => line.startsWith('10.1.18.198'));
  assert.is(lines.length, 2);
  assert.not.match(lines.join(), /2001:db8/);
  machine.wan = { device: 'eth1', addresses: [address('2001:db8::1')] };
  await records(machine.context(), { clients: [prefix('198.18.1.10')], offline: true });
  assert.match(machine.printed, /No WAN has an address of the family of 198\.18\.1\.10\/32/);
});

test('cli records: nonsense in published records does not stop the comparison', async () => {
  for (const kind of ['TXT', 'KEY', 'IPSECKEY'])
    for (const data of [[], [255], [10, 3, 2, 192, 12], [16, 0, 4, 1]]) {
      const lines = await comparison((machine) =>
        machine.publish(`${kind} ${owner}`, [Uint8Array.from(data)]),
      );
      assert.is(lines[0], '1');
    }
});

test('cli records: asks each name and type once', async () => {
  const machine = published();
  machine.keys = { ok: true, keys: [rsaKey, otherRsaKey] };
  await records(machine.context(), rest);
  assert.equal(machine.asked, [`TXT ${owner}`, `IPSECKEY ${owner}`, `KEY ${owner}`]);
});

test('cli records: --offline asks nothing', async () => {
  const machine = new FakeMachine();
  assert.is(await records(machine.context(), { clients: [], offline: true }), 0);
  assert.equal(machine.asked, []);
  assert.not.match(machine.printed, /Published today/);
});

test('OE-78 cli records: each key has a TXT record of its own, and all of them are read', () => {
  const groups = own([rsaKey, otherRsaKey]);
  assert.equal(
    groups.map((each) => each.kind),
    ['TXT', 'TXT', 'IPSECKEY', 'IPSECKEY', 'KEY', 'KEY'],
  );
  const keys = groups.slice(0, 2).map(({ data }) => {
    const strings = readTxt(data);
    const text = strings.ok ? fromUtf8(joinStrings(strings.value)) : '';
    const parsed = parseDelegation(text);
    return parsed.kind === 'delegation' && parsed.delegation.key;
  });
  assert.equal(keys, [rsaKey, otherRsaKey]);
});

test('cli records: a key that is not RSA is in IPSECKEY only, and that is told', async () => {
  assert.equal(
    own([edKey]).map((each) => each.kind),
    ['IPSECKEY'],
  );
  const machine = new FakeMachine();
  machine.keys = { ok: true, keys: [edKey] };
  await records(machine.context(), { clients: [], offline: true });
  assert.match(machine.printed, /^; TXT and KEY records carry RSA keys only/);
});

test('OE-68 cli records: prints reverse names, of IPv4 and of IPv6', async () => {
  const machine = new FakeMachine();
  machine.wan = { device: 'eth1', addresses: ['198.18.1.1', '2001:db8::1'].map(address) };
  const clients = [prefix('192.1.0.65'), prefix('2001:db8::567:89ab')];
  await records(machine.context(), { clients, offline: true });
  assert.match(machine.printed, /^65\.0\.1\.192\.in-addr\.arpa\. IN TXT /m);
  assert.ok(
    machine.printed.includes(
      '\nb.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN TXT ',
    ),
  );
});

test('cli records: a block has the wildcard below which its addresses are', () => {
  assert.is(ownerOf(prefix('198.18.1.0/24')), '*.1.18.198.in-addr.arpa');
  assert.is(ownerOf(prefix('2001:db8:1::/48')), '*.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa');
});

test('OE-73 cli records: fields of the TXT record are parted by one ASCII space', () => {
  const [txt] = clientRecords(prefix('198.18.1.10'), { address: address('198.18.1.1') }, [
    rsaKey,
  ])[0]!.records;
  assert.is(
    txt!.line,
    `10.1.18.198.in-addr.arpa. IN TXT "X-IPsec-Server(10)=198.18.1.1 ${keyText}"`,
  );
});

test('cli records: a client names its gateway by address, or by name', () => {
  const client = prefix('198.18.1.10');
  const byAddress = clientRecords(client, { address: address('198.18.1.1') }, [rsaKey])[0]!.records;
  const byName = clientRecords(client, { fqdn: 'gw.example.org' }, [rsaKey])[0]!.records;
  const at = '10.1.18.198.in-addr.arpa. IN';
  assert.is(byAddress[1]!.line, `${at} IPSECKEY 10 1 2 198.18.1.1 ${keyText}`);
  assert.is(byName[0]!.line, `${at} TXT "X-IPsec-Server(10)=@gw.example.org ${keyText}"`);
  assert.is(byName[1]!.line, `${at} IPSECKEY 10 3 2 gw.example.org. ${keyText}`);
});

test('cli records: with fqdn the key is at the name, and nothing at the address', async () => {
  const machine = new FakeMachine();
  machine.configuration += "\toption fqdn 'gw.example.org'\n";
  await records(machine.context(), { clients: [prefix('198.18.1.10')], offline: true });
  const lines = machine.printed.split('\n').filter((line) => line && !line.startsWith(';'));
  assert.equal(
    lines.map((line) => line.split(' ').slice(0, 3).join(' ')),
    [
      'gw.example.org. IN KEY',
      'gw.example.org. IN IPSECKEY',
      '10.1.18.198.in-addr.arpa. IN TXT',
      '10.1.18.198.in-addr.arpa. IN IPSECKEY',
    ],
  );
  assert.is(planned(ownNameRecords('gw.example.org', [rsaKey])).length, 2);
});

test('cli records: a name that two WANs share has its records once', async () => {
  const machine = new FakeMachine();
  const second = configuration.slice(configuration.indexOf('config wan')).replace("'wan'", "'lte'");
  const name = "\toption fqdn 'gw.example.org'\n";
  machine.configuration = `${configuration}${name}${second}${name}`;
  await records(machine.context(), { clients: [prefix('198.18.1.10')], offline: true });
  const lines = machine.printed.split('\n').filter((line) => / IN /.test(line));
  assert.is(lines.length, 4);
  assert.is(new Set(lines).size, 4);
});

test('cli records: private addresses get a note instead of records', async () => {
  const machine = new FakeMachine();
  machine.wan = { device: 'eth1', addresses: [address('192.168.1.2')] };
  const status = await records(machine.context(), {
    clients: [prefix('10.0.0.9')],
    offline: false,
  });
  assert.is(status, 1);
  assert.match(machine.printed, /192\.168\.1\.2 on 'wan' is a private address/);
  assert.match(machine.printed, /10\.0\.0\.9\/32 is private/);
  assert.not.match(machine.printed, / IN /);
});

test('cli records: says what is missing to begin with', async () => {
  const noKey = new FakeMachine();
  noKey.keys = { ok: false, why: 'there is no key in /etc/autoipsec' };
  assert.is(await records(noKey.context(), rest), 1);
  assert.equal(noKey.complaints, [
    'there is no key in /etc/autoipsec: start the daemon once, it makes the key',
  ]);
  const noWan = new FakeMachine();
  noWan.configuration = '';
  assert.is(await records(noWan.context(), rest), 1);
  assert.equal(noWan.complaints, ['no WAN is enabled in /etc/config/autoipsec: enable one first']);
  const mistake = new FakeMachine();
  mistake.configuration = 'confog';
  assert.is(await records(mistake.context(), rest), 1);
  assert.is(mistake.complaints.at(-1), 'the configuration has mistakes; mend them and try again');
});
