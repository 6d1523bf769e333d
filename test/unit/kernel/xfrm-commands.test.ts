import { fromHex } from '../../../src/core/bytes/hex.js';
import {
  addStates,
  deletePolicies,
  deleteStates,
  selectorWords,
  trafficKey,
  tunnelKey,
  writePolicies,
} from '../../../src/core/kernel/xfrm-commands.js';
import { address, prefix } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';
import { sampleSa } from './samples.js';

const lines = (sa = sampleSa()) => addStates(sa, 77).map((step) => step.command.line);

test('xfrm commands: both states, the inbound one first', () => {
  assert.equal(lines(), [
    `xfrm state add src 198.18.100.2 dst 198.18.100.1 proto esp spi 0x00001001 reqid 77 mode tunnel replay-window 128 aead rfc4106(gcm(aes)) 0x${'a1'.repeat(20)} 128 sel src 198.18.2.9/32 dst 198.18.100.1/32 limit time-soft 3000 limit time-hard 3600`,
    `xfrm state add src 198.18.100.1 dst 198.18.100.2 proto esp spi 0x00001002 reqid 77 mode tunnel replay-window 128 aead rfc4106(gcm(aes)) 0x${'b2'.repeat(20)} 128 sel src 198.18.100.1/32 dst 198.18.2.9/32 limit time-soft 3000 limit time-hard 3600`,
  ]);
});

test('xfrm commands: each state is taken back by its name', () => {
  assert.equal(
    addStates(sampleSa(), 77).map((step) => step.undo?.line),
    [
      'xfrm state delete src 198.18.100.2 dst 198.18.100.1 proto esp spi 0x00001001',
      'xfrm state delete src 198.18.100.1 dst 198.18.100.2 proto esp spi 0x00001002',
    ],
  );
  assert.is(deleteStates(sampleSa()).length, 2);
});

test('xfrm commands: extended sequence numbers are a flag of both states', () => {
  for (const line of lines(sampleSa({ extendedSequence: true })))
    assert.match(line, ' replay-window 128 flag esn aead ');
  for (const line of lines(sampleSa({ extendedSequence: false }))) assert.not(/esn/.test(line));
});

test('xfrm commands: encapsulation names the ports of the way', () => {
  const [inbound, outbound] = lines(
    sampleSa({ encapsulation: { localPort: 4500, remotePort: 61000 } }),
  );
  assert.match(inbound!, ' encap espinudp 61000 4500 0.0.0.0 sel ');
  assert.match(outbound!, ' encap espinudp 4500 61000 0.0.0.0 sel ');
});

test('xfrm commands: encrypt-then-mac has both keys', () => {
  const keys = {
    kind: 'encrypt-then-mac',
    encryption: 'cbc(aes)',
    encryptionKey: fromHex('01'.repeat(16)),
    integrity: 'hmac(sha256)',
    integrityKey: fromHex('02'.repeat(32)),
    icvBits: 128,
  } as const;
  const [inbound] = lines(sampleSa({ inbound: { spi: 256, keys } }));
  assert.match(
    inbound!,
    ` auth-trunc hmac(sha256) 0x${'02'.repeat(32)} 128 enc cbc(aes) 0x${'01'.repeat(16)} `,
  );
});

test('xfrm commands: policies name the outer ends of their way and lose to configured ones', () => {
  assert.is(
    writePolicies('add', 'out', sampleSa(), 77)[0]!.line,
    'xfrm policy add src 198.18.100.1/32 dst 198.18.2.9/32 dir out priority 1879048192 tmpl src 198.18.100.1 dst 198.18.100.2 proto esp reqid 77 mode tunnel',
  );
  assert.is(
    writePolicies('update', 'fwd', sampleSa(), 77)[0]!.line,
    'xfrm policy update src 198.18.2.9/32 dst 198.18.100.1/32 dir fwd priority 1879048192 tmpl src 198.18.100.2 dst 198.18.100.1 proto esp reqid 77 mode tunnel',
  );
  assert.is(
    deletePolicies('in', sampleSa())[0]!.line,
    'xfrm policy delete src 198.18.2.9/32 dst 198.18.100.1/32 dir in',
  );
});

test('xfrm commands: what names a command in errors has no key', () => {
  for (const { command } of addStates(sampleSa(), 77)) assert.not.match(command.what, /a1a1|b2b2/);
});

const port = (block: string, protocol: number, startPort: number, endPort = startPort) => ({
  prefix: prefix(block),
  protocol,
  startPort,
  endPort,
});

test('xfrm commands: a selector may have a protocol and single ports', () => {
  assert.is(
    selectorWords(port('2001:db8::/64', 6, 0, 65535), port('2001:db8:1::1', 6, 443)),
    'src 2001:db8::/64 dst 2001:db8:1::1/128 proto 6 dport 443',
  );
});

test('xfrm commands: a port range, a port of ESP and two protocols are refused', () => {
  const any = port('0.0.0.0/0', 6, 0, 65535);
  assert.throws(() => selectorWords(port('0.0.0.0/0', 6, 80, 90), any), 'no port range, 80-90');
  assert.throws(
    () => selectorWords(port('0.0.0.0/0', 50, 8), port('0.0.0.0/0', 50, 0, 65535)),
    'no port 8 of protocol 50',
  );
  assert.throws(() => selectorWords(any, port('0.0.0.0/0', 17, 0, 65535)), 'protocols 6 and 17');
});

test('xfrm commands: keys of traffic and tunnels tell apart what differs', () => {
  const other = sampleSa({ remote: address('198.18.100.3') });
  assert.is(trafficKey(other), trafficKey(sampleSa()));
  assert.is.not(tunnelKey(other), tunnelKey(sampleSa()));
  assert.is(tunnelKey(sampleSa({ softSeconds: 1 })), tunnelKey(sampleSa()));
});

const icmp = (startPort: number, endPort: number) => ({
  prefix: prefix('198.18.2.9/32'),
  protocol: 1,
  startPort,
  endPort,
});
const anyIcmp = icmp(0, 65_535);

test('xfrm commands: ICMP types and codes, from whichever side names them (§3.13.1)', () => {
  const words = (from: typeof anyIcmp, to: typeof anyIcmp) =>
    selectorWords(from, to).replace(/.* proto/, 'proto');
  assert.is(words(anyIcmp, anyIcmp), 'proto 1');
  assert.is(words(icmp(0x0800, 0x08ff), anyIcmp), 'proto 1 type 8');
  assert.is(words(anyIcmp, icmp(0x0301, 0x0301)), 'proto 1 type 3 code 1');
  assert.is(words(icmp(0x0800, 0x0800), icmp(0x0800, 0x0800)), 'proto 1 type 8 code 0');
  assert.throws(() => words(icmp(0x0800, 0x0900), anyIcmp));
  assert.throws(() => words(icmp(0x0800, 0x0800), icmp(0, 0)));
});

test('xfrm commands: further traffic has policies of its own, and states without a selector', () => {
  const { ours, theirs } = sampleSa();
  const other = { ...theirs, prefix: prefix('198.18.3.0/24') };
  const sa = sampleSa({ furtherTraffic: [{ ours, theirs: other }], extendedSequence: true });
  for (const line of lines(sa)) {
    assert.match(line, ' flag esn af-unspec aead ');
    assert.not(line.includes(' sel '));
  }
  const selectors = writePolicies('add', 'out', sa, 77).map(({ line }) => line.split(' dir ')[0]);
  assert.equal(selectors, [
    'xfrm policy add src 198.18.100.1/32 dst 198.18.2.9/32',
    'xfrm policy add src 198.18.100.1/32 dst 198.18.3.0/24',
  ]);
  assert.is(deletePolicies('in', sa).length, 2);
  assert.not(trafficKey(sa) === trafficKey(sampleSa()));
});

test('states: limits by time, bytes and packets, each where there is one', () => {
  const line = addStates(
    sampleSa({ softBytes: 5, hardBytes: 6, softPackets: 7, hardPackets: 0 }),
    77,
  )[0]!.command.line;
  assert.match(
    line,
    / limit time-soft 3000 limit time-hard 3600 limit byte-soft 5 limit byte-hard 6 limit packet-soft 7$/,
  );
});
