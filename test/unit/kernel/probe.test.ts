import { IpCoprocess } from '../../../src/core/kernel/ip-coprocess.js';
import { probe } from '../../../src/core/kernel/probe.js';
import { silentLogger } from '../../../src/core/log.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { FakeMachine } from './fake-machine.js';

function set(withIpv6 = true) {
  const machine = new FakeMachine();
  const ip = new IpCoprocess({
    processes: machine,
    timers: new SteppedClock(),
    log: silentLogger,
  });
  const files = new MemoryFiles();
  if (withIpv6) files.writeAtomic('/proc/net/if_inet6', new Uint8Array(0), 0o444);
  return { machine, run: () => probe({ ip, processes: machine, files, reqid: 9 }) };
}

type Machine = ReturnType<typeof set>['machine'];

const failing = (pattern: RegExp, error: string) => (machine: Machine) =>
  machine.answers.push([pattern, { status: 1, error }]);
const refusing = (pattern: RegExp, error: string) => (machine: Machine) =>
  machine.refusals.push([pattern, error]);
/** nft refuses a text with this word. */
const nftWithout = (word: string) => (machine: Machine) =>
  machine.answers.push([
    /nft -c/,
    (input) =>
      input.includes(word) ? { status: 1, error: 'Could not process rule: No such file' } : {},
  ]);

test('probe: a machine with everything lacks nothing, and nothing of the trial stays', async () => {
  const { machine, run } = set();
  assert.equal(await run(), { missing: [], unusable: [] });
  assert.is(machine.objects.size, 0);
  assert.is(machine.lines.filter((line) => / state add .*gcm/.test(line)).length, 2);
});

test('probe: a kernel without extended sequence numbers has its ciphers all the same', async () => {
  const { machine, run } = set();
  refusing(/flag esn/, 'RTNETLINK answers: Operation not supported')(machine);
  assert.equal(await run(), { missing: [], unusable: ['esn'] });
});

const rows: [string, (machine: Machine) => unknown, string, string][] = [
  [
    "busybox's ip",
    failing(/^ip xfrm/, 'BusyBox v1.36 multi-call binary'),
    "no 'ip xfrm'",
    'ip-full',
  ],
  [
    'a kernel without XFRM',
    failing(/^ip xfrm/, 'Cannot open netlink socket: Protocol not supported'),
    'no XFRM',
    'kmod-ipsec4',
  ],
  [
    'a kernel without ESP for IPv4',
    refusing(/state add src 192/, 'RTNETLINK answers: Protocol not supported'),
    'no ESP for IPv4',
    'kmod-ipsec4',
  ],
  [
    'a kernel without ESP for IPv6',
    refusing(/state add src 2001/, 'Error: Requested type not found.'),
    'no ESP for IPv6',
    'kmod-ipsec6',
  ],
  [
    'no AES-GCM',
    refusing(/gcm/, 'Error: Requested AEAD algorithm not found.'),
    'rfc4106(gcm(aes))',
    'kmod-crypto-gcm',
  ],
  ['no nft', failing(/^nft /, 'not found'), 'no nft', 'firewall4'],
  [
    'an nft without JSON',
    failing(/^nft -j/, 'JSON support not compiled-in'),
    'no JSON',
    'nftables-json',
  ],
  ['no packet queue', nftWithout('queue'), 'no packet queue', 'kmod-nft-queue'],
  ['no fib', nftWithout('fib'), 'no route look-up', 'kmod-nft-fib'],
];

for (const [what, spoil, part, remedy] of rows)
  test(`probe: ${what} is told with its package`, async () => {
    const { machine, run } = set();
    spoil(machine);
    const { missing } = await run();
    assert.is(missing.length, 1, JSON.stringify(missing));
    assert.ok(missing[0]!.what.includes(part), missing[0]!.what);
    assert.ok(missing[0]!.remedy.includes(remedy), missing[0]!.remedy);
  });

test('probe: a cipher that can be done without is only noted', async () => {
  const { machine, run } = set();
  machine.refusals.push([/chacha20/, 'Error: Requested AEAD algorithm not found.']);
  assert.equal(await run(), { missing: [], unusable: ['rfc7539esp(chacha20,poly1305)'] });
});

test('probe: without IPv6 nobody asks for its ESP', async () => {
  const { machine, run } = set(false);
  machine.refusals.push([/2001/, 'RTNETLINK answers: Protocol not supported']);
  assert.equal((await run()).missing, []);
});

test('probe: what a killed probe left behind does not count as a fault', async () => {
  const { machine, run } = set();
  machine.objects.set('state src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x0000a1b2', 'left');
  assert.equal((await run()).missing, []);
  assert.is(machine.objects.size, 0);
});
