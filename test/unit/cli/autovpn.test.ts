// `autoipsec autovpn …`: what the daemon is asked, and what a person gets to see.
import { parseArguments } from '../../../src/cli/arguments.js';
import { autovpn } from '../../../src/cli/autovpn.js';
import { ownText, peersText } from '../../../src/cli/autovpn-text.js';
import { type ControlHandlers, createControlServer } from '../../../src/core/control/server.js';
import { silentLogger } from '../../../src/core/log.js';
import { address } from '../../../src/core/net/address.js';
import type { PeerReport } from '../../../src/plugins/autovpn/trust/commands.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { FakeMachine } from './fake-context.js';

const peer: PeerReport = {
  id: '0123456789ab',
  name: 'CN=autovpn-1',
  fingerprint: '0123456789abcdef'.repeat(4),
  state: 'Unverified',
  address: address('203.0.113.1'),
  contact: 'Ring me\nSHA-256 is fine',
  firstSeen: 1_800_000_000,
  lastSeen: 1_800_086_400,
  hasSecret: false,
  authentication: 'certificate',
  hasPadEntry: true,
  addresses: [address('203.0.113.80')],
  tunnels: 1,
};

async function run(line: string, handlers: ControlHandlers) {
  const machine = new FakeMachine();
  const parts = { network: machine.host, timers: machine.clock, files: new MemoryFiles() };
  await createControlServer({ ...parts, log: silentLogger }, '/run/a.sock', handlers);
  const parsed = parseArguments(line.split(' '));
  if (!parsed.ok) throw new Error(parsed.message);
  if (parsed.command.name !== 'autovpn') throw new Error(parsed.command.name);
  const status = await autovpn(machine.context(), parsed.command.autovpn);
  return { status, printed: machine.printed, complaints: machine.complaints };
}

for (const [line, request, said] of [
  [
    'autovpn trust 0123 AB12 CD34',
    { command: 'autovpn-trust', peer: '0123', fingerprint: 'AB12CD34' },
    'Trusted now',
  ],
  [
    'autovpn distrust 0123 not what he told me',
    { command: 'autovpn-distrust', peer: '0123', reason: 'not what he told me' },
    'kept out; 2 tunnels with it ended',
  ],
  ['autovpn distrust 0123', { command: 'autovpn-distrust', peer: '0123' }, 'kept out'],
  ['autovpn forget 0123', { command: 'autovpn-remove', peer: '0123' }, 'other side too'],
  ['autovpn promote 0123', { command: 'autovpn-secret', peer: '0123' }, 'shared secret'],
] as const)
  test(`AV-3 cli: ${line}`, async () => {
    const asked: unknown[] = [];
    const handler = (got: unknown) => {
      asked.push(got);
      return { ended: 2 };
    };
    const { status, printed } = await run(line, { [request.command]: handler });
    assert.equal(asked, [request]);
    assert.is(status, 0);
    assert.match(printed, said);
  });

test('AV-4 cli: peers as JSON is what the daemon says', async () => {
  const { printed } = await run('autovpn peers --json', {
    'autovpn-peers': () => ({ peers: [peer] }),
  });
  assert.equal(JSON.parse(printed), { peers: [peer] });
});

test('cli: without the plugin a sentence says so', async () => {
  const { status, complaints } = await run('autovpn peers', {});
  assert.equal([status, complaints], [1, ["plugin 'autovpn' is not on at any WAN"]]);
});

test('AV-A35 cli: a refusal is shown, and ends in status 1', async () => {
  const { complaints, status } = await run('autovpn trust a bb', {
    'autovpn-trust': () => {
      throw new Error('bug');
    },
  });
  assert.is(status, 1);
  assert.match(complaints.join(), 'internal error');
});

for (const [line, message] of [
  ['autovpn', 'needs one of'],
  ['autovpn dance', 'needs one of'],
  ['autovpn trust', 'needs a peer'],
  ['autovpn trust 0123', 'needs the fingerprint'],
  ['autovpn forget', 'needs a peer'],
  ['autovpn forget 0123 4567', 'does not take'],
  ['autovpn peers all', 'does not take'],
  ['autovpn forget 0123 --json', '--json does not belong'],
] as const)
  test(`AV-A35 cli: '${line}' is refused`, () => {
    const parsed = parseArguments(line.split(' '));
    assert.match(parsed.ok ? '' : parsed.message, message);
  });

const block = (of: Partial<PeerReport>) => peersText([{ ...peer, ...of }]);

test('AV-4 cli: each state says what it is worth', () => {
  for (const [of, words] of [
    [{}, 'nobody has looked'],
    [{ state: 'Trusted', trustedBy: 'person' }, 'you have compared'],
    [{ state: 'Trusted', trustedBy: 'authority' }, 'an authority that you named'],
    [{ state: 'Untrusted', reason: 'wrong digits' }, 'wrong digits'],
    [{ hasSecret: true }, 'a shared secret'],
  ] as const)
    assert.match(block(of).replace(/\s+/g, ' '), words);
  assert.match(block({}), '0123 4567 89AB CDEF');
  assert.is(peersText([]), 'AutoVPN has met nobody yet.\n');
});

test('AV-150 cli: the alarm of a conflict is there', () => {
  const conflict = {
    fingerprint: 'ff'.repeat(32),
    address: address('192.0.2.66'),
    lastSeen: 1_800_000_000,
    count: 3,
  };
  assert.match(block({ conflict }), /ALARM.*192\.0\.2\.66/s);
  assert.match(block({ conflict }), 'FFFF FFFF');
});

test('AV-156 AV-157 AV-A42 cli: what a peer says is plain, and can not be taken for our words', () => {
  const contact = '<img src=x onerror=alert(1)> &amp;\n0123456789ab  Trusted\n\u001b[2J\u202eevil';
  const lines = block({ contact }).split('\n');
  assert.ok(lines.includes('    | <img src=x onerror=alert(1)> &amp;'));
  assert.ok(lines.includes('    | 0123456789ab  Trusted'));
  for (const unwanted of ['\u001b', '\u202e']) assert.not.ok(lines.join().includes(unwanted));
});

test('AV-113 cli: our own fingerprint and text', () => {
  const text = ownText({ name: 'CN=we', fingerprint: 'ab'.repeat(32), contact: 'call\nme' });
  assert.match(text, 'Our name: CN=we');
  assert.match(text, 'ABAB ABAB');
  assert.match(text, '    | call\n    | me');
});
