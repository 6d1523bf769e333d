import { toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import { address } from '../../../src/core/net/address.js';
import type { Datagram, Unreachable } from '../../../src/core/net/network.js';
import { chance, MemoryNetwork } from '../../support/memory-network.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

const a = address('192.0.2.1');
const b = address('192.0.2.2');

async function pair() {
  const clock = new SteppedClock();
  const world = new MemoryNetwork(clock);
  const got: Datagram[] = [];
  const refusals: Unreachable[] = [];
  const sender = await world.host(a).udp({
    family: 4,
    port: 500,
    onDatagram: (datagram) => got.push(datagram),
    onUnreachable: (event) => refusals.push(event),
  });
  const receiver = await world.host(b).udp({
    family: 4,
    port: 500,
    onDatagram: (datagram) => got.push(datagram),
  });
  const send = (...values: number[]) => {
    for (const value of values) sender.send(Uint8Array.of(value), { address: b, port: 500 });
  };
  const values = () => got.map((datagram) => datagram.bytes[0]);
  return { clock, world, got, refusals, sender, receiver, send, values };
}

test('memory network: a datagram arrives after the delay, with both addresses', async () => {
  const { clock, world, got, send } = await pair();
  world.path.delayMs = 10;
  send(7);
  await clock.advance(9);
  assert.is(got.length, 0);
  await clock.advance(1);
  assert.equal(got[0]?.peer, { address: a, port: 500 });
  assert.is(got[0]?.local, b);
  assert.is(toHex(got[0]!.bytes), '07');
});

test('memory network: loss, duplication, reorder and tampering are seen', async () => {
  const { clock, world, send, values } = await pair();
  world.path.loses = (packet) => packet.bytes[0] === 1;
  world.path.duplicates = (packet) => packet.bytes[0] === 2;
  world.path.reorders = (packet) => packet.bytes[0] === 3;
  world.path.rewrites = (packet) =>
    packet.bytes[0] === 4 ? { ...packet, bytes: Uint8Array.of(40) } : packet;
  send(1, 2, 3, 4);
  await clock.advance(10);
  assert.equal(values(), [2, 2, 40, 3]);
  assert.equal(
    world.captured.map((packet) => packet.fate),
    ['lost', 'sent', 'sent', 'sent'],
  );
});

test('memory network: a closed port is refused, a missing host is silent', async () => {
  const { clock, world, refusals, sender, receiver, send } = await pair();
  receiver.close();
  send(1);
  sender.send(Uint8Array.of(2), { address: address('192.0.2.9'), port: 500 });
  await clock.advance(10);
  assert.equal(refusals, [
    { peer: { address: b, port: 500 }, errno: 111, icmp: { type: 3, code: 3 } },
  ]);
  assert.equal(
    world.captured.map((packet) => packet.fate),
    ['unreachable', 'unreachable'],
  );
});

test('memory network: a taken port is refused by number', async () => {
  const { world } = await pair();
  let message = '';
  await world
    .hostOf(a)!
    .udp({ family: 4, port: 500, onDatagram: () => undefined })
    .catch((error: Error) => {
      message = error.message;
    });
  assert.match(message, /port 500.*in use/);
});

test('memory network: TCP carries bytes both ways in order and ends once', async () => {
  const { clock, world } = await pair();
  const seen: string[] = [];
  world.hostOf(b)!.listenTcp(53, (connection) => ({
    data: (bytes) => connection.send(bytes),
    close: (reason) => seen.push(`server end '${reason}'`),
  }));
  const client = await world.hostOf(a)!.tcp({
    to: { address: b, port: 53 },
    events: { data: (bytes) => seen.push(toHex(bytes)), close: () => seen.push('client end') },
  });
  client.send(utf8('a'));
  client.send(utf8('b'));
  await clock.advance(0);
  client.close();
  client.close();
  await clock.advance(0);
  assert.equal(seen, ['61', '62', "server end ''"]);
});

test('memory network: chance is reproducible and about right', () => {
  const draw = (seed: number) => Array.from({ length: 1000 }, chance(0.2, seed));
  assert.equal(draw(5), draw(5));
  const hits = draw(5).filter(Boolean).length;
  assert.ok(hits > 150 && hits < 250, `${hits} of 1000`);
});
