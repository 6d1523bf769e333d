/** The real network through the real socket broker, on loopback, for every engine. */
import { concat, equal } from '../../../src/core/bytes/bytes.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { address } from '../../../src/core/net/address.js';
import type {
  Datagram,
  StreamEvents,
  TcpConnection,
  UdpOptions,
  Unreachable,
} from '../../../src/core/net/network.js';
import { SocketNetwork } from '../../../src/core/net/socket-network.js';
import type { Platform } from '../../../src/core/platform/platform.js';
import { assert, skip, test } from '../../support/test.js';
import { pattern } from './platform-suite.js';

/** Longer than anything on loopback takes, shorter than a patient person. */
const PATIENCE_MS = 5000;

interface Bench {
  platform: Platform;
  network: SocketNetwork;
  /** Waits until `done()` holds; fails when it does not in time. */
  until(done: () => boolean, what: string): Promise<void>;
}

function createBench(platform: Platform): Bench {
  const pause = (ms: number) =>
    new Promise<void>((resolve) => void platform.timers.after(ms, resolve));
  return {
    platform,
    network: new SocketNetwork(platform),
    async until(done, what) {
      const end = platform.clock.monotonicMs() + PATIENCE_MS;
      while (!done()) {
        if (platform.clock.monotonicMs() > end) throw new Error(`waited in vain for ${what}`);
        await pause(2);
      }
    },
  };
}

/** `makePlatform` is called for each test: a broker of its own, ended after it. */
export function socketsSuite(name: string, makePlatform: () => Platform): void {
  if (!makePlatform().environment('AUTOIPSEC_BROKER')) {
    skip(`${name}: sockets through the broker`, 'AUTOIPSEC_BROKER is not set');
    return;
  }
  const socketTest = (what: string, run: (bench: Bench) => Promise<void>) =>
    test(`${name} ${what}`, async () => {
      const platform = makePlatform();
      try {
        await run(createBench(platform));
      } finally {
        platform.sockets.stop();
      }
    });
  for (const family of [4, 6] as const) udpTests(socketTest, family);
  kernelOptionTests(socketTest);
  streamTests(socketTest);
  otherTests(socketTest);
}

type SocketTest = (what: string, run: (bench: Bench) => Promise<void>) => void;

/** A UDP socket that keeps what it hears. */
async function listener(network: SocketNetwork, options: Partial<UdpOptions>) {
  const heard: Datagram[] = [];
  const refusals: Unreachable[] = [];
  const socket = await network.udp({
    family: 4,
    port: 0,
    onDatagram: (datagram) => heard.push(datagram),
    onUnreachable: (event) => refusals.push(event),
    ...options,
  });
  return { socket, heard, refusals };
}

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: Error) => error.message,
  );

function udpTests(socketTest: SocketTest, family: 4 | 6): void {
  const loopback = address(family === 4 ? '127.0.0.1' : '::1');

  socketTest(
    `udp ${family}: a datagram arrives with both addresses, the answer too`,
    async ({ network, until }) => {
      const server = await listener(network, { family });
      const client = await listener(network, { family, address: loopback });
      assert.ok(server.socket.port > 0);
      client.socket.send(utf8('question'), { address: loopback, port: server.socket.port });
      await until(() => server.heard.length > 0, 'the question');
      const [question] = server.heard;
      assert.is(fromUtf8(question!.bytes), 'question');
      assert.equal(question!.peer, { address: loopback, port: client.socket.port });
      assert.is(question!.local, loopback);
      assert.is(question!.interfaceIndex, 1);
      server.socket.send(utf8('answer'), question!.peer, question!.local);
      await until(() => client.heard.length > 0, 'the answer');
      assert.equal(client.heard[0]!.peer, { address: loopback, port: server.socket.port });
    },
  );

  socketTest(`udp ${family}: a taken port is refused by number`, async ({ network }) => {
    const { socket } = await listener(network, { family });
    const message = await messageOf(listener(network, { family, port: socket.port }));
    assert.match(message, `udp port ${socket.port}`);
    assert.match(message, 'Address already in use');
  });

  socketTest(
    `udp ${family}: a closed port is told with peer and ICMP type`,
    async ({ network, until }) => {
      const { socket } = await listener(network, { family });
      const peer = { address: loopback, port: socket.port };
      socket.close();
      const client = await listener(network, { family });
      client.socket.send(utf8('x'), peer);
      await until(() => client.refusals.length > 0, 'the refusal');
      const icmp = family === 4 ? { type: 3, code: 3 } : { type: 1, code: 4 };
      assert.equal(client.refusals[0]!.peer, peer);
      assert.equal(client.refusals[0]!.icmp, icmp);
    },
  );

  socketTest(
    `udp ${family}: large and empty datagrams keep their bounds`,
    async ({ network, until }) => {
      const server = await listener(network, { family });
      const to = { address: loopback, port: server.socket.port };
      for (const length of [0, 1, 9000, 60_000]) server.socket.send(pattern(length), to);
      await until(() => server.heard.length === 4, 'four datagrams');
      for (const [i, length] of [0, 1, 9000, 60_000].entries())
        assert.ok(equal(server.heard[i]!.bytes, pattern(length)), `${length} bytes`);
    },
  );
}

function kernelOptionTests(socketTest: SocketTest): void {
  socketTest('udp: families do not share a port by accident', async ({ network }) => {
    const four = await listener(network, { family: 4 });
    const six = await listener(network, { family: 6, port: four.socket.port });
    assert.is(six.socket.port, four.socket.port);
  });

  socketTest(
    'udp: source address of the sender is chosen per datagram',
    async ({ network, until }) => {
      const server = await listener(network, {});
      const client = await listener(network, {});
      const to = { address: address('127.0.0.1'), port: server.socket.port };
      client.socket.send(utf8('x'), to, address('127.0.0.7'));
      await until(() => server.heard.length > 0, 'the datagram');
      assert.is(server.heard[0]!.peer.address, '127.0.0.7');
    },
  );

  socketTest(
    'udp: mark, device and ESP in UDP are taken by the kernel as root',
    async ({ network, until, platform }) => {
      if ((await platform.processes.run(['id', '-u'])).output[0] !== 0x30) return;
      const server = await listener(network, { device: 'lo', mark: 7, encapsulatesEsp: true });
      server.socket.send(utf8('x'), { address: address('127.0.0.1'), port: server.socket.port });
      await until(() => server.heard.length > 0, 'the datagram');
      const message = await messageOf(listener(network, { device: 'no-such-dev' }));
      assert.match(message, 'no-such-dev');
    },
  );

  for (const family of [4, 6] as const)
    socketTest(
      `udp ${family}: the kernel takes the XFRM bypass as root`,
      async ({ network, platform }) => {
        if ((await platform.processes.run(['id', '-u'])).output[0] !== 0x30) return;
        const message = await messageOf(listener(network, { family, bypassesIpsec: true }));
        // a kernel without XFRM does not know the option at all
        assert.match(message, /^no error$|Protocol not available/);
      },
    );
}

/** Keeps what comes and how it ended. */
function recorder() {
  const pieces: Uint8Array[] = [];
  const ends: string[] = [];
  const events: StreamEvents = {
    data: (bytes) => pieces.push(bytes),
    close: (reason) => ends.push(reason),
  };
  return { events, ends, all: () => concat(...pieces) };
}

function streamTests(socketTest: SocketTest): void {
  const path = (platform: Platform, what: string) => `/tmp/autoipsec-${platform.pid}-${what}.sock`;

  socketTest('local: a server answers, large answers too, and both ends close', async (bench) => {
    const { network, platform, until } = bench;
    const where = path(platform, 'answer');
    const served: string[] = [];
    const server = await network.listenLocal(where, (connection: TcpConnection) => ({
      data: (bytes) => {
        served.push(fromUtf8(bytes));
        connection.send(pattern(1_500_000));
        connection.close();
      },
      close: () => undefined,
    }));
    const { events, ends, all } = recorder();
    const client = await network.connectLocal(where, events);
    client.send(utf8('status'));
    await until(() => ends.length > 0, 'the end');
    assert.equal(served, ['status']);
    assert.equal(ends, ['']);
    assert.ok(equal(all(), pattern(1_500_000)));
    const mode = await platform.processes.run(['stat', '-c', '%a', where]);
    assert.is(fromUtf8(mode.output).trim(), '600');
    server.close();
    assert.match(await messageOf(network.connectLocal(where, events)), 'connect: No such file');
  });

  socketTest(
    'local: the client hears of an end, the server of a client that left',
    async (bench) => {
      const { network, platform, until } = bench;
      const ends: string[] = [];
      const server = await network.listenLocal(path(platform, 'ends'), () => ({
        data: () => undefined,
        close: (reason) => ends.push(`server '${reason}'`),
      }));
      const client = await network.connectLocal(path(platform, 'ends'), recorder().events);
      client.close();
      client.close();
      await until(() => ends.length > 0, 'the end');
      assert.equal(ends, ["server ''"]);
      server.close();
    },
  );

  socketTest('local: a stale socket file is replaced, a living server is not', async (bench) => {
    const { network, platform } = bench;
    const where = path(platform, 'stale');
    const accept = () => recorder().events;
    await network.listenLocal(where, accept);
    assert.match(await messageOf(network.listenLocal(where, accept)), 'another daemon');
    platform.sockets.stop(); // as a daemon that was killed
    const server = await network.listenLocal(where, accept);
    server.close();
  });

  socketTest('tcp: a refused connection says where to', async ({ network }) => {
    const { socket } = await listener(network, {});
    const to = { address: address('127.0.0.1'), port: socket.port };
    const message = await messageOf(network.tcp({ to, events: recorder().events }));
    assert.match(message, `tcp to 127.0.0.1 port ${to.port}: connect: Connection refused`);
  });
}

function otherTests(socketTest: SocketTest): void {
  socketTest('tcp: bytes go both ways', async ({ network, platform, until }) => {
    // the platform has no TCP server, so the raw sockets play one
    const raw = await platform.sockets.open('inet', 'stream', 0);
    await raw.bind({
      family: 'inet',
      bytes: Uint8Array.of(0, 0, 127, 0, 0, 1, ...new Uint8Array(8)),
    });
    raw.listenTo({
      accept: (socket) =>
        socket.listenTo({
          message: ({ bytes }) => void socket.send(bytes),
          close: () => socket.close(),
        }),
    });
    await raw.listen(1);
    const { bytes } = await raw.localAddress();
    const to = { address: address('127.0.0.1'), port: bytes[0]! * 256 + bytes[1]! };
    const { events, ends, all } = recorder();
    const client = await network.tcp({ to, events });
    client.send(pattern(50_000));
    await until(() => all().length === 50_000, 'the echo');
    assert.ok(equal(all(), pattern(50_000)));
    client.close();
    assert.equal(ends, []);
  });

  socketTest(
    'netlink: the kernel lists the loopback device',
    async ({ network, platform, until }) => {
      const heard: Uint8Array[] = [];
      const NETLINK_ROUTE = 0;
      const netlink = await network.netlink(NETLINK_ROUTE, 0, (message) => heard.push(message));
      // RTM_GETLINK (18), NLM_F_REQUEST | NLM_F_DUMP, then an empty ifinfomsg
      const request = new Uint8Array(32);
      const view = new DataView(request.buffer);
      const little = !platform.isBigEndian;
      view.setUint32(0, request.length, little);
      view.setUint16(4, 18, little);
      view.setUint16(6, 0x301, little);
      netlink.send(request);
      await until(() => heard.length > 0, 'the list');
      assert.ok(fromUtf8(concat(...heard)).includes('lo\0'));
      netlink.close();
    },
  );

  socketTest('broker: its death fails what comes later, with the reason', async (bench) => {
    const { network, platform, until } = bench;
    const failures: string[] = [];
    platform.sockets.onFailure((reason) => failures.push(reason));
    await listener(network, {});
    const children = `/proc/${platform.pid}/task/${platform.pid}/children`;
    const script = `for p in $(cat ${children}); do grep -q autoipsec-broke /proc/$p/comm && kill -KILL $p; done`;
    await platform.processes.run(['sh', '-c', script]);
    await until(() => failures.length > 0, 'the failure');
    assert.match(failures[0]!, 'killed by signal 9');
    assert.ok(await listener(network, {}), 'a new broker is started');
  });
}
