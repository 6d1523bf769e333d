import { concat, equal } from '../../../src/core/bytes/bytes.js';
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import {
  Operation,
  parseFrame,
  requestFrame,
  writeAddress,
  writeLocal,
} from '../../../src/core/platform/broker/broker-frames.js';
import { FrameReader } from '../../../src/core/platform/broker/frame-reader.js';
import { assert, test } from '../../support/test.js';

// frames made by hand after docs/broker.md

const frames = {
  hello:
    '80 00000000 01 00 00000001 00000002 00000006 00000008 00000007 00000024 00000021 000101d0 00000100 312e30',
  ok: '81 00000007 0000002a',
  error: '82 00000007 00000062 6e6f',
  message: '83 0000002a 00 0206 01f4c0000201 04 c0000202 00000003 aabb',
  stream: '83 0000002a 00 0000 00 00000000 68',
  'socket error': '84 0000002a 0000006f 02 03 03 0206 01f4c0000201',
  accept: '85 00000005 00000006 0100',
  closed: '86 00000006 00000068',
} as const;

const peer = { family: 'inet', bytes: fromHex('01f4c0000201') } as const;

const values = {
  hello: {
    kind: 'hello',
    protocol: 1,
    isBigEndian: false,
    constants: {
      SOL_SOCKET: 1,
      SO_REUSEADDR: 2,
      SO_BROADCAST: 6,
      SO_RCVBUF: 8,
      SO_SNDBUF: 7,
      SO_MARK: 36,
      SO_RCVBUFFORCE: 33,
    },
    longestFrame: 66_000,
    mostSockets: 256,
    version: '1.0',
  },
  ok: { kind: 'ok', tag: 7, body: fromHex('0000002a') },
  error: { kind: 'error', tag: 7, errno: 98, reason: 'no' },
  message: {
    kind: 'message',
    handle: 42,
    flags: 0,
    peer,
    local: { address: fromHex('c0000202'), interfaceIndex: 3 },
    bytes: fromHex('aabb'),
  },
  stream: {
    kind: 'message',
    handle: 42,
    flags: 0,
    peer: undefined,
    local: undefined,
    bytes: utf8('h'),
  },
  'socket error': {
    kind: 'socket error',
    handle: 42,
    errno: 111,
    origin: 2,
    icmpType: 3,
    icmpCode: 3,
    peer,
  },
  accept: {
    kind: 'accept',
    handle: 5,
    accepted: 6,
    peer: { family: 'unix', bytes: new Uint8Array(0) },
  },
  closed: { kind: 'closed', handle: 6, errno: 104 },
} as const;

for (const [what, wire] of Object.entries(frames)) {
  test(`broker frames: reads ${what}`, () =>
    assert.equal(parseFrame(fromHex(wire)), values[what as keyof typeof values]));
}

/** Bytes that a frame of each kind has at least. */
const least = {
  hello: 43,
  ok: 5,
  error: 9,
  message: 23,
  stream: 13,
  'socket error': 20,
  accept: 11,
  closed: 9,
};

for (const [what, wire] of Object.entries(frames)) {
  test(`broker frames: refuses ${what} cut short`, () => {
    const whole = fromHex(wire);
    for (let length = 0; length < least[what as keyof typeof least]; length++)
      assert.throws(() => parseFrame(whole.subarray(0, length)), /broker frame/, `${length} bytes`);
  });
}

test('broker frames: refuses what is too long, unknown operations and families', () => {
  assert.throws(() => parseFrame(fromHex(`${frames.closed}00`)), /1 bytes too many/);
  assert.throws(() => parseFrame(fromHex('87 00000001')), /unknown operation 135/);
  assert.throws(() => parseFrame(fromHex('85 00000005 00000006 0900')), /address family/);
});

test('broker frames: writes a SEND with address and source', () => {
  const frame = requestFrame(Operation.SEND, 258, (out) => {
    out.u32(42);
    writeAddress(out, peer);
    writeLocal(out, { address: fromHex('c0000202'), interfaceIndex: 3 });
    out.bytes(fromHex('aabb'));
  });
  const body = '07 00000102 0000002a 0206 01f4c0000201 04c000020200000003 aabb';
  assert.is(toHex(frame), toHex(fromHex(`0000001c ${body}`)));
});

test('broker frames: writes absent address and source, and payloads beyond its first buffer', () => {
  const payload = new Uint8Array(5000).fill(9);
  const frame = requestFrame(Operation.SEND, 1, (out) => {
    writeAddress(out);
    writeLocal(out);
    out.bytes(payload);
  });
  assert.is(toHex(frame.subarray(4, 16)), '070000000100000000000000');
  assert.ok(equal(frame.subarray(16), payload));
});

/** Frames with length field, as the broker writes them. */
const framed = (bodies: readonly Uint8Array[]) =>
  concat(
    ...bodies.flatMap((body) => [Uint8Array.of(0, 0, body.length >> 8, body.length & 255), body]),
  );

test('frame reader: gives the same frames whatever the pieces', () => {
  const bodies = [5, 300, 6, 7, 1000].map((length, i) => new Uint8Array(length).fill(i + 1));
  const stream = framed(bodies);
  for (const size of [1, 2, 3, 7, 64, 301, 5000]) {
    const seen: Uint8Array[] = [];
    const reader = new FrameReader((frame) => seen.push(frame.slice()));
    for (let at = 0; at < stream.length; at += size) reader.push(stream.slice(at, at + size));
    assert.equal(seen, bodies, `pieces of ${size}`);
  }
});

test('frame reader: refuses lengths out of bounds, in one piece or in two', () => {
  for (const length of ['00000004', '000101d1', 'ffffffff']) {
    const head = fromHex(length);
    const reader = () => new FrameReader(() => undefined);
    assert.throws(() => reader().push(concat(head, new Uint8Array(9))), /length is/);
    const inTwo = reader();
    inTwo.push(head.subarray(0, 3));
    assert.throws(() => inTwo.push(head.subarray(3)), /length is/);
  }
});
