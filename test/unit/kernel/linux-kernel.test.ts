/** The kernel room as a whole, on a machine in memory. What the real kernel does: test/lab/kernel. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import type { HeldPacket, HoldRules, KernelEvents } from '../../../src/core/kernel/kernel.js';
import { createLinuxKernel } from '../../../src/core/kernel/linux-kernel.js';
import { NETLINK_ROUTE } from '../../../src/core/kernel/route-codec.js';
import { createLogger } from '../../../src/core/log.js';
import { address } from '../../../src/core/net/address.js';
import type { Network } from '../../../src/core/net/network.js';
import { SteppedClock, settle } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { FakeMachine, FakeNetlink } from './fake-machine.js';
import { chainsJson, fw4Json, natJson } from './nat-samples.js';
import { lanRoute } from './route-samples.js';
import { firstReqid, policyText, sampleSa, stateText } from './samples.js';

const rules: HoldRules = {
  wans: [{ name: 'wan', device: 'wan', index: 0 }],
  exemptDestinations: [],
  heldDestinations: [],
  nameServers: [],
  rejectsDenied: false,
};

class Witness implements KernelEvents {
  readonly packets: HeldPacket[] = [];
  readonly seen: string[] = [];
  held(packet: HeldPacket): void {
    this.packets.push(packet);
  }
  taken(): boolean {
    return false;
  }
  flowSeen(): void {}
  expired(sa: { reqid: number }, kind: string): void {
    this.seen.push(`expired ${sa.reqid} ${kind}`);
  }
  acquire(source: string, destination: string): void {
    this.seen.push(`acquire ${source} ${destination}`);
  }
  addressesChanged(): void {
    this.seen.push('addressesChanged');
  }
  cacheLost(): void {
    this.seen.push('cacheLost');
  }
  failed(reason: string): void {
    this.seen.push(`failed ${reason}`);
  }
}

function set() {
  const machine = new FakeMachine();
  const netlink = new FakeNetlink();
  const routes = new FakeNetlink();
  // each listens to groups of its own
  const rulesets = new FakeNetlink();
  const addresses = new FakeNetlink();
  const clock = new SteppedClock();
  const files = new MemoryFiles();
  const lines: string[] = [];
  const log = createLogger({ write: (_, line) => lines.push(line) }, () => 'debug');
  const network = {
    netlink: async (
      protocol: number,
      groups: number,
      ...callbacks: Parameters<FakeNetlink['open']>
    ) => {
      const asks = protocol === NETLINK_ROUTE ? routes : netlink;
      const listens = protocol === NETLINK_ROUTE ? addresses : rulesets;
      return (groups === 0 ? asks : listens).open(...callbacks);
    },
  } as unknown as Network;
  const kernel = createLinuxKernel({
    processes: machine,
    clock,
    timers: clock,
    files,
    network,
    isBigEndian: false,
    log,
    settings: { markBit: 0x20000000, firstQueue: 4500, firstReqid },
  });
  machine.answers.push([
    /list tables/,
    () => ({ output: 'table inet fw4\ntable inet autoipsec\n' }),
  ]);
  const sockets = { netlink, routes, rulesets, addresses };
  return { machine, ...sockets, clock, files, lines, kernel, witness: new Witness() };
}

const loads = (machine: FakeMachine) =>
  machine.runs.filter((run) => run.argv === 'nft -f -').map((run) => run.input);

// NFQA_PACKET_HDR (id 9, IPv4, prerouting), NFQA_IFINDEX_INDEV 4, NFQA_PAYLOAD: TCP to port 443
const queued = (hook: string) =>
  fromHex(`
    4c000000 0003 0000 00000000 00000000 02 00 1194
    0b00 0100 00000009 0800 ${hook} 00
    0800 0500 00000004
    1c00 0a00 4500003400014000 4006 0000 c0a80102 c6336409 c350 01bb`);

const packet = (hook: string) => {
  const wire = queued(hook);
  wire[0] = wire.length;
  return wire;
};

test('kernel: start clears what an earlier run left, binds the queue, then loads the table', async () => {
  const { machine, netlink, kernel, witness } = set();
  machine.answers.push([/xfrm state list/, { output: stateText }]);
  machine.answers.push([/xfrm policy list/, { output: policyText }]);
  await kernel.start(rules, witness);
  const removed = machine.lines.filter((line) => line.startsWith('xfrm'));
  assert.equal(
    removed.map((line) => line.replace(/^xfrm (\S+) delete /, '$1 ')),
    [
      'policy src 198.18.100.1/32 dst 198.18.2.9/32 dir out',
      'state src 198.18.100.1 dst 198.18.100.2 proto esp spi 0x1002',
      'state src 198.18.100.2 dst 198.18.100.1 proto esp spi 0x1001',
    ],
  );
  assert.is(netlink.sent.length, 2);
  assert.match(loads(machine)[0]!, /^add table inet autoipsec\ndelete table inet autoipsec\n/);
});

test('kernel: start leaves alone what was adopted, and tells its pairs with the first table', async () => {
  const { machine, kernel, witness } = set();
  machine.answers.push([/xfrm state list/, { output: stateText }]);
  machine.answers.push([/xfrm policy list/, { output: policyText }]);
  const [installed] = await kernel.adopt([sampleSa()], []);
  assert.ok(installed);
  machine.lines.length = 0;
  const pair = {
    ...{ wan: 'wan', source: address('198.18.1.10'), translatedSource: address('198.18.1.10') },
    ...{ destination: address('198.18.2.9'), verdict: 'encrypt' as const, lifespanSeconds: 77 },
  };
  await kernel.start(rules, witness, [pair]);
  assert.equal(
    machine.lines.filter((line) => line.includes(' delete ')),
    [],
  );
  assert.is(loads(machine).length, 1, 'one transaction');
  const [table] = loads(machine);
  assert.match(table!, /^add table inet autoipsec\ndelete table inet autoipsec\n/);
  assert.match(table!, 'encrypt4_0 { 198.18.1.10 . 198.18.2.9 timeout 77s }');
  await kernel.stop();
  assert.ok(
    machine.lines.some((line) => line.includes('state delete')),
    'a stop takes it away',
  );
});

for (const [what, sa, isTold] of [
  ['an age', { softSeconds: 60 }, true],
  ['bytes', { softSeconds: 0, softBytes: 800 }, true],
  ['packets', { softSeconds: 0, softPackets: 10 }, true],
  ['no limit yet', { softSeconds: 1e9, softBytes: 900, softPackets: 11 }, false],
] as const)
  test(`kernel: a soft limit (${what}) reached while no daemon was there is told`, async () => {
    const { machine, clock, kernel, witness } = set();
    machine.answers.push([/xfrm state list/, { output: stateText }]);
    machine.answers.push([/xfrm policy list/, { output: policyText }]);
    // the states in the text are of the year 2026
    clock.wallSeconds = () => Date.UTC(2026, 10, 21, 8, 30) / 1000;
    await kernel.adopt([sampleSa(sa)], []);
    await kernel.start(rules, witness);
    assert.equal(witness.seen, isTold ? [`expired ${firstReqid} soft`] : []);
    await kernel.stop();
  });

test('kernel: a queue that somebody has is a clear error, and nothing stays', async () => {
  const { machine, netlink, routes, clock, kernel, witness } = set();
  netlink.errnos.set(1, 16);
  const error = await kernel.start(rules, witness).catch(String);
  assert.is(error, 'Error: netfilter queue 4500: another program has it');
  assert.is(netlink.isOpen, false);
  assert.is(routes.isOpen, false);
  assert.is(machine.living.size, 0);
  assert.is(clock.pendingTimers, 0);
});

test('kernel: a net behind us is on our side until its interface is the WAN', async () => {
  const { files, routes, kernel, machine, witness } = set();
  const host = address('198.18.1.10');
  await kernel.start(rules, witness);
  machine.runs.length = 0;
  const ask = () => {
    const answer = kernel.isOwnSide(host);
    routes.receive(lanRoute(routes.sent.length));
    return answer;
  };
  assert.is(await ask(), true); // the WAN is down: no such interface
  files.writeAtomic('/sys/class/net/wan/ifindex', utf8('3\n'), 0o444);
  assert.is(await ask(), true);
  files.writeAtomic('/sys/class/net/wan/ifindex', utf8('2\n'), 0o444); // came back with another
  assert.is(await ask(), false);
  assert.equal(machine.runs, []);
  await kernel.stop();
  assert.is(routes.isOpen, false);
});

test('kernel: a held packet names its flow, and its verdict is given once', async () => {
  const { netlink, kernel, witness } = set();
  await kernel.start(rules, witness);
  netlink.receive(packet('00'));
  const [held] = witness.packets;
  const { release, drop, ...flow } = held!;
  assert.equal(flow, {
    wan: 'wan',
    source: '192.168.1.2',
    destination: '198.51.100.9',
    protocol: 6,
    sourcePort: 50000,
    destinationPort: 443,
    isOwn: false,
  });
  netlink.sent.length = 0;
  release();
  release();
  drop();
  assert.is(netlink.sent.length, 1);
  // NF_ACCEPT, and no attribute for the mark
  assert.is(netlink.sent[0]!.length, 32);
  assert.is(netlink.sent[0]![27], 1);
});

test("kernel: the router's own packet is released with our mark, so it is routed again", async () => {
  const { netlink, kernel, witness } = set();
  await kernel.start(rules, witness);
  netlink.receive(packet('03'));
  assert.is(witness.packets[0]!.isOwn, true);
  witness.packets[0]!.release();
  assert.equal(netlink.sent.at(-1)!.slice(-4), Uint8Array.of(0x20, 0, 0, 0));
});

test('kernel: a packet without a readable header is dropped at once', async () => {
  const { netlink, kernel, witness } = set();
  await kernel.start(rules, witness);
  const wire = packet('00');
  wire[44] = 0x15;
  netlink.receive(wire);
  assert.is(witness.packets.length, 0);
  assert.is(netlink.sent.at(-1)![27], 0);
});

test('kernel: verdicts that come together go in one transaction', async () => {
  const { machine, kernel, witness } = set();
  await kernel.start(rules, witness);
  const before = loads(machine).length;
  const verdict = (i: number) =>
    kernel.remember({
      wan: 'wan',
      source: address('192.168.1.2'),
      destination: address(`198.51.100.${i}`),
      translatedSource: address('192.168.1.2'),
      verdict: 'pass',
      lifespanSeconds: 60,
    });
  await Promise.all([1, 2, 3].map(verdict));
  assert.is(loads(machine).length, before + 1);
  assert.is(
    (
      loads(machine)
        .at(-1)!
        .match(/timeout 60s/g) ?? []
    ).length,
    3,
  );
});

test('kernel: one bad verdict does not spoil the others', async () => {
  const { machine, kernel, witness } = set();
  await kernel.start(rules, witness);
  machine.answers.unshift([
    /^nft -f -$/,
    (input) => (input.includes('.99 timeout') ? { status: 1, error: 'Error: no' } : {}),
  ]);
  const results = await Promise.allSettled(
    [1, 99, 3].map((i) =>
      kernel.remember({
        wan: 'wan',
        source: address('192.168.1.2'),
        destination: address(`198.51.100.${i}`),
        translatedSource: address('192.168.1.2'),
        verdict: 'deny',
        lifespanSeconds: 60,
      }),
    ),
  );
  assert.equal(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('kernel: a WAN that is not known is an error that names it', async () => {
  const { kernel, witness } = set();
  await kernel.start(rules, witness);
  const pair = {
    wan: 'lte',
    source: address('192.0.2.1'),
    destination: address('192.0.2.2'),
    isOwn: false,
  };
  assert.match(
    await Promise.resolve()
      .then(() => kernel.translate(pair))
      .catch(String),
    "'lte'",
  );
});

/** NFT_MSG_NEWRULE of table "fw4". */
const ruleAdded = fromHex(
  '1e000000 060a 0000 00000000 00000000 01 00 0003 0800 0100 66773400 0000',
);
/** Runs of `nft` for the samples: the chains, and two tables. */
const readsOfAll = 3;

test('kernel: the translated source is the address of the device that masquerades', async () => {
  const { machine, clock, files, netlink, rulesets, kernel, witness } = set();
  machine.answers.push([/list chains/, { output: chainsJson }]);
  machine.answers.push([/list table inet fw4/, { output: fw4Json }]);
  machine.answers.push([/list table ip nat/, { output: natJson }]);
  const info = (local: string, more = {}) => ({ local, scope: 'global', ...more });
  const addr_info = [info('fe80::1', { scope: 'link' }), info('203.0.113.5'), info('2001:db8::1')];
  machine.answers.push([/addr show dev wan/, { output: JSON.stringify([{ addr_info }]) }]);
  files.writeAtomic('/sys/class/net/lan/ifindex', utf8('4\n'), 0o444);
  await kernel.start(rules, witness);
  netlink.receive(packet('00'));
  assert.is(await kernel.translate(witness.packets[0]!), '203.0.113.5');
  const reads = () => machine.runs.filter((run) => run.argv.startsWith('nft -j')).length;
  const before = reads();
  await kernel.translate(witness.packets[0]!);
  assert.is(reads(), before);
  // NFT_MSG_NEWGEN, as it follows our own transactions
  rulesets.receive(fromHex('1c000000 0f0a 0000 00000000 00000000 00 00 0003 0800 0100 00000007'));
  await kernel.translate(witness.packets[0]!);
  assert.is(reads(), before);
  rulesets.receive(ruleAdded);
  await kernel.translate(witness.packets[0]!);
  assert.is(reads(), before + readsOfAll);
  // Nobody asks, and they are read all the same: once for all
  await clock.advance(1000);
  for (let i = 0; i < 100; i++) rulesets.receive(ruleAdded);
  await clock.advance(1000);
  assert.is(reads(), before + 2 * readsOfAll);
  rulesets.overrun();
  await kernel.translate(witness.packets[0]!);
  assert.is(reads(), before + 3 * readsOfAll);
});

test('kernel: packets that come while rules change wait for one reading at a time', async () => {
  const { machine, netlink, rulesets, kernel, witness } = set();
  machine.answers.push([/list chains/, { output: chainsJson }]);
  await kernel.start(rules, witness);
  netlink.receive(packet('00'));
  const asked = Array.from({ length: 50 }, () => {
    rulesets.receive(ruleAdded);
    return kernel.translate(witness.packets[0]!);
  });
  await Promise.allSettled(asked);
  const readings = machine.runs.filter((run) => run.argv === 'nft -j list chains').length;
  assert.is(readings, 1);
});

test('kernel: changes of addresses are told once for a bunch of them, and when they got lost', async () => {
  const { clock, addresses, kernel, witness } = set();
  await kernel.start(rules, witness);
  // RTM_NEWADDR; what is in it does not matter
  for (let i = 0; i < 3; i++)
    addresses.receive(fromHex('18000000 1400 0000 00000000 00000000 02188000 02000000'));
  assert.equal(witness.seen, []);
  await clock.advance(1000);
  assert.equal(witness.seen, ['addressesChanged']);
  addresses.overrun();
  await clock.advance(1000);
  assert.is(witness.seen.length, 2);
});

test('kernel: addresses that can be a source, those that stay first', async () => {
  const { machine, kernel } = set();
  const addr_info = [
    { local: '2001:db8::aa', scope: 'global', temporary: true },
    { local: '2001:db8::1', scope: 'global' },
    { local: '2001:db8::2', scope: 'global', deprecated: true },
    { local: '2001:db8::3', scope: 'global', tentative: true },
    { local: 'fe80::1', scope: 'link' },
    { local: '192.0.2.1', scope: 'global' },
  ];
  machine.answers.push([/addr show dev wan/, { output: JSON.stringify([{ addr_info }, {}]) }]);
  const gone = { status: 1, error: 'Device "ppp0" does not exist.\n' };
  machine.answers.push([/addr show dev ppp0/, gone]);
  assert.equal(await kernel.deviceAddresses('wan'), ['2001:db8::1', '192.0.2.1', '2001:db8::aa']);
  assert.equal(await kernel.deviceAddresses('ppp0'), []);
});

const foreignPolicy = (more = '') => `src 192.168.1.0/24 dst 10.0.0.0/8 uid 0
	dir out action allow index 9 priority 375423 ptype main share any flag  (0x00000000)
${more}	tmpl src 192.0.2.1 dst 192.0.2.2
		proto esp spi 0x00000000(0) reqid 1(0x00000001) mode tunnel
`;

test('kernel: a policy of somebody else that covers the pair is a configured tunnel', async () => {
  const { machine, clock, kernel, witness } = set();
  let listed = foreignPolicy();
  machine.answers.push([/^ip xfrm policy list/, () => ({ output: listed })]);
  await kernel.start(rules, witness);
  const covered = () => kernel.isConfigured(address('192.168.1.2'), address('10.1.2.3'));
  assert.is(await covered(), true);
  assert.is(await kernel.isConfigured(address('192.168.2.2'), address('10.1.2.3')), false);
  assert.is(await kernel.isConfigured(address('10.1.2.3'), address('192.168.1.2')), false);
  const reads = () => machine.runs.filter((run) => run.argv === 'ip xfrm policy list').length;
  assert.is(reads(), 1);

  listed = foreignPolicy('	mark 0x1/0x1 \n');
  machine.say(/monitor/, 'Flushed policy ptype main \n');
  await kernel.forget({
    wan: 'wan',
    source: address('192.0.2.1'),
    destination: address('192.0.2.2'),
    translatedSource: address('192.0.2.1'),
  });
  machine.say(/monitor/, 'src 1.2.3.4/32 dst 1.2.3.5/32 \n\tdir out priority 0 ptype main \n');
  assert.is(await covered(), false);
  assert.is(reads(), 2);
  // SP-1: no question at all, even when the daemon is gone
  assert.match(loads(machine)[0]!, 'configured ip saddr 192.168.1.0/24 ip daddr 10.0.0.0/8 accept');
  await clock.advance(200);
  assert.is(loads(machine).at(-1), 'flush chain inet autoipsec configured\n');
});

test('kernel: a change of our own policies does not make the foreign ones be read again', async () => {
  const { machine, clock, kernel, witness } = set();
  machine.answers.push([/^ip xfrm policy list/, { output: foreignPolicy() }]);
  await kernel.start(rules, witness);
  const covered = () => kernel.isConfigured(address('192.168.1.2'), address('10.1.2.3'));
  await covered();
  machine.say(
    /monitor/,
    `src 1.2.3.4/32 dst 1.2.3.5/32 \n\tdir out priority 0 ptype main \n\ttmpl src 1.2.3.4 dst 1.2.3.5\n\t\tproto esp reqid ${firstReqid} mode tunnel\n`,
  );
  await clock.advance(100);
  await covered();
  assert.is(machine.runs.filter((run) => run.argv === 'ip xfrm policy list').length, 1);
});

test('kernel: expiry and acquire of ours are told, those of others are not', async () => {
  const { machine, clock, kernel, witness } = set();
  await kernel.start(rules, witness);
  await kernel.install(sampleSa());
  const expired = (spi: string, reqid: number, hard: number) =>
    `Expired src 198.18.100.2 dst 198.18.100.1\n\tproto esp spi ${spi} reqid ${reqid} mode tunnel\n\treplay-window 0 \n\thard ${hard}\n`;
  const acquire = (reqid: number) =>
    `acquire proto esp \n  sel src 198.18.100.1/32 dst 198.18.2.9/32 proto udp sport 1 dport 2 dev d0 \n  policy src 198.18.100.1/32 dst 198.18.2.9/32 \n    \tdir out priority 1 ptype main \n    \ttmpl src 1.1.1.1 dst 2.2.2.2\n    \t\tproto esp reqid ${reqid} mode tunnel\n\n`;
  const text =
    expired('0x00001001', firstReqid, 0) +
    expired('0x00001001', 5, 0) +
    acquire(firstReqid) +
    acquire(5) +
    expired('0x00001001', firstReqid, 1);
  // in two pieces, cut in the middle of a record
  machine.say(/monitor/, text.slice(0, 150));
  machine.say(/monitor/, text.slice(150));
  await clock.advance(100);
  assert.equal(witness.seen, [
    `expired ${firstReqid} soft`,
    'acquire 198.18.100.1 198.18.2.9',
    `expired ${firstReqid} hard`,
  ]);
});

test('kernel: the monitor is started again when it dies, and at last given up', async () => {
  const { machine, clock, kernel, witness } = set();
  await kernel.start(rules, witness);
  const starts = () => machine.started.filter((argv) => argv.includes('monitor')).length;
  machine.kill(/monitor/);
  await clock.advance(1000);
  assert.is(starts(), 2);
  for (let i = 0; i < 12; i++) {
    machine.kill(/monitor/);
    await clock.advance(1000);
  }
  assert.is(witness.seen.length, 1);
  assert.match(witness.seen[0]!, 'failed ip xfrm monitor does not stay');
});

const tableGone = fromHex(
  '24000000 020a 0000 00000000 00000000 01 00 0003 0e00 0100 6175746f6970736563 00 0000',
);

test('kernel: a table that somebody removed is rebuilt, and the loss is told', async () => {
  const { machine, rulesets, kernel, witness } = set();
  await kernel.start(rules, witness);
  machine.answers.unshift([/list tables/, { output: 'table inet fw4\n' }]);
  const before = loads(machine).length;
  rulesets.receive(tableGone);
  rulesets.receive(tableGone);
  await settle();
  await settle();
  assert.equal(witness.seen, ['cacheLost']);
  assert.is(loads(machine).length, before + 1);
});

test('kernel: our own rebuilding is no loss, and a lost message is made up for', async () => {
  const { machine, clock, rulesets, kernel, witness } = set();
  await kernel.start(rules, witness);
  rulesets.receive(tableGone);
  await settle();
  assert.equal(witness.seen, []);
  machine.answers.unshift([/list tables/, { output: '' }]);
  await clock.advance(60_000);
  assert.equal(witness.seen, ['cacheLost']);
});

test('kernel: last use is the latest of what policies and states tell', async () => {
  const { machine, kernel, witness } = set();
  await kernel.start(rules, witness);
  const installed = await kernel.install(sampleSa());
  machine.answers.push([/^env TZ=UTC0 ip -s xfrm state/, { output: stateText }]);
  machine.answers.push([/^env TZ=UTC0 ip -s xfrm policy/, { output: policyText }]);
  assert.equal(await kernel.use(installed), {
    lastUseSeconds: Date.UTC(2026, 10, 21, 8, 25, 59) / 1000,
    bytesIn: 420,
    bytesOut: 840,
    packetsIn: 5,
    packetsOut: 10,
  });
});

test('kernel: a tunnel that only receives is in use', async () => {
  const { machine, clock, kernel, witness } = set();
  await kernel.start(rules, witness);
  const installed = await kernel.install(sampleSa());
  const unstamped = stateText.replace(/use 2026\S+ \S+/, 'use -');
  let states = unstamped;
  machine.answers.push([/^env TZ=UTC0 ip -s xfrm state/, () => ({ output: states })]);
  await kernel.use(installed);
  await clock.advance(30_000);
  states = unstamped.replace('420(bytes), 5(packets)', '504(bytes), 6(packets)');
  const use = await kernel.use(installed);
  assert.is(use.lastUseSeconds, Math.floor(clock.wallSeconds()));
  await clock.advance(30_000);
  assert.is((await kernel.use(installed)).lastUseSeconds, use.lastUseSeconds);
});

test('kernel: stopping leaves no process, socket or timer, and takes the table away', async () => {
  const { machine, clock, netlink, routes, rulesets, addresses, kernel, witness } = set();
  await kernel.start(rules, witness);
  await kernel.install(sampleSa());
  rulesets.receive(ruleAdded);
  addresses.overrun();
  await kernel.stop();
  assert.is(machine.living.size, 0);
  assert.is(clock.pendingTimers, 0);
  for (const socket of [netlink, routes, rulesets, addresses]) assert.is(socket.isOpen, false);
  assert.is(loads(machine).at(-1), 'add table inet autoipsec\ndelete table inet autoipsec\n');
});

test('kernel: nothing that is logged has a key', async () => {
  const { machine, lines, kernel, witness } = set();
  await kernel.start(rules, witness);
  machine.refusals.push([/dir out/, `Error: argument "0x${'b2'.repeat(20)}" is wrong`]);
  const error = await kernel.install(sampleSa()).catch(String);
  assert.not.match([...lines, error].join('\n'), /(a1){8}|(b2){8}/);
});

test('kernel: two datagrams in one are two packets', async () => {
  const { netlink, kernel, witness } = set();
  await kernel.start(rules, witness);
  netlink.receive(concat(packet('00'), packet('00')));
  assert.is(witness.packets.length, 2);
});

// NFT_MSG_NEWFLOWTABLE of table fw4
const flowtableMade = fromHex('1c000000 160a 0000 00000000 00000000 02 00 0003 0800 0100 66773400');

test('kernel: flow offloading that is switched on later takes no tunnel, not even those of before', async () => {
  const { machine, rulesets, kernel, witness } = set();
  await kernel.start(rules, witness);
  await kernel.install(sampleSa());
  assert.not.match(loads(machine).join(''), 'unoffloaded');
  machine.answers.push([
    /list flowtables/,
    { output: 'table inet fw4 {\n\tflowtable ft {\n\t}\n}\n' },
  ]);
  machine.lines.length = 0;
  rulesets.receive(flowtableMade);
  await settle();
  assert.match(loads(machine).at(-1)!, 'unoffloaded4 { 198.18.100.1/32 . 198.18.2.9/32 }');
  assert.equal(
    machine.lines.flatMap((line) => /^xfrm policy update .* dir (\S+)/.exec(line)?.[1] ?? []),
    ['in', 'fwd', 'out'],
  );
});
