// How servers are asked: time limits, retries, TCP, and what is not taken for an answer.
import { RecordType } from '../../../src/core/dns/resolver.js';
import { address } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';
import { Bench, type FakeServer, type Reply, txt } from './fake-server.js';

const { TXT } = RecordType;
const name = '65.0.1.192.in-addr.arpa';
const good: Reply = { answers: [txt(name, 60, 'a')] };
const silent = () => undefined;

test('a silent server: the next one after 500 ms, the first one in turn again', async () => {
  const bench = new Bench();
  const first = bench.server('192.0.2.53', silent);
  const second = bench.server('192.0.2.54', () => good);
  const resolver = bench.resolver([first, second]);
  const { value, ms } = await bench.time(resolver.lookup(name, TXT));
  assert.is(value.kind, 'records');
  assert.is(ms, 500);
  // the silent one is not waited for by the next question
  const next = await bench.time(resolver.lookup('b', TXT));
  assert.is(next.ms, 0);
  assert.is(first.asked.length, 1);
});

test('a server that was silent is asked first again after 30 s', async () => {
  const bench = new Bench();
  const first = bench.server('192.0.2.53', silent);
  const second = bench.server('192.0.2.54', () => good);
  const resolver = bench.resolver([first, second]);
  await bench.time(resolver.lookup(name, TXT));
  first.answer = () => good;
  await bench.clock.advance(30_000);
  await bench.time(resolver.lookup('b', TXT));
  assert.equal([first.asked.length, second.asked.length], [2, 1]);
});

test('nobody answers: four attempts, three seconds, all silent servers named', async () => {
  const bench = new Bench();
  const servers = [bench.server('192.0.2.53', silent), bench.server('192.0.2.54', silent)];
  const { value, ms } = await bench.time(bench.resolver(servers).lookup(name, TXT));
  assert.equal(value, {
    kind: 'failed',
    reason: 'no answer from 192.0.2.53, 192.0.2.54 in 3000 ms',
  });
  assert.is(ms, 3000);
  assert.equal(
    servers.map((server) => server.asked.length),
    [2, 2],
  );
});

test('the time limits can be set', async () => {
  const bench = new Bench();
  const limits = { firstWaitMs: 100, nextWaitMs: 200, budgetMs: 450 };
  const server = bench.server('192.0.2.53', silent);
  const { ms } = await bench.time(bench.resolver([server], { limits }).lookup(name, TXT));
  assert.is(ms, 450);
  assert.is(server.asked.length, 3, 'at 0, 100 and 300 ms');
});

test('a late answer to the first attempt counts after the second was sent', async () => {
  const bench = new Bench();
  bench.world.path.delayMs = (packet) => (packet.from.address === '192.0.2.53' ? 700 : 0);
  const slow = bench.server('192.0.2.53', () => good);
  const dead = bench.server('192.0.2.54', silent);
  const { value, ms } = await bench.time(bench.resolver([slow, dead]).lookup(name, TXT));
  assert.is(value.kind, 'records');
  assert.is(ms, 700);
});

for (const [rcode, word] of [
  [2, 'SERVFAIL'],
  [5, 'REFUSED'],
  [9, 'RCODE 9'],
] as const)
  test(`${word}: the next server is asked at once`, async () => {
    const bench = new Bench();
    const bad = bench.server('192.0.2.53', () => ({ rcode }));
    const fine = bench.server('192.0.2.54', () => good);
    const { value, ms } = await bench.time(bench.resolver([bad, fine]).lookup(name, TXT));
    assert.is(value.kind, 'records');
    assert.is(ms, 0);
    assert.equal(await bench.resolver([bad]).lookup(name, TXT), {
      kind: 'failed',
      reason: `192.0.2.53: ${word}`,
    });
  });

test('FORMERR: the same server without EDNS', async () => {
  const bench = new Bench();
  const old = bench.server('192.0.2.53', ({ edns }) => (edns ? { rcode: 1 } : good));
  const result = await bench.resolver([old]).lookup(name, TXT);
  assert.is(result.kind, 'records');
  assert.is(old.asked.length, 2);
});

test('no server known: failed at once', async () => {
  const bench = new Bench();
  const { value, ms } = await bench.time(bench.resolver([]).lookup(name, TXT));
  assert.equal(value, { kind: 'failed', reason: 'no name server is known' });
  assert.is(ms, 0);
});

// Sizes

const large = (server: FakeServer, size: number) => {
  server.answer = ({ transport, name: asked }) => {
    const strings = Array.from({ length: Math.ceil(size / 256) }, () => 'x'.repeat(255));
    const fits = transport === 'tcp' || size <= 1232;
    return fits ? { answers: [txt(asked, 60, ...strings)] } : { tc: true };
  };
};

test('SP-14 answers of 1000, 1500, 4000 and 60000 bytes arrive whole', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', silent);
  const resolver = bench.resolver([server]);
  for (const size of [1000, 1500, 4000, 60_000]) {
    large(server, size);
    const { value } = await bench.time(resolver.lookup(`s${size}`, TXT));
    const length = value.kind === 'records' ? value.records[0]!.length : 0;
    assert.is(length, 256 * Math.ceil(size / 256), `${size} bytes`);
  }
  assert.equal(
    server.asked.map(({ transport }) => transport),
    ['udp', 'udp', 'tcp', 'udp', 'tcp', 'udp', 'tcp'],
  );
  assert.is(server.asked[0]!.edns?.payload, 1232);
});

test('TCP refused, cut off or answered wrongly: the next server', async () => {
  const bench = new Bench();
  const refusing = bench.server('192.0.2.53', () => ({ tc: true }));
  refusing.host.listenTcp(53, () => ({ data: () => undefined, close: () => undefined })).close();
  const cutting = bench.server('192.0.2.54', () => ({ tc: true }));
  cutting.host.listenTcp(53, (connection) => ({
    data: () => {
      connection.send(Uint8Array.of(1, 0, 1, 2, 3));
      connection.close();
    },
    close: () => undefined,
  }));
  const wrong = bench.server('192.0.2.55', ({ transport }) =>
    transport === 'udp' ? { tc: true } : { ...good, id: 1 },
  );
  const twice = bench.server('192.0.2.56', () => ({ tc: true }));
  const fine = bench.server('192.0.2.57', () => good);
  const servers = [refusing, cutting, wrong, twice];
  const all = await bench.time(bench.resolver([...servers, fine]).lookup(name, TXT));
  assert.is(all.value.kind, 'records');
  assert.is(all.ms, 0);
  const { value } = await bench.time(bench.resolver(servers).lookup(name, TXT));
  const reasons = value.kind === 'failed' ? value.reason : '';
  for (const why of [
    '192.0.2.53: TCP: tcp to 192.0.2.53 port 53: Connection refused',
    '192.0.2.54: TCP: closed before the answer was whole',
    '192.0.2.55: TCP: sent a wrong answer',
    '192.0.2.56: ',
  ])
    assert.ok(reasons.includes(why), reasons);
});

test('a TCP server that sends nothing costs no more than the time limit', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', ({ transport }) =>
    transport === 'udp' ? { tc: true } : undefined,
  );
  const { value, ms } = await bench.time(bench.resolver([server]).lookup(name, TXT));
  assert.is(value.kind, 'failed');
  assert.is(ms, 3000);
});

// Attackers

const forged: [string, Reply][] = [
  ['another id', { ...good, edit: (bytes) => bytes.with(1, bytes[1]! ^ 1) }],
  ['another question', { question: '66.0.1.192.in-addr.arpa', answers: [] }],
  ['other letters in the question', { question: name.toUpperCase(), answers: [] }],
  ['a query', { edit: (bytes) => bytes.with(2, 1) }],
  ['half an answer', { ...good, edit: (bytes) => bytes.slice(0, -30) }],
  ['noise', { edit: () => Uint8Array.of(1, 2, 3) }],
];
for (const [what, reply] of forged)
  test(`${what} is counted, and does not end the wait for the good one`, async () => {
    const bench = new Bench();
    const server = bench.server('192.0.2.53', () => [reply, reply, good]);
    const resolver = bench.resolver([server]);
    const { value } = await bench.time(resolver.lookup(name, TXT));
    assert.is(value.kind, 'records');
    assert.is(resolver.counters().wrongAnswers, 2);
  });

test('an answer from another address or port is counted and ignored', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', () => good);
  // the answer is good in every byte, and comes from elsewhere
  bench.world.path.rewrites = (packet) =>
    packet.from.port === 53 && packet.number === 2
      ? { ...packet, from: { address: address('192.0.2.99'), port: 53 } }
      : packet.from.port === 53 && packet.number === 4
        ? { ...packet, from: { ...packet.from, port: 54 } }
        : packet;
  const resolver = bench.resolver([server]);
  const { value, ms } = await bench.time(resolver.lookup(name, TXT));
  assert.is(value.kind, 'records');
  assert.is(ms, 1500, 'only the third attempt was answered');
  assert.is(resolver.counters().wrongAnswers, 2);
});

test('each question has a port of its own, each attempt an id of its own', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', silent);
  const resolver = bench.resolver([server]);
  const lookups = Array.from({ length: 20 }, (_, i) => resolver.lookup(`h${i}`, TXT));
  await bench.time(Promise.all(lookups));
  assert.is(new Set(server.asked.map(({ port }) => port)).size, 20);
  assert.is(server.asked.length, 80);
  assert.ok(new Set(server.asked.map(({ id }) => id)).size > 70);
});

test('letters of mixed case when wished, and the answer has to have the same', async () => {
  const bench = new Bench();
  const echo = bench.server('192.0.2.53', () => good);
  const lowers = bench.server('192.0.2.54', () => ({ ...good, question: name }));
  const ask = (server: FakeServer) =>
    bench.time(bench.resolver([server], { mixesCase: true }).lookup(name, TXT));
  assert.is((await ask(echo)).value.kind, 'records');
  const asked = echo.asked[0]!.name;
  assert.ok(asked !== name && asked.toLowerCase() === name, asked);
  assert.is((await ask(lowers)).value.kind, 'failed');
});

// ICMP

test('port unreachable is a hint only: the next server sooner, once', async () => {
  const bench = new Bench();
  bench.world.host('192.0.2.53'); // no name server there
  const dead = bench.server('192.0.2.54', silent);
  const { value, ms } = await bench.time(bench.resolver(['192.0.2.53', dead]).lookup(name, TXT));
  assert.is(value.kind, 'failed');
  assert.is(ms, 3000);
  const sent = bench.world.captured.filter((packet) => packet.to.port === 53).length;
  assert.ok(sent >= 4 && sent <= 6, `${sent} queries`);
  assert.is(dead.asked.length > 0, true);
});

test('closed ports everywhere: each is a hint once, no storm of queries between them', async () => {
  const bench = new Bench();
  const servers = ['192.0.2.53', '192.0.2.54'];
  for (const server of servers) bench.world.host(server);
  const { ms } = await bench.time(bench.resolver(servers).lookup(name, TXT));
  assert.is(ms, 3000);
  assert.ok(bench.world.captured.length <= 6, `${bench.world.captured.length} queries`);
});

test('no resolver on loopback: failed at once', async () => {
  const bench = new Bench();
  bench.world.host('127.0.0.1');
  const { value, ms } = await bench.time(bench.resolver(['127.0.0.1']).lookup(name, TXT));
  assert.equal(value, { kind: 'failed', reason: '127.0.0.1: unreachable (errno 111)' });
  assert.is(ms, 0);
});

test('no way to any server: failed at once, without a storm of queries', async () => {
  const bench = new Bench();
  bench.client.addresses.length = 0;
  const servers = ['192.0.2.53', '192.0.2.54', '2001:db8::53'];
  const { value, ms } = await bench.time(bench.resolver(servers).lookup(name, TXT));
  assert.is(value.kind, 'failed');
  assert.is(ms, 0);
});

test('a socket that can not be opened: failed with the reason', async () => {
  const bench = new Bench();
  const network = {
    udp: () => Promise.reject(new Error('udp: no more files')),
    tcp: () => Promise.reject(new Error('tcp: no more files')),
  };
  const { value } = await bench.time(bench.resolver(['192.0.2.53'], { network }).lookup(name, TXT));
  assert.equal(value, { kind: 'failed', reason: '192.0.2.53: udp: no more files' });
});

// Sockets

test('every socket carries the mark, and all are closed when the question is over', async () => {
  const bench = new Bench();
  const marks: (number | undefined)[] = [];
  const server = bench.server('192.0.2.53', ({ transport }) =>
    transport === 'udp' ? { tc: true } : good,
  );
  const { client } = bench;
  const network = {
    udp: (options: Parameters<typeof client.udp>[0]) => {
      marks.push(options.mark);
      return client.udp(options);
    },
    tcp: (options: Parameters<typeof client.tcp>[0]) => {
      marks.push(options.mark);
      return client.tcp(options);
    },
  };
  await bench.time(bench.resolver([server], { network, mark: 0x77 }).lookup(name, TXT));
  assert.equal(marks, [0x77, 0x77]);
  await bench.clock.advance(0);
  assert.is(client.udpSockets.length, 0);
  assert.is(bench.clock.pendingTimers, 0);
});

test('stop: open questions end as failed, no socket and no timer is left', async () => {
  const bench = new Bench();
  const resolver = bench.resolver([bench.server('192.0.2.53', silent)]);
  const lookups = [resolver.lookup('a', TXT), resolver.lookup('b', TXT)];
  await bench.clock.advance(600);
  assert.is(bench.client.udpSockets.length, 2);
  resolver.stop();
  for (const result of await Promise.all(lookups))
    assert.equal(result, { kind: 'failed', reason: 'the resolver stopped' });
  await bench.clock.advance(0);
  assert.is(bench.client.udpSockets.length, 0);
  assert.is(bench.clock.pendingTimers, 0);
  const late = await resolver.lookup('c', TXT);
  assert.equal(late, { kind: 'failed', reason: 'the resolver stopped' });
});

test('stop while a socket is being opened: it is closed when it comes', async () => {
  const bench = new Bench();
  const resolver = bench.resolver([bench.server('192.0.2.53', silent)]);
  const lookup = resolver.lookup('a', TXT);
  resolver.stop();
  await lookup;
  await bench.clock.advance(0);
  assert.is(bench.client.udpSockets.length, 0);
  assert.is(bench.world.captured.length, 0, 'and nothing was sent');
});

test('OE-82 fifty questions into a black hole end together, and hold up no other', async () => {
  const bench = new Bench();
  bench.world.path.delayMs = 10;
  const server = bench.server('192.0.2.53', (asked) =>
    asked.name === 'live' ? { answers: [txt('live', 60, 'a')] } : undefined,
  );
  const resolver = bench.resolver([server]);
  const lookups = Array.from({ length: 50 }, (_, i) => resolver.lookup(`hole${i}`, TXT));
  const start = bench.clock.monotonicMs();
  const ended: number[] = [];
  for (const lookup of lookups)
    void lookup.then(() => ended.push(bench.clock.monotonicMs() - start));
  await bench.clock.advance(100);
  const { value, ms } = await bench.time(resolver.lookup('live', TXT));
  assert.equal([value.kind, ms], ['records', 20]);
  await bench.time(Promise.all(lookups));
  assert.equal(new Set(ended), new Set([3000]));
  assert.is(ended.length, 50);
});
