/** Packets taken and watched on a WAN: rules, and the messages of conntrack and NFLOG. */
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { Conntrack, flowRequest, readFlow } from '../../../src/core/kernel/conntrack.js';
import type { HoldRules } from '../../../src/core/kernel/kernel.js';
import { NetlinkCodec } from '../../../src/core/kernel/netlink.js';
import { bindRequest, PacketLog, readLogged } from '../../../src/core/kernel/nflog.js';
import { tableText } from '../../../src/core/kernel/nft-table.js';
import { address } from '../../../src/core/net/address.js';
import { mutations, prefixes } from '../../support/mangle.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { FakeNetlink } from './fake-machine.js';

const settings = { markBit: 0x20000000, firstQueue: 4500 };
const wan = {
  ...{ name: 'wan', device: 'eth1', index: 0 },
  takes: [
    { protocol: 'icmp', type: 12, code: 1 },
    { protocol: 'udp', destinationPort: 4500, firstWord: 253 },
  ],
  watches: [6],
} as const;
const rules: HoldRules = {
  wans: [wan, { name: 'lte', device: 'wwan0', index: 3 }],
  ...{ exemptDestinations: [], heldDestinations: [], nameServers: [], rejectsDenied: false },
};
const rulesOf = (text: string, chain: string) => {
  const start = `add rule inet autoipsec ${chain} `;
  const lines = text.split('\n').filter((line) => line.startsWith(start));
  return lines.map((line) => line.slice(start.length));
};
const text = tableText(rules, settings);

test('AV-79 packets of a kind are taken before connection tracking, and go on while nobody listens', () => {
  assert.match(text, 'chain inet autoipsec take { type filter hook prerouting priority -310;');
  assert.equal(rulesOf(text, 'take'), [
    'iifname "eth1" meta ipsec missing ip protocol icmp icmp type 12 icmp code 1 queue num 4516 bypass',
    'iifname "eth1" meta ipsec missing meta nfproto ipv4 udp dport 4500 @th,64,32 0x000000fd queue num 4516 bypass',
  ]);
  assert.equal(rulesOf(text, 'untracked').length, 2);
});

test('flows are seen by copies, and a pair that was looked at costs one look into a set', () => {
  assert.equal(rulesOf(text, 'watch'), [
    'iifname "eth1" ip protocol { 6 } meta ipsec missing goto watch_0',
  ]);
  assert.equal(rulesOf(text, 'watch_0'), [
    'ip saddr . ip daddr @watched_0 accept',
    'tcp flags & (fin | syn | rst | ack) == syn limit rate 100/second burst 200 packets add @started_0 { ip saddr . th sport . ip daddr . th dport } log prefix "first" group 4500 snaplen 128',
    'tcp flags & (fin | syn | rst | ack) == ack ip saddr . th sport . ip daddr . th dport @started_0 ct direction original ct state established add @watched_0 { ip saddr . ip daddr } log prefix "answered" group 4500 snaplen 128',
  ]);
  assert.not.match(text, 'watched_3');
});

test('AV-22 a WAN whose plugins answer to no packets holds none', () => {
  const open = tableText({ ...rules, wans: [{ ...wan, isOpen: true }] }, settings);
  assert.is(rulesOf(open, 'hold_0').at(-1), 'accept');
  assert.is(rulesOf(text, 'hold_0').at(-1), 'queue num 4500');
});

test('without plugins that look at packets there is no such chain', () => {
  const plain = tableText({ ...rules, wans: [rules.wans[1]!] }, settings);
  assert.not.match(plain, /take|watch|untracked/);
});

const little = new NetlinkCodec(false);
const big = new NetlinkCodec(true);
const tuple = {
  ...{ protocol: 6, source: address('203.0.113.80'), sourcePort: 443 },
  ...{ destination: address('198.51.100.7'), destinationPort: 61000 },
};
/** By hand, after linux/netfilter/nfnetlink_conntrack.h: CTA_TUPLE_ORIG with address and ports. */
const tupleHex = (src: string, dst: string, sport: string, dport: string) =>
  `1400 0180 0800 0100 ${src} 0800 0200 ${dst}
   1c00 0280 0500 0100 06 000000 0600 0200 ${sport} 0000 0600 0300 ${dport} 0000`;
const ours = tupleHex('cb007150', 'c6336407', '01bb', 'ee48');

test('connection tracking: asks for the flow of a packet, in both byte orders', () => {
  const wire = `48000000 0101 0100 07000000 00000000 02 00 0000 3400 0180 ${ours}`;
  assert.is(toHex(flowRequest(little, 7, tuple)), toHex(fromHex(wire)));
  assert.is(toHex(flowRequest(big, 7, tuple)).slice(0, 24), '000000480101000100000007');
});

const theirs = tupleHex('c0a8010a', 'cb007150', 'c5dc', '01bb');
const answer = fromHex(`02 00 0000 3400 0180 ${theirs} 3400 0280 ${ours} 0800 0300 0000000e`);

test('connection tracking: reads both directions, and whether there was an answer', () => {
  const original = {
    ...{ protocol: 6, source: address('192.168.1.10'), sourcePort: 50652 },
    ...{ destination: address('203.0.113.80'), destinationPort: 443 },
  };
  assert.equal(readFlow(little, answer), { original, reply: tuple, isAnswered: true });
  const unanswered = answer.slice();
  unanswered[unanswered.length - 1] = 8;
  assert.is(readFlow(little, unanswered)?.isAnswered, false);
  for (const part of prefixes(answer)) readFlow(little, part);
  for (const { bytes } of mutations(answer)) readFlow(little, bytes);
});

test('connection tracking: no such flow is an answer, a refusal an error, silence too', async () => {
  const clock = new SteppedClock();
  const netlink = new FakeNetlink();
  const network = {
    netlink: async (_: number, __: number, receive: (bytes: Uint8Array) => void) =>
      netlink.open(receive),
  };
  const conntrack = new Conntrack({ network, timers: clock, isBigEndian: false });
  await conntrack.open();
  const refuse = (sequence: number, errno: string) =>
    netlink.receive(
      fromHex(`24000000 0200 0000 0${sequence}000000 00000000 ${errno} ${'00'.repeat(16)}`),
    );
  const none = conntrack.flow(tuple);
  refuse(1, 'feffffff');
  assert.is(await none, undefined);
  const refused = conntrack.flow(tuple).then(
    () => 'answered',
    (error) => String(error),
  );
  refuse(2, 'eaffffff');
  assert.match(await refused, 'kmod-nf-conntrack-netlink');
  const silent = conntrack.flow(tuple).catch((error) => String(error));
  await clock.advance(10_000);
  assert.match(String(await silent), 'no answer within');
  conntrack.close();
  assert.is(clock.pendingTimers, 0);
});

const packetLog = fromHex('02 00 1194 0d00 0a00 616e737765726564 00 000000 0800 0900 45000014');

test('packet log: takes a group with copies at once', () => {
  assert.is(
    toHex(bindRequest(little, 3, 4500)),
    toHex(
      fromHex(`30000000 0104 0500 03000000 00000000 0000 1194
        0500 0100 01 000000 0a00 0200 0000ffff 02 00 0000 0800 0500 00000001`),
    ),
  );
});

test('packet log: reads group, prefix and packet; what is cut does no harm', () => {
  const message = { type: 0x0400, sequence: 0, body: packetLog };
  assert.equal(readLogged(little, message), {
    ...{ group: 4500, prefix: 'answered', packet: fromHex('45000014') },
  });
  assert.is(readLogged(little, { ...message, type: 0x0401 }), undefined);
  for (const body of prefixes(packetLog)) readLogged(little, { ...message, body });
});

test('packet log: a copy goes to the WAN of its group, with its stage', async () => {
  const netlink = new FakeNetlink();
  const network = {
    netlink: async (_: number, __: number, receive: (bytes: Uint8Array) => void) =>
      netlink.open(receive),
  };
  const seen: string[] = [];
  const parts = { network, timers: new SteppedClock(), isBigEndian: false, firstQueue: 4500 };
  const log = new PacketLog(parts, (on, packet, stage) =>
    seen.push(`${on.name} ${stage} ${toHex(packet)}`),
  );
  await log.open();
  await log.bind([wan]);
  const head = fromHex('34000000 0004 0000 00000000 00000000');
  head[0] = 16 + packetLog.length;
  netlink.receive(Uint8Array.from([...head, ...packetLog]));
  assert.equal(seen, ['wan answered 45000014']);
  netlink.errnos.set(2, 1);
  const refused = await log.bind([{ ...wan, index: 1 }]).catch((error) => String(error));
  assert.match(String(refused), 'kmod-nfnetlink-log');
  log.close();
});
