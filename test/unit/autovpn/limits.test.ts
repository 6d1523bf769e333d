/** The limits of §6, and what of them outlives a restart. */
import { toHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import {
  numbersOf,
  probingOptions,
  retransmitMs,
} from '../../../src/plugins/autovpn/probing/options.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { defaults, Gateway, g1, g2, gateways } from './gateways.js';
import { syn } from './samples.js';

const day = 86_400_000;
const file = '/etc/autoipsec/autovpn-probing.json';

/** The SYN of another host outside, or to another one inside. */
function flowOf(lastOfH1: number, lastOfH2 = 80): Uint8Array {
  const first = syn.slice();
  first[15] = lastOfH1;
  first[19] = lastOfH2;
  return first;
}

const requests = (gateway: Gateway): number =>
  gateway.kinds.filter((kind) => kind === 'request').length;

test('AV-93 AV-A23 no second attempt within 24 hours for a host outside, to whomever it speaks', async () => {
  const clock = new SteppedClock();
  const two = new Gateway(clock, g2);
  two.sees(flowOf(7));
  await clock.advance(day - 1000);
  assert.is(requests(two), 3);
  two.sees(flowOf(7));
  two.sees(flowOf(7, 81));
  await clock.advance(0);
  assert.is(requests(two), 3);
  assert.is(two.count('candidates probed before'), 2);
  two.sees(flowOf(8));
  await clock.advance(0);
  assert.is(requests(two), 4, 'another host');
  await clock.advance(1000);
  const before = requests(two);
  two.sees(flowOf(7));
  await clock.advance(0);
  assert.is(requests(two), before + 1, 'at 24:00:00');
  two.stop();
});

test('AV-A23 with the pair as the key, another host inside is another attempt', async () => {
  const clock = new SteppedClock();
  const two = new Gateway(clock, g2, { options: { retryKey: 'h1-h2' } });
  two.sees(flowOf(7));
  two.sees(flowOf(7, 81));
  two.sees(flowOf(7));
  await clock.advance(0);
  assert.is(requests(two), 2);
  two.stop();
});

test('AV-A23 behind an exchange that succeeded, another host inside may be probed for at once', async () => {
  const { clock, one, two } = gateways();
  two.sees();
  await clock.advance(10);
  const { nonceR } = one.proven[0]!.path;
  two.sees(flowOf(7, 81));
  await clock.advance(10);
  assert.is(requests(two), 1, 'IKE has not come yet');
  assert.ok(two.memory.claim(nonceR, new Uint8Array(8), g1).ok);
  two.sees(flowOf(7, 81));
  await clock.advance(10);
  assert.is(requests(two), 2);
  two.stop();
});

test('AV-94 AV-A24 a restart does not shorten the 24 hours', async () => {
  const clock = new SteppedClock();
  const before = new Gateway(clock, g2);
  before.sees();
  await clock.advance(10_000);
  before.stop();
  assert.is(before.files.content.get(file)?.mode, 0o600);
  await clock.advance(day / 2);
  const behind = new Gateway(clock, g2, { files: before.files });
  behind.sees();
  await clock.advance(100);
  assert.equal(behind.sent, []);
  await clock.advance(day / 2);
  behind.sees();
  await clock.advance(100);
  assert.is(requests(behind), 1);
  behind.stop();
});

test('AV-94 a clock that was set back meanwhile does not shorten them either', async () => {
  const earlier = new SteppedClock();
  const early = new Gateway(earlier, g2);
  early.sees();
  await earlier.advance(0);
  early.stop();
  const clock = new SteppedClock(1000, 1_000_000);
  const late = new Gateway(clock, g2, { files: early.files });
  await clock.advance(day - 60_000);
  late.sees();
  await clock.advance(100);
  assert.equal(late.sent, []);
  late.stop();
});

test('AV-A24 the file is written at the stop and every 6 hours, or at once when told', async () => {
  const clock = new SteppedClock();
  const two = new Gateway(clock, g2);
  two.sees();
  await clock.advance(6 * 3_600_000 - 1000);
  assert.not.ok(two.files.content.has(file));
  await clock.advance(1000);
  assert.ok(two.files.content.has(file));
  two.stop();
  const other = new Gateway(clock, g2, { persistInterval: 0 });
  other.sees();
  await clock.advance(1);
  assert.ok(other.files.content.has(file));
  other.stop();
});

test('AV-68 AV-70 a nonce of before a restart is accepted, and one of another key is not', async () => {
  const { clock, one, two } = gateways();
  two.wire = undefined;
  two.sees();
  await clock.advance(10);
  two.stop();
  const next = new Gateway(clock, g2, { files: two.files, seed: 5 });
  const stranger = new Gateway(clock, g2, { seed: 6 });
  one.wire = undefined;
  one.take(two.sent[0]!);
  await clock.advance(10);
  const response = one.sent[0]!;
  next.take(response);
  stranger.take(response);
  await clock.advance(10);
  assert.equal(next.kinds, ['complete']);
  assert.equal(stranger.sent, []);
});

test('AV-90 AV-92 the three answers to a nonce are three also across a restart, on both sides', async () => {
  const { clock, one, two } = gateways();
  two.sees();
  await clock.advance(10);
  const [request] = two.sent;
  const [response] = one.sent;
  one.wire = undefined;
  two.wire = undefined;
  for (let n = 0; n < 2; n++) {
    one.take(request!);
    two.take(response!);
    await clock.advance(10);
  }
  one.stop();
  two.stop();
  const nextOne = new Gateway(clock, g1, { files: one.files, seed: 7 });
  const nextTwo = new Gateway(clock, g2, { files: two.files, seed: 8 });
  nextOne.take(request!);
  nextTwo.take(response!);
  await clock.advance(10);
  assert.equal([nextOne.sent, nextTwo.sent], [[], []]);
});

test('AV-70 AV-A21 a key is replaced after a day, and its nonces count for ten minutes more', async () => {
  const clock = new SteppedClock();
  const two = new Gateway(clock, g2, { options: { nonceLifetime: 3600 } });
  const { keys } = two.memory;
  const first = keys.current();
  await clock.advance(day - 1000);
  assert.is(keys.current(), first);
  await clock.advance(1000);
  assert.is.not(toHex(keys.current().id), toHex(first.id));
  await clock.advance(599_000);
  assert.is(keys.withId(first.id), first);
  await clock.advance(2000);
  assert.is(keys.withId(first.id), undefined);
});

test('AV-A21 a nonce lives two minutes', async () => {
  const { clock, one, two } = gateways();
  one.wire = undefined;
  two.sees();
  await clock.advance(10);
  await clock.advance(130_000);
  two.take(one.sent[0]!);
  await clock.advance(10);
  assert.not.ok(two.kinds.includes('complete'));
});

test('AV-68 a flood of nonces fills no memory, and a file that is spoiled is no obstacle', async () => {
  const clock = new SteppedClock();
  const files = new MemoryFiles();
  for (const text of ['', '{', '{"format":"autovpn probing 1"}', '[]', '{"format":"other"}']) {
    files.writeAtomic(file, utf8(text), 0o600);
    const two = new Gateway(clock, g2, { files, options: { retryKey: 'h1-h2' } });
    two.stop();
  }
  const two = new Gateway(clock, g2, { options: { retryKey: 'h1-h2' } });
  for (let n = 0; n < 3000; n++) two.sees(flowOf(n & 255, n >> 8));
  await clock.advance(0);
  assert.ok(two.memory.exchanges.size <= 2000);
  two.stop();
});

test('AV-A24 keys are in the file, and in no line of the log', async () => {
  const clock = new SteppedClock();
  const two = new Gateway(clock, g2);
  two.sees();
  await clock.advance(0);
  const key = toHex(two.memory.keys.current().key);
  two.stop();
  assert.ok(fromUtf8(two.files.content.get(file)!.bytes).includes(key));
  assert.not.ok(two.lines.join('\n').includes(key));
});

test('AV-92 AV-93 AV-57 AV-A1 AV-A2 AV-A12 configuration can not pass the limits of the document', () => {
  const { retryInterval, icmpClass, spiMarker, vendorId } = probingOptions;
  assert.not.ok(retryInterval.parse(['86399']).ok);
  assert.ok(retryInterval.parse(['86400']).ok);
  assert.is(retransmitMs({ ...defaults, retransmit: ['1', '1', '1'] }).length, 2);
  for (const [option, bad, good] of [
    [icmpClass, '246', '247'],
    [icmpClass, '256', '255'],
    [spiMarker, '2', '3'],
    [spiMarker, '256', '255'],
    [vendorId, 'x'.repeat(201), 'x'.repeat(200)],
  ] as const) {
    assert.not.ok(option.parse([bad]).ok, bad);
    assert.ok(option.parse([good]).ok, good);
  }
});

test('AV-66 AV-A9 the Vendor ID is text, or octets', () => {
  assert.is(fromUtf8(numbersOf(defaults).vendorId), 'autovpn.qjs/1');
  assert.is(toHex(numbersOf({ ...defaults, vendorId: '0x00ff10' }).vendorId), '00ff10');
});
