import { utf8 } from '../../../src/core/bytes/text.js';
import { FlowOffloading } from '../../../src/core/kernel/flow-offloading.js';
import { IpCoprocess } from '../../../src/core/kernel/ip-coprocess.js';
import { type TunnelTraffic, unoffloadedText } from '../../../src/core/kernel/nft-unoffloaded.js';
import { Reqids } from '../../../src/core/kernel/reqids.js';
import { Tunnels } from '../../../src/core/kernel/tunnels.js';
import { silentLogger } from '../../../src/core/log.js';
import { address, hostPrefix } from '../../../src/core/net/address.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { FakeMachine } from './fake-machine.js';
import { firstReqid, sampleSa } from './samples.js';

// as nft 1.0.6 lists them
const flowtable = (table: string, flags = '') =>
  `table ${table} {\n\tflowtable ft {\n\t\thook ingress priority filter\n\t\tdevices = { lan, wan }\n${flags}\t}\n}\n`;
const ours = flowtable('inet autoipsec');
const theirs = flowtable('inet fw4');
const inHardware = flowtable('inet fw4', '\t\tflags offload\n');

function set(first = '') {
  const state = { output: first, isRefused: false };
  const told: string[] = [];
  const offloading = new FlowOffloading({
    processes: {
      run: async () => ({ status: 0, output: utf8(state.output), errorOutput: utf8('') }),
    },
    log: silentLogger,
    table: {
      keepOut: async (traffic: readonly TunnelTraffic[]) => {
        if (state.isRefused) throw new Error('no such module');
        told.push(traffic.map((each) => `${each.ours.address} ${each.theirs.address}`).join());
      },
    },
  });
  return { state, told, offloading };
}

const pair = '198.18.100.1 198.18.2.9';

test('flow offloading: without a flowtable of somebody else nothing is told', async () => {
  const { told, offloading, state } = set(ours);
  assert.not(await offloading.look());
  await offloading.add(sampleSa());
  assert.equal(told, []);
  state.output = ours + theirs;
  assert.ok(await offloading.look());
  assert.not(await offloading.look());
  assert.equal(told, [pair]);
  await offloading.release(sampleSa());
  assert.equal(told, [pair, '']);
});

test('flow offloading: in hardware, it is a warning for a person', async () => {
  const { offloading, state } = set(theirs);
  await offloading.look();
  assert.equal(offloading.warnings(), []);
  state.output = inHardware;
  await offloading.look();
  assert.match(offloading.warnings().join(), /flow_offloading_hw/);
});

test('flow offloading: a failure is a warning until it is over', async () => {
  const { offloading, state } = set(theirs);
  await offloading.look();
  state.isRefused = true;
  await offloading.add(sampleSa());
  assert.match(offloading.warnings().join(), /may pass by IPsec: .*no such module/);
  state.isRefused = false;
  await offloading.add(sampleSa());
  assert.equal(offloading.warnings(), []);
});

test('flow offloading: both families, and connections that began on either side', () => {
  const text = unoffloadedText([
    { ours: hostPrefix(address('192.0.2.1')), theirs: hostPrefix(address('198.18.2.9')) },
    { ours: hostPrefix(address('2001:db8::1')), theirs: hostPrefix(address('2001:db8::9')) },
  ]);
  assert.match(text, 'unoffloaded4 { 192.0.2.1/32 . 198.18.2.9/32 }');
  assert.match(text, 'unoffloaded6 { 2001:db8::1/128 . 2001:db8::9/128 }');
  for (const ip of ['ip', 'ip6'])
    for (const way of ['reply', 'original'])
      assert.match(text, `ct ${way} ${ip} daddr . ct ${way} ${ip} saddr @unoffloaded`);
});

test('flow offloading: traffic is kept out before its tunnel comes, until the last one is gone', async () => {
  const machine = new FakeMachine();
  const ip = new IpCoprocess({
    ...{ processes: machine, timers: new SteppedClock(), log: silentLogger },
  });
  const story: string[] = [];
  const tunnels = new Tunnels({
    ...{ ip, reqids: new Reqids(firstReqid), log: silentLogger },
    offloading: {
      add: async () => void story.push(`add, ${machine.objects.size}`),
      release: async () => void story.push(`release, ${machine.objects.size}`),
    },
  });
  const { keys } = sampleSa().inbound;
  const first = await tunnels.install(sampleSa());
  const second = await tunnels.install(
    sampleSa({ inbound: { spi: 0x2001, keys }, outbound: { spi: 0x2002, keys } }),
  );
  await tunnels.remove(first);
  assert.equal(story, ['add, 0']);
  await tunnels.remove(second);
  assert.equal(story, ['add, 0', 'release, 0']);
  machine.refusals.push([/ policy add /, 'no']);
  await tunnels.install(sampleSa()).catch(() => undefined);
  assert.equal(story.slice(2), ['add, 0', 'release, 0']);
});
