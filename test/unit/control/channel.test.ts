import { utf8 } from '../../../src/core/bytes/text.js';
import {
  ControlError,
  controlRequest,
  responsePatienceMs,
} from '../../../src/core/control/client.js';
import { maxRequestBytes } from '../../../src/core/control/lines.js';
import { ControlRefusal, type ControlRequest } from '../../../src/core/control/protocol.js';
import {
  type ControlHandlers,
  clientPatienceMs,
  createControlServer,
  maxControlClients,
} from '../../../src/core/control/server.js';
import { createLogger } from '../../../src/core/log.js';
import type { TcpConnection } from '../../../src/core/net/network.js';
import { MemoryNetwork } from '../../support/memory-network.js';
import { SteppedClock, settle } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';

const path = '/var/run/autoipsec/control.sock';

function world() {
  const clock = new SteppedClock();
  const network = new MemoryNetwork(clock).host('192.0.2.1');
  const files = new MemoryFiles();
  const lines: string[] = [];
  const log = createLogger(
    { write: (level, line) => lines.push(`${level} ${line}`) },
    () => 'debug',
  );
  const parts = { network, files, timers: clock, log };
  return {
    ...parts,
    clock,
    lines,
    serve: (handlers: ControlHandlers) => createControlServer(parts, path, handlers),
    ask: (request: ControlRequest) => controlRequest({ network, timers: clock }, path, request),
  };
}

const failure = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'no error',
    (error) => (error instanceof ControlError ? `${error.kind}: ${error.message}` : `${error}`),
  );

/** A client that says what it likes. */
async function rawClient({ network }: ReturnType<typeof world>) {
  const seen = { text: '', closed: false };
  const connection: TcpConnection = await network.connectLocal(path, {
    data: (bytes) => {
      seen.text += String.fromCharCode(...bytes);
    },
    close: () => {
      seen.closed = true;
    },
  });
  return { connection, seen };
}

test('control: a request is answered by its handler', async () => {
  const host = world();
  await host.serve({ twice: (request) => ({ value: 2 * Number(request.value) }) });
  assert.equal(await host.ask({ command: 'twice', value: 21 }), { value: 42 });
  await settle();
  assert.is(host.clock.pendingTimers, 0, 'neither end leaves a timer');
});

test('control: a handler may take its time and may give nothing', async () => {
  const host = world();
  await host.serve({ slow: () => settle() });
  assert.is(await host.ask({ command: 'slow' }), null);
});

test('control: unknown commands, also names of the prototype, are refused', async () => {
  const host = world();
  await host.serve({});
  assert.is(await failure(host.ask({ command: 'dance' })), "refused: no command 'dance'");
  assert.is(await failure(host.ask({ command: 'toString' })), "refused: no command 'toString'");
});

test('control: an expected refusal reaches the asker, a bug only the log', async () => {
  const host = world();
  await host.serve({
    no: () => {
      throw new ControlRefusal('not an address');
    },
    bug: () => {
      throw new Error('a secret detail');
    },
  });
  assert.is(await failure(host.ask({ command: 'no' })), 'refused: not an address');
  assert.equal(host.lines, []);
  assert.is(
    await failure(host.ask({ command: 'bug' })),
    'refused: an internal error, see the log of the daemon',
  );
  assert.match(host.lines[0]!, /^error command bug: .*/);
});

test('control: nobody listening is told apart', async () => {
  assert.is(
    await failure(world().ask({ command: 'status' })),
    `not running: ${path}: connect: No such file or directory`,
  );
});

test('control: a daemon that never answers is given up', async () => {
  const host = world();
  await host.serve({ never: () => new Promise(() => undefined) });
  const asked = failure(host.ask({ command: 'never' }));
  await host.clock.advance(responsePatienceMs);
  assert.is(await asked, 'broken: no answer within 30 seconds');
});

test('control: a daemon that goes away in the middle is told', async () => {
  const host = world();
  const server = await host.serve({ never: () => new Promise(() => undefined) });
  const asked = failure(host.ask({ command: 'never' }));
  await settle();
  server.close();
  assert.is(await asked, 'broken: the daemon closed without an answer');
});

const nonsense = [
  '',
  '{',
  'null',
  '[]',
  '7',
  '{"command":7}',
  '{"cmd":"status"}',
  '['.repeat(4000),
];
for (const line of nonsense)
  test(`control: answers nonsense ${JSON.stringify(line.slice(0, 20))} and goes on`, async () => {
    const host = world();
    await host.serve({ ping: () => 'pong' });
    const { connection, seen } = await rawClient(host);
    connection.send(utf8(`${line}\n{"command":"ping"}\n`));
    await settle();
    const refusal = '{"ok":false,"error":"the request is no JSON object with a command"}\n';
    assert.is(seen.text, `${refusal}{"ok":true,"result":"pong"}\n`);
  });

test('control: a line that is too long ends the connection', async () => {
  const host = world();
  await host.serve({});
  const { connection, seen } = await rawClient(host);
  connection.send(new Uint8Array(maxRequestBytes + 1).fill(65));
  await settle();
  assert.ok(seen.closed);
});

test('control: too many requests at once end the connection', async () => {
  const host = world();
  await host.serve({ ping: () => 'pong' });
  const { connection, seen } = await rawClient(host);
  connection.send(utf8('{"command":"ping"}\n'.repeat(17)));
  await settle();
  assert.is(seen.text, '');
  assert.ok(seen.closed);
});

test('control: a silent client is let go, and leaves no timer', async () => {
  const host = world();
  await host.serve({});
  const { seen } = await rawClient(host);
  await host.clock.advance(clientPatienceMs);
  assert.ok(seen.closed);
  assert.is(host.clock.pendingTimers, 0);
});

test('control: one client too many is turned away; a place gets free again', async () => {
  const host = world();
  await host.serve({ ping: () => 'pong' });
  const clients = [];
  for (let i = 0; i < maxControlClients; i++) clients.push(await rawClient(host));
  const late = await rawClient(host);
  await settle();
  assert.ok(late.seen.closed);
  clients[0]!.connection.close();
  await settle();
  assert.is(await host.ask({ command: 'ping' }), 'pong');
});

test('control: a second daemon is refused until the first has gone', async () => {
  const host = world();
  const server = await host.serve({});
  const second = await host.serve({}).catch((error: Error) => error.message);
  assert.is(second, `${path}: bind: Address in use`);
  server.close();
  await host.serve({});
});

test('control: the folder of the socket is for its owner alone', async () => {
  const made: [string, number][] = [];
  const host = world();
  const files = { makeFolder: (folder: string, mode: number) => void made.push([folder, mode]) };
  await createControlServer({ ...host, files }, path, {});
  assert.equal(made, [['/var/run/autoipsec', 0o700]]);
});

test('control: an answer for a client that has left goes nowhere and leaves no timer', async () => {
  const host = world();
  let finish: (value: unknown) => void = () => undefined;
  await host.serve({ slow: () => new Promise((resolve) => (finish = resolve)) });
  const { connection } = await rawClient(host);
  connection.send(utf8('{"command":"slow"}\n'));
  await settle();
  connection.close();
  await settle();
  finish(1);
  await settle();
  assert.is(host.clock.pendingTimers, 0);
});

test('control: closing lets go of clients and timers', async () => {
  const host = world();
  const server = await host.serve({});
  const { seen } = await rawClient(host);
  server.close();
  await settle();
  assert.ok(seen.closed);
  assert.is(host.clock.pendingTimers, 0);
});
