/** Both roles of probing, on a wire in memory. */
import { concat, equal } from '../../../src/core/bytes/bytes.js';
import { toHex } from '../../../src/core/bytes/hex.js';
import { address, addressBytes } from '../../../src/core/net/address.js';
import { withChecksum, writeIpv4 } from '../../../src/core/net/ipv4.js';
import { readIcmpProbe } from '../../../src/plugins/autovpn/probing/icmp.js';
import { readUdpProbe } from '../../../src/plugins/autovpn/probing/udp.js';
import { assert, test } from '../../support/test.js';
import { type Gateway, g1, g2, gateways, h1, h2, natFlow } from './gateways.js';
import { numbers, syn } from './samples.js';

const spi = (octet: number): Uint8Array => new Uint8Array(8).fill(octet);

/** The messages of a complete exchange. */
async function exchange(given = gateways()) {
  const { clock, one, two } = given;
  two.sees();
  await clock.advance(100);
  const [request, complete] = two.sent;
  return { ...given, request: request!, response: one.sent[0]!, complete: complete! };
}

/** Nobody on the other side, and what the gateway sends only kept. */
function alone(gateway: Gateway): Gateway {
  gateway.wire = undefined;
  return gateway;
}

const withoutChecksum = (packet: Uint8Array, at: number): Uint8Array => {
  const copy = packet.slice();
  copy[at] = 0;
  copy[at + 1] = 0;
  return copy;
};

/** One octet changed, and the checksums of ICMP made right again. */
function patchedIcmp(packet: Uint8Array, at: number, octet: number): Uint8Array {
  const copy = packet.slice();
  copy[at] = octet;
  const structureAt = 20 + 8 + 128;
  const structure = withChecksum(withoutChecksum(copy.slice(structureAt), 2), 2);
  const message = withoutChecksum(concat(copy.slice(20, structureAt), structure), 2);
  return concat(copy.slice(0, 20), withChecksum(message, 2));
}

test('AV-13 AV-17 AV-20 AV-31 three probes prove the path to both, in the order of the document', async () => {
  const { one, two } = await exchange();
  assert.equal(two.kinds, ['request', 'complete']);
  assert.equal(one.kinds, ['response']);
  assert.is(one.proven.length, 1);
  const { path, origin } = one.proven[0]!;
  assert.is(path.role, 'initiator');
  assert.equal(path.pair, { ours: g1, theirs: h2 });
  assert.is(path.peerGateway, g2);
  assert.is(path.local, g1);
  assert.is(origin, h1, 'H1 before our NAT');
  const claimed = two.memory.claim(path.nonceR, spi(1), g1);
  assert.ok(claimed.ok);
  assert.equal(claimed.ok && claimed.path.pair, { ours: h2, theirs: g1 });
  assert.equal(claimed.ok && claimed.path.nonceI, path.nonceI);
});

test('AV-20 AV-14 without the filter of candidates, or without an answer, nobody probes', async () => {
  const { clock, one, two } = gateways({}, { options: { probes: false } });
  two.sees();
  await clock.advance(10_000);
  assert.equal([one.sent, two.sent], [[], []]);
  const other = gateways();
  other.two.prober.watcher.seen?.(syn, 'first');
  await other.clock.advance(10_000);
  assert.equal(other.two.sent, []);
});

test('AV-A16 TCP alone is probed for, unless an option names more', async () => {
  const datagram = syn.slice();
  datagram[9] = 17;
  for (const [protocols, sent] of [
    [['tcp'], 0],
    [['tcp', 'udp'], 1],
  ] as const) {
    const { clock, two } = gateways({}, { options: { protocols } });
    alone(two).sees(datagram);
    await clock.advance(0);
    assert.is(two.sent.length, sent);
    assert.equal(two.prober.watcher.watches, protocols.length === 1 ? [6] : [6, 17]);
    two.stop();
  }
});

test('AV-A13 AV-A14 AV-45 the Probe Request quotes the SYN, and the Probe Complete too', async () => {
  const { request, complete } = await exchange();
  assert.is(toHex(request.slice(28, 28 + syn.length)), toHex(syn));
  assert.is(toHex(complete.slice(28, 28 + syn.length)), toHex(syn));
  const other = await exchange(gateways({}, { options: { completeEmbeds: 'response' } }));
  assert.is(other.one.proven.length, 1);
  assert.ok(equal(other.complete.slice(28, 100), other.response.slice(0, 72)));
});

test('AV-15 AV-89 AV-A17 a flow that did not begin here, or has no answer, gets no Probe Response', async () => {
  const unanswered = { ...natFlow, isAnswered: false };
  const { original, reply } = natFlow;
  const backwards = { original: reply, reply: original, isAnswered: true };
  for (const flow of [undefined, unanswered, backwards]) {
    const pair = gateways();
    pair.one.flow = flow;
    await exchange(pair);
    assert.equal(pair.one.sent, []);
    assert.is(pair.one.count('dropped: flow'), 1);
  }
});

test('AV-34 AV-A17 with the check of flows off, a Probe Request is answered all the same', async () => {
  const pair = gateways({ options: { verifyFlow: false } });
  pair.one.flow = undefined;
  await exchange(pair);
  assert.is(pair.one.proven.length, 1);
  assert.is(pair.one.proven[0]!.origin, undefined);
});

test('AV-32 AV-35 AV-67 a thousand attempts have a thousand different nonces, on both sides', async () => {
  const { clock, one, two } = gateways({ options: { probeRate: 1000 } });
  two.wire = (packet) => {
    const read = readIcmpProbe(packet, numbers);
    if (read?.ok && read.value.probe.kind === 'request') one.take(packet);
  };
  one.wire = undefined;
  const host = addressBytes(address('10.0.0.0'));
  for (let n = 0; n < 1000; n++) {
    host[2] = n >> 8;
    host[3] = n & 255;
    const first = syn.slice();
    first.set(host, 12);
    const source = address([...host].join('.'));
    one.flow = { ...natFlow, reply: { ...natFlow.reply, destination: source } };
    two.sees(first);
    await clock.advance(1);
  }
  const nonces = (from: Gateway) =>
    from.sent.map((packet) => {
      const read = readIcmpProbe(packet, numbers) ?? readUdpProbe(packet, numbers);
      if (!read?.ok) return '';
      return toHex(
        read.value.probe.kind === 'request' ? read.value.probe.nonceR : read.value.probe.nonceI,
      );
    });
  assert.is(new Set(nonces(two)).size, 1000);
  assert.is(new Set(nonces(one)).size, 1000);
  two.stop();
});

test('AV-37 AV-80 AV-77 a Probe Response with another Nonce-R, for another host, or too old is dropped', async () => {
  const { clock, two, response } = await exchange();
  alone(two);
  const completes = () => two.kinds.filter((kind) => kind === 'complete').length;
  const nonceRAt = response.length - 60;
  for (let at = nonceRAt; at < response.length; at++) {
    const copy = withoutChecksum(response, 26);
    copy[at]! ^= 1;
    two.take(copy);
  }
  const elsewhere = withoutChecksum(response, 26);
  elsewhere.set(addressBytes(address('203.0.113.81')), 16);
  assert.ok(
    two.take(
      concat(withChecksum(withoutChecksum(elsewhere.slice(0, 20), 10), 10), elsewhere.slice(20)),
    ),
  );
  assert.ok(two.count('dropped: Nonce-R is not ours') > 30);
  await clock.advance(200_000);
  assert.ok(two.take(response), 'it goes no further');
  await clock.advance(100);
  assert.is(completes(), 1);
});

test('AV-39 AV-81 AV-17 a Probe Complete whose nonces do not belong together begins nothing', async () => {
  const { clock, one, complete } = await exchange();
  const nonceIAt = 20 + 8 + 128 + 4 + 20 + 4;
  const nonceRAt = nonceIAt + 64;
  one.proven.length = 0;
  for (const at of [nonceIAt, nonceIAt + 30, nonceRAt, nonceRAt + 50])
    assert.ok(one.take(patchedIcmp(complete, at, complete[at]! ^ 1)));
  const swapped = complete.slice();
  swapped.set(complete.slice(nonceRAt, nonceRAt + 60), nonceIAt);
  swapped.set(complete.slice(nonceIAt, nonceIAt + 60), nonceRAt);
  assert.ok(one.take(patchedIcmp(swapped, 0, 0x45)));
  await clock.advance(100);
  assert.is(one.count('dropped: Nonce-I is not ours'), 5);
  // from another gateway than the one whose Probe Request was answered
  const other = complete.slice(20);
  one.take(
    writeIpv4({ source: address('203.0.113.2'), destination: g1, protocol: 1, payload: other }),
  );
  await clock.advance(100);
  assert.equal(one.proven, []);
});

test('AV-A15 a Probe Complete counts for G1 and for H1 as its destination', async () => {
  const { clock, one, complete } = await exchange();
  one.memory.begun.delete(toHex(one.proven[0]!.path.nonceR));
  const payload = complete.slice(20);
  one.take(writeIpv4({ source: g2, destination: address('198.51.100.130'), protocol: 1, payload }));
  await clock.advance(100);
  assert.is(one.proven.length, 2);
});

test('AV-91 AV-92 AV-A22 three equal Probe Requests after 2 and 4 seconds more, then silence', async () => {
  const { clock, two } = gateways();
  alone(two).sees();
  await clock.advance(1999);
  assert.is(two.sent.length, 1);
  await clock.advance(1);
  assert.is(two.sent.length, 2);
  await clock.advance(3999);
  assert.is(two.sent.length, 2);
  await clock.advance(1);
  assert.is(two.sent.length, 3);
  await clock.advance(3_600_000);
  assert.is(two.sent.length, 3);
  assert.equal(two.sent[1], two.sent[0]);
  assert.equal(two.sent[2], two.sent[0]);
});

test('AV-91 whichever probe is lost first, the exchange completes', async () => {
  for (const lost of ['request', 'response', 'complete']) {
    const { clock, one, two } = gateways();
    const lose = (from: Gateway, to: Gateway) => {
      let isLost = false;
      from.wire = (packet) => {
        if (!isLost && from.kinds.at(-1) === lost) isLost = true;
        else to.take(packet);
      };
    };
    lose(one, two);
    lose(two, one);
    two.sees();
    await clock.advance(2100);
    assert.is(one.proven.length, 1, lost);
    assert.ok(two.memory.claim(one.proven[0]!.path.nonceR, spi(1), g1).ok, lost);
  }
});

test('AV-90 AV-92 the fourth copy of a Probe Request and of a Probe Response gets no answer', async () => {
  const { clock, one, two, request, response } = await exchange();
  alone(one);
  alone(two);
  for (let n = 0; n < 5; n++) {
    one.take(request);
    two.take(response);
    await clock.advance(100);
  }
  assert.equal(one.kinds, ['response', 'response', 'response']);
  assert.equal(two.kinds, ['request', 'complete', 'complete', 'complete']);
  assert.ok(one.count('dropped: answered before') >= 3);
});

test('AV-90 once IKE has come, or begun, copies of probes change nothing', async () => {
  const { clock, one, two, response, complete } = await exchange();
  assert.ok(two.memory.claim(one.proven[0]!.path.nonceR, spi(1), g1).ok);
  alone(two).take(response);
  one.take(complete);
  await clock.advance(100);
  assert.is(two.sent.length, 2);
  assert.is(one.proven.length, 1);
});

test('AV-A28 AV-A29 AV-110 a nonce belongs to the gateway that answered, and to one IKE SA', async () => {
  const { one, two } = await exchange();
  const { nonceR, nonceI } = one.proven[0]!.path;
  assert.not.ok(two.memory.claim(nonceI, spi(1), g1).ok, 'not ours');
  assert.not.ok(two.memory.claim(nonceR, spi(1), address('198.51.100.8')).ok, 'another gateway');
  assert.ok(two.memory.claim(nonceR, spi(1), g1).ok);
  assert.ok(two.memory.claim(nonceR, spi(1), g1).ok, 'repeated with a cookie');
  assert.not.ok(two.memory.claim(nonceR, spi(2), g1).ok, 'another IKE SA');
});

test('AV-31 AV-A28 a nonce that no Probe Response came with proves no path', async () => {
  const { clock, two } = gateways();
  alone(two).sees();
  await clock.advance(10);
  const read = readIcmpProbe(two.sent[0]!, numbers);
  assert.ok(read?.ok);
  const claimed = read?.ok && two.memory.claim(read.value.probe.nonceR, spi(1), g1);
  assert.not.ok(claimed ? claimed.ok : true);
});

test('AV-14 AV-10 AV-89 what policy has otherwise is neither probed nor answered nor completed', async () => {
  const atG2 = gateways();
  atG2.two.covered = 'another IPsec policy on this router covers the pair';
  await exchange(atG2);
  assert.equal(atG2.two.sent, []);
  const atG1 = gateways();
  atG1.one.refused = 'belongs to a peer that is marked Untrusted';
  await exchange(atG1);
  assert.equal(atG1.one.sent, []);
  assert.is(atG1.one.count('dropped: policy'), 1);
  const late = gateways();
  late.one.wire = (packet) => {
    late.two.covered = 'a tunnel stands';
    late.two.take(packet);
  };
  await exchange(late);
  assert.equal(late.two.kinds, ['request']);
});

test('AV-A22 AV-6 a flood of Probe Requests gets so many answers in a second, and no more', async () => {
  const { clock, one, two } = gateways();
  one.wire = undefined;
  two.wire = undefined;
  const host = syn.slice();
  for (let n = 0; n < 50; n++) {
    host[12] = 11;
    host[15] = n;
    two.sees(host.slice());
    await clock.advance(1);
  }
  for (const packet of two.sent) {
    const read = readIcmpProbe(packet, numbers);
    if (!read?.ok) continue;
    one.flow = { ...natFlow, reply: { ...natFlow.reply, destination: read.value.destination } };
    one.take(packet);
    await clock.advance(0);
  }
  assert.is(one.sent.length, 10);
  assert.is(one.count('dropped: rate'), 40);
  two.stop();
});

test('AV-6 a flood of made-up answers costs so many looks into nonces in a second', async () => {
  const { clock, one, two, response, complete } = await exchange(gateways({ seed: 3 }));
  const { one: other, two: next } = gateways({ seed: 4 }, { seed: 5 });
  for (let n = 0; n < 300; n++) {
    next.take(response);
    other.take(complete);
  }
  await clock.advance(0);
  assert.is(next.count('dropped: Nonce-R is not ours'), 100);
  assert.is(next.count('dropped: rate'), 200);
  assert.is(other.count('dropped: Nonce-I is not ours'), 100);
  assert.is(other.count('dropped: rate'), 200);
  one.stop();
  two.stop();
});

test('AV-A25 a Probe Response to a foreign nonce goes on where a gateway behind is to have it', async () => {
  const { response } = await exchange();
  const { two } = gateways({}, { options: { foreignNonce: 'forward' }, seed: 9 });
  assert.is(two.take(response), false);
  const { two: strict } = gateways({}, { seed: 9 });
  assert.is(strict.take(response), true);
  assert.equal([two.sent, strict.sent], [[], []]);
});
