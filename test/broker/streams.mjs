// TCP and unix streams, unix datagrams: connect, listen, accept, data, ends.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { constants } from 'node:os';
import * as f from './frames.mjs';
import { refused, sleep } from './support.mjs';

export const tests = [];
const test = (name, run) => tests.push([name, run]);

/** A connected pair of streams: the listener, our end and the accepted end. */
async function pair(broker, familyName, boundAddress) {
  const listener = await broker.open(familyName, 'stream');
  await broker.bind(listener, boundAddress);
  await broker.listen(listener);
  const { family, bytes } = await broker.localAddress(listener);
  const client = await broker.open(familyName, 'stream');
  await broker.connect(client, f.address(family, bytes));
  const accepted = await broker.next(f.op.accept, listener);
  return { listener, client, server: accepted.handle, peer: accepted.peer };
}

/** Reads `length` bytes of a stream. */
async function collect(broker, handle, length) {
  const pieces = [];
  for (let have = 0; have < length; ) {
    const { payload, flags, peer, local } = await broker.next(f.op.message, handle);
    assert.ok(payload.length > 0 && payload.length <= 16384);
    assert.deepEqual([flags, peer.family, local.ip.length], [0, 0, 0]);
    pieces.push(payload);
    have += payload.length;
  }
  return Buffer.concat(pieces);
}

async function talk(broker, { client, server }) {
  await broker.send(client, 'ping');
  assert.equal((await collect(broker, server, 4)).toString(), 'ping');
  const long = Buffer.from(Array.from({ length: 60000 }, (_, i) => i & 255));
  await broker.send(server, long);
  assert.ok((await collect(broker, client, long.length)).equals(long));
  await refused(broker.send(client, 'x', f.inet('127.0.0.1', 9)), 'EINVAL');
  await refused(broker.connect(client, f.inet('127.0.0.1', 9)), 'EISCONN');

  await broker.close(client);
  assert.equal((await broker.next(f.op.closed, server)).errno, 0);
  await broker.localAddress(server); // a round through the broker's loop
  await broker.close(server);
  assert.deepEqual(broker.frames, [], 'no second end');
  await refused(broker.send(server, 'late'), 'EBADF');
}

for (const [name, ip] of [
  ['tcp4', '127.0.0.1'],
  ['tcp6', '::1'],
]) {
  const familyName = ip.includes(':') ? 'inet6' : 'inet';

  test(`${name}: connect, accept, data, close`, async ({ broker }) => {
    const ends = await pair(broker, familyName, f.inet(ip, 0));
    const { bytes } = await broker.localAddress(ends.client);
    assert.deepEqual(ends.peer.bytes, bytes);
    await talk(broker, ends);
  });

  test(`${name}: refused connect`, async ({ broker, isEmulated, skip }) => {
    const gone = await broker.bound(ip, 'stream');
    const socket = await broker.open(familyName, 'stream');
    const connecting = broker.connect(socket, gone.address);
    const error = await connecting.catch((reason) => reason);
    if (isEmulated && error.text === `Unknown error ${constants.errno.ECONNREFUSED}`) {
      skip('qemu-user gives SO_ERROR in the numbers of its host');
    }
    await refused(connecting, 'ECONNREFUSED');
    await refused(broker.send(socket, 'x'), 'ENOTCONN');
    await broker.close(socket);
  });
}

test('tcp4: connect that waits', async ({ broker, isolated, skip }) => {
  if (!isolated) skip('needs a network that answers nothing, made in a namespace of its own');
  const socket = await broker.open('inet', 'stream');
  const waiting = broker.connect(socket, f.inet('198.51.100.1', 9));
  await refused(broker.connect(socket, f.inet('198.51.100.1', 9)), 'EALREADY');
  await refused(broker.send(socket, 'x'), 'ENOTCONN');
  const closed = broker.close(socket);
  await refused(waiting, 'ECANCELED');
  await closed;
});

test('tcp4: a reset is an end with errno', async ({ broker }) => {
  const { client, server } = await pair(broker, 'inet', f.inet('127.0.0.1', 0));
  const [level] = (await broker.hello).constants;
  // SO_LINGER of zero seconds: close sends a reset. Its number is not in HELLO.
  const linger = (await broker.hello).constants[0] === 1 ? 13 : 0x80;
  await broker.setOption(client, level, linger, [...(await broker.int(1)), 0, 0, 0, 0]);
  await broker.close(client);
  assert.notEqual((await broker.next(f.op.closed, server)).errno, 0);
  await refused(broker.send(server, 'x'), 'EPIPE');
});

test('unix stream: file with mode 0600, data, close', async ({ broker, folder }) => {
  const path = `${folder}/stream`;
  const ends = await pair(broker, 'unix', f.unix(path));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(ends.peer.bytes.length, 0);
  await talk(broker, ends);
  const second = await broker.open('unix', 'stream');
  await refused(broker.bind(second, f.unix(path)), 'EADDRINUSE');
  await refused(broker.connect(second, f.unix(`${folder}/nobody`)), 'ENOENT');
});

test('unix stream: abstract name', async ({ broker }) => {
  const name = `\0autoipsec-test-${process.pid}`;
  await talk(broker, await pair(broker, 'unix', f.unix(name)));
});

test('unix stream: written after the peer stopped writing', async ({ broker, folder, serve }) => {
  const received = [];
  const server = await serve(`${folder}/half`, (connection) => {
    connection.on('data', (bytes) => received.push(bytes));
    connection.end('last words');
  });
  const socket = await broker.open('unix', 'stream');
  await broker.connect(socket, f.unix(`${folder}/half`));
  assert.equal((await collect(broker, socket, 10)).toString(), 'last words');
  assert.equal((await broker.next(f.op.closed, socket)).errno, 0);
  await broker.send(socket, 'answer');
  await broker.close(socket);
  await server.quiet();
  assert.equal(Buffer.concat(received).toString(), 'answer');
});

test('unix datagram: with and without a name', async ({ broker, folder }) => {
  const a = await broker.open('unix', 'datagram');
  const b = await broker.open('unix', 'datagram');
  await broker.bind(b, f.unix(`${folder}/b`));
  assert.equal(statSync(`${folder}/b`).mode & 0o777, 0o600);
  await broker.send(a, 'one', f.unix(`${folder}/b`));
  const anonymous = await broker.next(f.op.message, b);
  assert.deepEqual([anonymous.payload.toString(), anonymous.peer.bytes.length], ['one', 0]);
  await broker.bind(a, f.unix(`${folder}/a`));
  await broker.send(a, 'two', f.unix(`${folder}/b`));
  const named = await broker.next(f.op.message, b);
  assert.equal(named.peer.family, f.family.unix);
  assert.equal(named.peer.bytes.toString().replace('\0', ''), `${folder}/a`);
});

test('accept waits while all handles are in use', async ({ broker, folder }) => {
  const listener = await broker.open('unix', 'stream');
  await broker.bind(listener, f.unix(`${folder}/full`));
  await broker.listen(listener);
  const handles = [];
  for (let i = 0; i < 255; i++) handles.push(await broker.open('unix', 'stream'));
  await refused(broker.open('unix', 'stream'), 'EMFILE');
  await broker.connect(handles[0], f.unix(`${folder}/full`));
  await broker.send(handles[0], 'hello');
  assert.equal(broker.frames.length, 0);
  await broker.close(handles[1]);
  const { handle } = await broker.next(f.op.accept, listener);
  assert.ok(!handles.includes(handle), 'a handle is not given twice');
  assert.equal((await collect(broker, handle, 5)).toString(), 'hello');
});

test('accept goes on after descriptors ran out', async ({ start, folder }) => {
  const broker = start('sh', '-c', 'ulimit -n 16; exec "$@"', 'sh');
  const listener = await broker.open('unix', 'stream');
  await broker.bind(listener, f.unix(`${folder}/full`));
  await broker.listen(listener);
  const handles = [];
  const fill = async () => {
    while (handles.length < 16) handles.push(await broker.open('unix', 'stream'));
  };
  await refused(fill(), 'EMFILE');
  await broker.connect(handles[0], f.unix(`${folder}/full`));
  await broker.next(f.op.socketError, listener);
  await sleep(200);
  assert.ok(broker.frames.length <= 1, 'one report a second');
  await broker.close(handles[1]);
  await broker.next(f.op.accept, listener);
  // The leak sanitizer needs some descriptors at the end.
  for (const handle of handles.slice(2)) await broker.close(handle);
  await broker.finish();
});
