/** The sockets' side of the broker protocol against a broker that a test plays. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import { BrokerSockets } from '../../../src/core/platform/broker/broker-sockets.js';
import { FrameReader } from '../../../src/core/platform/broker/frame-reader.js';
import type { ChildEvents, Processes, RawSocket } from '../../../src/core/platform/platform.js';
import { settle } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

const hello = `80 00000000 01 00 ${'00000001'.repeat(7)} 000101d0 00000100`;
const rest = (hex: string) => hex.replace(/\s/g, '');
const u32 = (value: number) => value.toString(16).padStart(8, '0');

/** A broker in the test's hands: sees requests as hex, says frames. */
class PlayedBroker implements Processes {
  requests: string[] = [];
  starts = 0;
  killed = 0;
  pendingBytes = 0;
  readonly thrown: unknown[] = [];
  #events: ChildEvents = {};

  spawn = (_argv: readonly string[], events: ChildEvents) => {
    this.starts++;
    this.#events = events;
    const reader = new FrameReader((frame) => this.requests.push(toHex(frame)));
    const played = this;
    return {
      pid: 1,
      write: (bytes: Uint8Array) => reader.push(bytes),
      get pendingBytes() {
        return played.pendingBytes;
      },
      closeInput: () => undefined,
      kill: () => {
        this.killed++;
      },
    };
  };
  run = async () => ({ status: 0, output: new Uint8Array(), errorOutput: new Uint8Array() });

  /** Frames in one piece, as a busy pipe gives them. */
  say(...frames: string[]): void {
    const pieces = frames.map((hex) => {
      const body = fromHex(hex);
      return concat(fromHex(u32(body.length)), body);
    });
    this.#events.output?.(concat(...pieces));
  }
  /** Tag of the latest request. */
  get tag(): string {
    return this.requests.at(-1)!.slice(2, 10);
  }
  die(status: number, words = ''): void {
    this.#events.errorOutput?.(utf8(words));
    this.#events.exit?.(status);
  }
}

function setUp() {
  const broker = new PlayedBroker();
  const sockets = new BrokerSockets(broker, '/broker', (run) => {
    try {
      run();
    } catch (error) {
      broker.thrown.push(error);
    }
  });
  const failures: string[] = [];
  sockets.onFailure((reason) => failures.push(reason));
  const messageOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no error',
      (error: Error) => error.message,
    );
  return { broker, sockets, failures, messageOf };
}

async function openSocket(broker: PlayedBroker, sockets: BrokerSockets, handle = 42) {
  const opening = sockets.open('inet', 'datagram', 17);
  if (broker.requests.length === 0) broker.say(hello);
  await settle();
  broker.say(`81 ${broker.tag} ${u32(handle)}`);
  return opening;
}

test('broker sockets: OPEN asks for family, type and protocol once the broker said hello', async () => {
  const { broker, sockets } = setUp();
  const opening = sockets.open('inet6', 'raw', 58);
  await settle();
  assert.equal(broker.requests, []);
  broker.say(hello);
  await settle();
  assert.is(broker.requests[0], rest(`01 ${broker.tag} 03 03 0000003a`));
  broker.say(`81 ${broker.tag} 00000009`);
  assert.ok(await opening);
  assert.is(broker.starts, 1);
});

test('broker sockets: a message right behind the OK of OPEN is not lost', async () => {
  const { broker, sockets } = setUp();
  const opening = sockets.open('netlink', 'raw', 15);
  broker.say(hello);
  await settle();
  broker.say(`81 ${broker.tag} 0000002a`, '83 0000002a 00 0000 00 00000000 beef');
  const seen: string[] = [];
  (await opening).listenTo({ message: ({ bytes }) => seen.push(toHex(bytes)) });
  assert.equal(seen, ['beef']);
});

test('broker sockets: an error names call and reason and has the errno', async () => {
  const { broker, sockets } = setUp();
  const socket = await openSocket(broker, sockets);
  const binding = socket.bind({ family: 'inet', bytes: new Uint8Array(14) });
  broker.say(`82 ${broker.tag} 00000062 ${toHex(utf8('Address already in use'))}`);
  const error = await binding.catch((reason) => reason);
  assert.is(error.message, 'bind: Address already in use');
  assert.is(error.errno, 98);
});

test('broker sockets: answers find their requests in any order', async () => {
  const { broker, sockets } = setUp();
  const socket = await openSocket(broker, sockets);
  const first = socket.send(utf8('1'));
  const firstTag = broker.tag;
  const second = socket.send(utf8('2'));
  broker.say(`81 ${broker.tag}`, `82 ${firstTag} 00000001 6e6f`);
  await second;
  assert.is(await first.catch((error) => error.message), 'send: no');
});

test('broker sockets: when the broker dies, requests fail, sockets close, the owner hears why', async () => {
  const { broker, sockets, failures, messageOf } = setUp();
  const socket = await openSocket(broker, sockets);
  const closed: number[] = [];
  socket.listenTo({ close: (errno) => closed.push(errno) });
  const waiting = messageOf(socket.listen(1));
  broker.die(1, 'out of memory\n');
  assert.is(await waiting, 'listen: socket broker: /broker: exit status 1: out of memory');
  assert.equal(closed, [32]);
  assert.equal(failures, ['socket broker: /broker: exit status 1: out of memory']);
  assert.match(await messageOf(socket.send(utf8('x'))), 'exit status 1');
});

test('broker sockets: a missing broker fails the open, and the next open tries again', async () => {
  const { broker, sockets, messageOf } = setUp();
  const opening = messageOf(sockets.open('inet', 'datagram', 0));
  broker.die(127);
  assert.match(await opening, '/broker can not be started');
  const again = openSocket(broker, sockets);
  assert.is(broker.starts, 2);
  assert.ok(await again);
});

test('broker sockets: another protocol version or a broken frame ends the broker', async () => {
  for (const frame of [hello.replace('00000000 01', '00000000 02'), '99 00000000']) {
    const { broker, sockets, failures, messageOf } = setUp();
    const opening = messageOf(sockets.open('inet', 'datagram', 0));
    broker.say(frame);
    assert.match(await opening, 'socket broker');
    assert.is(failures.length, 1);
    assert.is(broker.killed, 1);
    broker.die(0);
    assert.is(failures.length, 1);
  }
});

test('broker sockets: what an owner throws is its bug and ends nothing', async () => {
  const { broker, sockets, failures } = setUp();
  const socket = await openSocket(broker, sockets);
  const seen: string[] = [];
  socket.listenTo({
    message: ({ bytes }) => {
      seen.push(toHex(bytes));
      throw new Error('bug');
    },
  });
  const message = (byte: string) => `83 0000002a 00 0000 00 00000000 ${byte}`;
  broker.say(message('01'), message('02'));
  assert.equal(seen, ['01', '02']);
  assert.is(broker.thrown.length, 2);
  assert.equal(failures, []);
});

test('broker sockets: a broker that does not keep up gets no more datagrams', async () => {
  const { broker, sockets, messageOf } = setUp();
  const socket = await openSocket(broker, sockets);
  const before = broker.requests.length;
  broker.pendingBytes = 2 << 20;
  assert.match(await messageOf(socket.send(utf8('x'))), 'does not keep up');
  assert.is(broker.requests.length, before);
});

test('broker sockets: closed is silent, and late connections of a listener are closed', async () => {
  const { broker, sockets } = setUp();
  const listener = await openSocket(broker, sockets);
  const seen: unknown[] = [];
  listener.listenTo({
    message: (message) => seen.push(message),
    accept: () => seen.push('accept'),
  });
  listener.close();
  listener.close();
  assert.is(broker.requests.filter((request) => request.startsWith('09')).length, 1);
  broker.say('83 0000002a 00 0000 00 00000000 01', '85 0000002a 00000050 0100');
  assert.equal(seen, []);
  assert.ok(broker.requests.at(-1)?.endsWith('00000050'));
});

test('broker sockets: an accepted connection is a socket of its own', async () => {
  const { broker, sockets } = setUp();
  const listener = await openSocket(broker, sockets);
  const seen: string[] = [];
  listener.listenTo({
    accept: (socket: RawSocket) =>
      socket.listenTo({
        message: ({ bytes }) => seen.push(toHex(bytes)),
        close: (errno) => seen.push(`end ${errno}`),
      }),
  });
  broker.say(
    '85 0000002a 00000050 0100',
    '83 00000050 00 0000 00 00000000 07',
    '86 00000050 00000000',
  );
  assert.equal(seen, ['07', 'end 0']);
});

test('broker sockets: stop is no failure', async () => {
  const { broker, sockets, failures, messageOf } = setUp();
  const socket = await openSocket(broker, sockets);
  sockets.stop();
  broker.die(0);
  assert.equal(failures, []);
  assert.match(await messageOf(socket.listen(1)), 'stopped');
});
