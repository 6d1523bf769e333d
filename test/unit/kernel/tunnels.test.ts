import { IpCoprocess } from '../../../src/core/kernel/ip-coprocess.js';
import { Reqids } from '../../../src/core/kernel/reqids.js';
import { Tunnels } from '../../../src/core/kernel/tunnels.js';
import type { XfrmState } from '../../../src/core/kernel/xfrm-text.js';
import { silentLogger } from '../../../src/core/log.js';
import { address } from '../../../src/core/net/address.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { FakeMachine } from './fake-machine.js';
import { firstReqid, sampleSa } from './samples.js';

function set() {
  const machine = new FakeMachine();
  const timers = new SteppedClock();
  const ip = new IpCoprocess({ processes: machine, timers, log: silentLogger });
  const reqids = new Reqids(firstReqid);
  return { machine, tunnels: new Tunnels({ ip, reqids, log: silentLogger }) };
}

const keys = sampleSa().inbound.keys;
/** Another tunnel for the same traffic. */
const renewed = (more = {}) =>
  sampleSa({ inbound: { spi: 0x2001, keys }, outbound: { spi: 0x2002, keys }, ...more });

const names = (machine: FakeMachine) => [...machine.objects.keys()].sort();
const policies = (machine: FakeMachine) =>
  [...machine.objects.values()].filter((line) => line.includes(' policy '));

test('tunnels: both states and all policies are installed, and all removed', async () => {
  const { machine, tunnels } = set();
  const installed = await tunnels.install(sampleSa());
  assert.equal(names(machine), [
    'policy src 198.18.100.1/32 dst 198.18.2.9/32 dir out',
    'policy src 198.18.2.9/32 dst 198.18.100.1/32 dir fwd',
    'policy src 198.18.2.9/32 dst 198.18.100.1/32 dir in',
    'state src 198.18.100.1 dst 198.18.100.2 proto esp spi 0x00001002',
    'state src 198.18.100.2 dst 198.18.100.1 proto esp spi 0x00001001',
  ]);
  assert.is(installed.reqid, firstReqid);
  await tunnels.remove(installed);
  assert.is(machine.objects.size, 0);
});

test('tunnels: what can receive is there before what sends', async () => {
  const { machine, tunnels } = set();
  await tunnels.install(sampleSa());
  const order = [...machine.objects.keys()];
  assert.match(order[0]!, 'spi 0x00001001');
  assert.match(order.at(-1)!, 'dir out');
});

test('tunnels: a failure leaves nothing, and a policy of somebody else stays', async () => {
  const { machine, tunnels } = set();
  const theirs = 'policy src 198.18.100.1/32 dst 198.18.2.9/32 dir out';
  machine.objects.set(theirs, 'by hand');
  const error = await tunnels.install(sampleSa()).catch(String);
  assert.match(error as string, 'add policy out src 198.18.100.1/32 dst 198.18.2.9/32');
  assert.match(error as string, 'File exists');
  assert.equal([...machine.objects], [[theirs, 'by hand']]);
});

test('tunnels: undoing goes backwards', async () => {
  const { machine, tunnels } = set();
  machine.refusals.push([/dir fwd priority/, 'RTNETLINK answers: Out of memory']);
  await tunnels.install(sampleSa()).catch(() => undefined);
  const undone = machine.lines.filter((line) => line.includes(' delete '));
  assert.equal(
    undone.map((line) => line.split(' ')[1]),
    ['policy', 'state', 'state'],
  );
  assert.match(undone[1]!, 'spi 0x00001002');
});

test('tunnels: a renewed tunnel has the same reqid and shares the policies', async () => {
  const { machine, tunnels } = set();
  const old = await tunnels.install(sampleSa());
  const fresh = await tunnels.install(renewed());
  assert.is(fresh.reqid, old.reqid);
  assert.is(machine.objects.size, 7);
  await tunnels.remove(old);
  assert.is(policies(machine).length, 3);
  assert.is(machine.objects.size, 5);
  await tunnels.remove(fresh);
  assert.is(machine.objects.size, 0);
});

test('tunnels: the policies go to a tunnel with another gateway, and back', async () => {
  const { machine, tunnels } = set();
  const old = await tunnels.install(sampleSa());
  const fresh = await tunnels.install(renewed({ remote: address('198.18.100.3') }));
  assert.is.not(fresh.reqid, old.reqid);
  for (const line of policies(machine)) assert.match(line, `reqid ${fresh.reqid} `);
  await tunnels.remove(fresh);
  for (const line of policies(machine)) assert.match(line, `reqid ${old.reqid} `);
  assert.is(machine.objects.size, 5);
  await tunnels.remove(old);
  assert.is(machine.objects.size, 0);
});

test('tunnels: removing what the kernel dropped, or twice, is no failure', async () => {
  const { machine, tunnels } = set();
  const installed = await tunnels.install(sampleSa());
  machine.objects.clear();
  await tunnels.remove(installed);
  await tunnels.remove(installed);
  assert.is(machine.objects.size, 0);
});

test('tunnels: a state is found by destination and SPI', async () => {
  const { tunnels } = set();
  const installed = await tunnels.install(sampleSa());
  assert.is(tunnels.withState(address('198.18.100.1'), 0x1001), installed);
  assert.is(tunnels.withState(address('198.18.100.2'), 0x1002), installed);
  assert.is(tunnels.withState(address('198.18.100.1'), 0x1002), undefined);
});

test('reqids: the range is never left, and what is free is given again', () => {
  const reqids = new Reqids(firstReqid);
  const all = Array.from({ length: 65_535 }, (_, i) => reqids.take(String(i)));
  assert.is(new Set(all).size, 65_535);
  assert.ok(all.every((reqid) => reqids.isOurs(reqid) && reqid !== reqids.probe));
  assert.throws(() => reqids.take('one more'), 'all 65536 reqids');
  reqids.release('7');
  assert.is(reqids.take('one more'), all[7]);
  assert.not.ok(reqids.isOurs(firstReqid - 1));
  assert.not.ok(reqids.isOurs(firstReqid + 65_536));
});

const stateOf = (destination: string, spi: number, reqid = firstReqid + 7): XfrmState => ({
  source: address('203.0.113.1'),
  destination: address(destination),
  protocol: 'esp',
  ...{ spi, reqid, bytes: 0, packets: 0, addedSeconds: 0, usedSeconds: 0 },
});
const bothStates = (reqid?: number) => [
  stateOf('198.18.100.1', 0x1001, reqid),
  stateOf('198.18.100.2', 0x1002, reqid),
];

test('tunnels: one of an earlier run is taken over with its reqid, and no state is touched', async () => {
  const { machine, tunnels } = set();
  const [installed] = await tunnels.adopt([sampleSa()], bothStates());
  assert.is(installed?.reqid, firstReqid + 7);
  assert.equal(
    machine.lines.filter((line) => line.startsWith('xfrm')).map((line) => line.slice(0, 18)),
    ['xfrm policy update', 'xfrm policy update', 'xfrm policy update'],
  );
  assert.is(tunnels.withState(address('198.18.100.2'), 0x1002), installed);
  // what comes later gets numbers of its own, and a renewed one the same
  assert.is((await tunnels.install(renewed())).reqid, firstReqid + 7);
});

test('tunnels: one that has lost a state, or is none of ours, is not taken over', async () => {
  for (const states of [
    [],
    bothStates().slice(1),
    bothStates().slice(0, 1),
    [stateOf('198.18.100.1', 0x1001), stateOf('198.18.100.2', 0x1002, firstReqid + 8)],
    bothStates(1),
  ]) {
    const { machine, tunnels } = set();
    assert.equal(await tunnels.adopt([sampleSa()], states), [undefined]);
    assert.equal(machine.lines, []);
  }
});

test('tunnels: of two for the same traffic the last one has the policies', async () => {
  const { machine, tunnels } = set();
  const elsewhere = renewed({ remote: address('198.18.100.3') });
  const states = [
    ...bothStates(),
    stateOf('198.18.100.1', 0x2001, firstReqid + 9),
    stateOf('198.18.100.3', 0x2002, firstReqid + 9),
  ];
  const adopted = await tunnels.adopt([sampleSa(), elsewhere], states);
  assert.equal(
    adopted.map((each) => each?.reqid),
    [firstReqid + 7, firstReqid + 9],
  );
  assert.ok(policies(machine).every((line) => line.includes(`reqid ${firstReqid + 9} `)));
  assert.equal([...tunnels.policyReqids()], [firstReqid + 9]);
});

test('tunnels: what is staged is received with, and sent with when it is activated', async () => {
  const { machine, tunnels } = set();
  const old = await tunnels.install(sampleSa());
  const fresh = await tunnels.stage(renewed());
  assert.is(fresh.reqid, old.reqid);
  assert.equal(
    names(machine).filter((name) => /spi 0x0000200/.test(name)),
    ['state src 198.18.100.2 dst 198.18.100.1 proto esp spi 0x00002001'],
  );
  await tunnels.activate(fresh);
  await tunnels.activate(fresh);
  assert.is(machine.objects.size, 7);
  await tunnels.remove(old);
  assert.is(machine.objects.size, 5);
  await tunnels.remove(fresh);
  assert.is(machine.objects.size, 0);
});

test('tunnels: one that is about to go sends no more where another one can, and is never made anew', async () => {
  const { machine, tunnels } = set();
  const [old, fresh] = [await tunnels.install(sampleSa()), await tunnels.install(renewed())];
  await tunnels.stopSending(fresh);
  await tunnels.stopSending(fresh);
  await tunnels.activate(fresh);
  assert.equal(
    machine.lines.filter((line) => line.startsWith('xfrm state delete')),
    ['xfrm state delete src 198.18.100.1 dst 198.18.100.2 proto esp spi 0x00002002'],
  );
  await tunnels.stopSending(old);
  assert.is(machine.objects.size, 6, 'nothing else is there to send with');
  await tunnels.remove(fresh);
  await tunnels.remove(old);
  assert.is(machine.objects.size, 0);
});

test('tunnels: a staged one is nothing to send with', async () => {
  const { machine, tunnels } = set();
  const old = await tunnels.install(sampleSa());
  await tunnels.stage(renewed());
  await tunnels.stopSending(old);
  assert.is(machine.objects.size, 6);
});

test('tunnels: what is staged goes without a trace, too', async () => {
  const { machine, tunnels } = set();
  const old = await tunnels.install(sampleSa());
  await tunnels.remove(await tunnels.stage(renewed()));
  assert.is(machine.objects.size, 5);
  await tunnels.remove(old);
  assert.is(machine.objects.size, 0);
});

test('tunnels: staged for another gateway or for nothing there, it is installed whole', async () => {
  const { machine, tunnels } = set();
  await tunnels.stage(sampleSa());
  assert.is(machine.objects.size, 5);
  const fresh = await tunnels.stage(renewed({ remote: address('198.18.100.3') }));
  for (const line of policies(machine)) assert.match(line, `reqid ${fresh.reqid} `);
  assert.is(machine.objects.size, 7);
});

test('tunnels: what an earlier run had staged needs no outbound state, and is activated once', async () => {
  const { machine, tunnels } = set();
  const sa = sampleSa();
  const [installed] = await tunnels.adopt([sa], bothStates().slice(0, 1), [sa]);
  await tunnels.activate(installed!);
  const added = machine.lines.filter((line) => line.startsWith('xfrm state add'));
  assert.is(added.length, 1);
  assert.match(added[0]!, 'dst 198.18.100.2 proto esp spi 0x00001002');
});

test('tunnels: an activation that the kernel refuses once is tried again, and sends then', async () => {
  const { machine, tunnels } = set();
  await tunnels.install(sampleSa());
  const fresh = await tunnels.stage(renewed());
  machine.refusals.push([/state add .* spi 0x00002002/, 'RTNETLINK answers: Out of memory']);
  assert.match((await tunnels.activate(fresh).catch(String)) as string, 'Out of memory');
  machine.refusals.length = 0;
  await tunnels.activate(fresh);
  assert.ok(names(machine).some((name) => /spi 0x00002002/.test(name)));
});
