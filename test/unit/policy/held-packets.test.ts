import type { HeldPacket } from '../../../src/core/kernel/kernel.js';
import { address } from '../../../src/core/net/address.js';
import { HeldPackets, maxHeldFlows } from '../../../src/core/policy/held-packets.js';
import { assert, test } from '../../support/test.js';

/** A packet that writes its fate into `fates`. */
function packet(name: string, fates: string[], sourcePort = 1000): HeldPacket {
  return {
    wan: 'wan',
    source: address('198.18.1.10'),
    destination: address('198.18.2.10'),
    protocol: 17,
    sourcePort,
    destinationPort: 53,
    isOwn: false,
    release: () => fates.push(`${name} released`),
    drop: () => fates.push(`${name} dropped`),
  };
}

test('OE-14 OE-12 of packets 1 to 5 of a flow, 1 and 5 come out', () => {
  const fates: string[] = [];
  const held = new HeldPackets();
  for (const name of ['1', '2', '3', '4', '5']) held.add(packet(name, fates));
  assert.equal(fates, ['2 dropped', '3 dropped', '4 dropped']);
  assert.is(held.size, 2);
  held.settle(() => true);
  assert.equal(fates.slice(3), ['1 released', '5 released']);
  held.settle(() => true);
  assert.is(fates.length, 5, 'a second verdict gives nothing');
});

test('each flow keeps its own first packet, and they leave in order', () => {
  const fates: string[] = [];
  const held = new HeldPackets();
  for (const port of [1, 2, 3]) held.add(packet(`flow ${port}`, fates, port));
  held.add(packet('flow 2 again', fates, 2));
  held.settle(() => true);
  assert.equal(fates, [
    'flow 1 released',
    'flow 2 released',
    'flow 3 released',
    'flow 2 again released',
  ]);
});

test('OE-16 on deny the kept packets are dropped', () => {
  const fates: string[] = [];
  const held = new HeldPackets();
  held.add(packet('1', fates));
  held.add(packet('2', fates));
  held.dropAll();
  held.settle(() => true);
  assert.equal(fates, ['1 dropped', '2 dropped']);
});

test('the number of flows is bounded', () => {
  const fates: string[] = [];
  const held = new HeldPackets();
  for (let port = 0; port < maxHeldFlows + 3; port++) held.add(packet(`${port}`, fates, port));
  assert.is(held.size, maxHeldFlows);
  assert.is(fates.filter((fate) => fate.endsWith('dropped')).length, 3);
});
