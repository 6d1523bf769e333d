// Back-pressure: a script that does not read, a peer that does not read.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { readFileSync } from 'node:fs';
import * as f from './frames.mjs';
import { refused, sleep } from './support.mjs';

export const tests = [];
const test = (name, run) => tests.push([name, run]);

/** Resident kilobytes of the broker's process (with the emulator's or the sanitizer's share). */
function residentKilobytes({ child }) {
  const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
  return Number(/VmRSS:\s*(\d+)/.exec(status)[1]);
}

test('datagrams pour in and nobody reads', async ({ broker }) => {
  const target = await broker.bound('127.0.0.1');
  const before = residentKilobytes(broker);
  broker.child.stdout.pause();
  const source = dgram.createSocket('udp4');
  const payload = Buffer.alloc(1400, 7);
  const count = 20000; // 28 MB
  for (let sent = 0; sent < count; sent += 100) {
    for (let i = 0; i < 100; i++) source.send(payload, target.port, '127.0.0.1');
    await new Promise(setImmediate);
  }
  // Requests are still taken: this one is answered when the script reads again.
  const reply = broker.localAddress(target.handle);
  await sleep(200);
  const grown = residentKilobytes(broker) - before;
  assert.ok(grown < 1024, `grown by ${grown} KB`);
  assert.ok(broker.child.stdin.writableLength === 0, 'the request was taken');

  broker.child.stdout.resume();
  await reply;
  const first = await broker.next(f.op.message, target.handle);
  assert.equal(first.payload.length, payload.length);
  source.close();
  while (broker.frames.length) broker.frames.length = await sleep(50).then(() => 0);
  await broker.send(target.handle, 'still here', target.address);
  let last;
  do last = await broker.next(f.op.message, target.handle);
  while (last.payload.toString() !== 'still here');
});

test('requests pour in and nobody reads', async ({ broker }) => {
  await broker.hello;
  const before = residentKilobytes(broker);
  broker.child.stdout.pause();
  const count = 60000;
  const replies = [];
  const frames = [];
  const order = [];
  for (let i = 0; i < count; i++) {
    const { frame, reply } = broker.prepare(f.op.close, f.u32(0));
    frames.push(frame);
    replies.push(reply.catch((error) => order.push(error.text === 'Bad file descriptor' && i)));
  }
  broker.child.stdin.write(Buffer.concat(frames));
  await sleep(300);
  assert.ok(broker.child.stdin.writableLength > 0, 'the broker has stopped taking requests');
  const grown = residentKilobytes(broker) - before;
  assert.ok(grown < 1024, `grown by ${grown} KB`);
  broker.child.stdout.resume();
  await Promise.all(replies);
  assert.deepEqual(
    order,
    Array.from({ length: count }, (_, i) => i),
  );
});

/** Sends numbered blocks until one is refused for lack of room; gives the replies that wait. */
async function fill(broker, socket, size) {
  const waiting = [];
  for (let i = 0; i < 1000; i++) {
    const reply = broker.send(socket, Buffer.alloc(size, i));
    // The next request is answered at once, so this one was, too, if it will not wait.
    const state = { done: false, block: Buffer.alloc(size, i), reply };
    const settle = (error) => {
      state.done = true;
      state.error = error;
    };
    reply.then(() => settle(), settle);
    await broker.localAddress(socket);
    await new Promise(setImmediate);
    if (state.error) {
      await refused(reply, 'ENOBUFS');
      return waiting;
    }
    waiting.push(state);
  }
  throw new Error('1000 blocks were taken');
}

async function slowPeer(broker, path, serve) {
  let connection;
  const server = await serve(path, (accepted) => {
    connection = accepted;
    accepted.pause();
  });
  const socket = await broker.open('unix', 'stream');
  await broker.connect(socket, f.unix(path));
  while (!connection) await sleep(5);
  return { socket, connection, server };
}

for (const [what, size] of [
  ['large', 60000],
  ['small', 3000],
]) {
  test(`a stream's peer does not read: ${what} sends wait, then are refused`, async (t) => {
    const { broker, folder, serve } = t;
    const { socket, connection } = await slowPeer(broker, `${folder}/slow`, serve);
    const sends = await fill(broker, socket, size);
    const waiting = sends.filter((s) => !s.done).length;
    assert.ok(waiting > 0 && waiting <= 64 && waiting * size <= 256 * 1024, `${waiting} wait`);
    const expected = Buffer.concat(sends.map((s) => s.block));
    const received = [];
    let length = 0;
    connection.on('data', (bytes) => {
      received.push(bytes);
      length += bytes.length;
    });
    connection.resume();
    await Promise.all(sends.map((s) => s.reply));
    await broker.send(socket, 'end');
    while (length < expected.length + 3) await sleep(5);
    assert.ok(Buffer.concat(received).equals(Buffer.concat([expected, Buffer.from('end')])));
  });
}

test('closing answers the sends that wait', async ({ broker, folder, serve }) => {
  const { socket } = await slowPeer(broker, `${folder}/slow`, serve);
  const waiting = (await fill(broker, socket, 60000)).filter((s) => !s.done);
  assert.ok(waiting.length > 0);
  await broker.close(socket);
  for (const { reply } of waiting) await refused(reply, 'ECANCELED');
});

test('a lost peer answers the sends that wait', async ({ broker, folder, serve }) => {
  const { socket, connection } = await slowPeer(broker, `${folder}/slow`, serve);
  const waiting = (await fill(broker, socket, 60000)).filter((s) => !s.done);
  connection.destroy();
  await broker.next(f.op.closed, socket);
  for (const { reply } of waiting) await assert.rejects(reply);
  await refused(broker.send(socket, 'x'), 'EPIPE');
});
