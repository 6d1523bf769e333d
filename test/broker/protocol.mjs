// HELLO, wrong frames and frames in pieces.
import assert from 'node:assert/strict';
import os from 'node:os';
import * as f from './frames.mjs';
import { refused } from './support.mjs';

export const tests = [];
const test = (name, run) => tests.push([name, run]);

// SOL_SOCKET, SO_REUSEADDR, SO_BROADCAST, SO_RCVBUF, SO_SNDBUF, SO_MARK, SO_RCVBUFFORCE;
// source: Linux include/uapi/asm-generic/socket.h and arch/mips/include/uapi/asm/socket.h.
const constants = {
  mips: [0xffff, 0x0004, 0x0020, 0x1002, 0x1001, 36, 33],
  others: [1, 2, 6, 8, 7, 36, 33],
};

test('hello tells about machine and limits', async ({ broker, variant }) => {
  const hello = await broker.hello;
  const isMips = variant === 'mips';
  const hostIsBig = os.endianness() === 'BE';
  const emulated = isMips || variant === 'arm';
  assert.equal(hello.protocol, 1);
  assert.equal(hello.isBigEndian, isMips || (!emulated && hostIsBig));
  assert.deepEqual(hello.constants, constants[isMips ? 'mips' : 'others']);
  assert.deepEqual([hello.maxFrame, hello.maxSockets], [66000, 256]);
  assert.equal(hello.version, 'dev');
});

test('errno is the machine’s, with its text', async ({ broker, variant }) => {
  const reply = broker.request(77);
  await refused(reply, 'ENOSYS');
  await reply.catch((error) => assert.equal(error.errno, variant === 'mips' ? 89 : 38));
});

/** One good body per operation, and whether a shorter one can be good, too. */
function goodBodies(stream, datagram, path) {
  const handle = f.u32(datagram);
  return [
    [f.op.open, Buffer.concat([f.u8(2), f.u8(2), f.u32(0)])],
    [f.op.bind, Buffer.concat([handle, f.inet('127.0.0.1', 0)])],
    [f.op.bindDevice, Buffer.concat([handle, Buffer.from('lo')]), 4],
    [f.op.connect, Buffer.concat([f.u32(stream), f.unix(path)])],
    [f.op.listen, Buffer.concat([f.u32(stream), f.u32(4)])],
    [f.op.setOption, Buffer.concat([handle, f.u32(1), f.u32(6), f.u32(0)]), 12],
    [f.op.send, Buffer.concat([handle, f.inet('127.0.0.1', 9), f.noLocal, f.u8(1)]), 25],
    [f.op.localAddress, handle],
    [f.op.close, handle],
  ];
}

test('every body cut at every byte, and a byte too long', async ({ broker, folder }) => {
  const stream = await broker.open('unix', 'stream');
  const datagram = await broker.open('inet', 'datagram');
  for (const [operation, body, freeFrom = body.length] of goodBodies(stream, datagram, folder)) {
    for (let length = 0; length < freeFrom; length++) {
      await refused(broker.request(operation, body.subarray(0, length)), 'EBADMSG');
    }
    if (freeFrom === body.length) {
      await refused(broker.request(operation, body, f.u8(0)), 'EBADMSG');
    }
  }
  await broker.localAddress(datagram);
});

test('frames too short for operation and tag', async ({ broker }) => {
  for (let length = 0; length < 5; length++) {
    broker.child.stdin.write(Buffer.concat([f.u32(length), Buffer.alloc(length, 1)]));
    assert.equal((await broker.next(f.op.error, 0)).text, 'Bad message');
  }
  await broker.open('inet', 'datagram');
});

test('unknown operation, handle, family, type', async ({ broker }) => {
  for (const operation of [0, 10, 0x7f, 0x80, 0x81, 0xff]) {
    await refused(broker.request(operation, f.u32(0)), 'ENOSYS');
  }
  const closed = await broker.open('unix', 'stream');
  await broker.close(closed);
  const again = await broker.open('unix', 'stream');
  for (const handle of [0, 1, closed, again + 1, again + 256, 0xffffffff]) {
    await refused(broker.close(handle), 'EBADF');
  }
  const open = (...codes) => broker.request(f.op.open, Buffer.from(codes), f.u32(0));
  for (const code of [0, 6, 255]) {
    await refused(open(code, 1), 'EAFNOSUPPORT');
    await refused(open(1, code), 'ESOCKTNOSUPPORT');
  }
  await broker.close(again);
});

test('inner lengths outside their bounds', async ({ broker }) => {
  const { handle } = await broker.bound('127.0.0.1');
  const h = f.u32(handle);
  const wrong = [
    Buffer.from([6, 0]), // unknown family
    Buffer.from([0, 1, 0]), // no address, but a byte of it
    f.address(f.family.inet, Buffer.alloc(127)),
    Buffer.from([2, 14, 0, 0]), // promises 14 bytes, has 2
  ];
  for (const address of wrong) await refused(broker.request(f.op.bind, h, address), 'EBADMSG');
  const locals = [1, 3, 5, 15, 17, 255].map((n) =>
    Buffer.concat([f.u8(n), Buffer.alloc(n), f.u32(0)]),
  );
  for (const local of locals) {
    await refused(broker.request(f.op.send, h, f.inet('127.0.0.1', 9), local), 'EBADMSG');
  }
  for (const address of [f.noAddress, f.address(f.family.inet, Buffer.alloc(3))]) {
    await refused(broker.request(f.op.bind, h, address), 'EINVAL');
  }
  await broker.bind(await broker.open('unix', 'datagram'), f.address(f.family.unix, [0, 65, 66]));
});

test('longest frame, and one byte more', async ({ broker }) => {
  const { handle } = await broker.bound('127.0.0.1');
  const value = Buffer.alloc(f.maxFrame - 5 - 12);
  await refused(broker.setOption(handle, 77, 1, value), 'ENOPROTOOPT');
  broker.child.stdin.write(f.u32(f.maxFrame + 1));
  const { status, errorText } = await broker.ended;
  assert.equal(status, 1);
  assert.equal(errorText, 'autoipsec-broker: a frame of 66001 bytes, 66000 are allowed\n');
  broker.mayEnd = true;
});

const conversation = Buffer.concat([
  f.frame(f.op.open, 1, Buffer.from([2, 2]), f.u32(0)),
  f.frame(f.op.bind, 2, f.u32(0x100), f.inet('127.0.0.1', 0)),
  f.frame(f.op.send, 3, f.u32(0x100), f.inet('127.0.0.1', 9), f.noLocal, Buffer.from('abc')),
  f.frame(99, 4),
  f.frame(f.op.close, 5, f.u32(0x100)),
]);

test('frames in pieces of one byte', async ({ broker }) => {
  await broker.hello;
  for (const byte of conversation) {
    broker.child.stdin.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  for (const tag of [1, 2, 3, 5]) await broker.next(f.op.ok, tag);
  await broker.next(f.op.error, 4);
});

test('standard input ends at every byte', async ({ start, isEmulated }) => {
  const step = isEmulated ? 13 : 3; // each is a process
  for (let length = 0; length < conversation.length; length += step) {
    const broker = start();
    broker.child.stdin.write(conversation.subarray(0, length));
    await broker.finish();
  }
});
