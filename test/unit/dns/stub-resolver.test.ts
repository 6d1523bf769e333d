// Answers, their status and how long they are remembered. How servers are asked: exchange.test.ts.
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import type { Answer, LookupResult } from '../../../src/core/dns/resolver.js';
import { RecordType } from '../../../src/core/dns/resolver.js';
import { assert, test } from '../../support/test.js';
import { Bench, cname, raw, soa, txt } from './fake-server.js';

const { TXT, KEY, IPSECKEY, A } = RecordType;
const name = '65.0.1.192.in-addr.arpa';

/** An answer in one line. */
const shown = (result: LookupResult): string => {
  if (result.kind === 'failed') return `failed: ${result.reason}`;
  const what = result.kind === 'records' ? result.records.map(toHex).join(',') : result.reason;
  return `${result.status} ${result.ttlSeconds}s ${what}`;
};

test('OE-85 AD and DO are asked for, read, and given with each answer', async () => {
  const bench = new Bench();
  const server = bench.server('127.0.0.1', ({ type }) => ({
    ad: type === TXT,
    answers: [{ name, type: `UNKNOWN_${type}`, ttl: 60, data: raw(fromHex('0161')) }],
  }));
  const resolver = bench.resolver([server]);
  assert.is(shown(await resolver.lookup(name, TXT)), 'secure 60s 0161');
  assert.is(shown(await resolver.lookup(name, KEY)), 'insecure 60s 0161');
  assert.ok(server.asked.every((asked) => asked.authenticData && asked.edns?.dnssecOk));
});

test('OE-86 AD counts from loopback and from a server named trusted, from no other', async () => {
  const reply = () => ({ ad: true, answers: [txt(name, 60, 'a')] });
  const statusFrom = async (own: string, trusted: string[]) => {
    const bench = new Bench();
    const result = await bench.resolver([bench.server(own, reply)], { trusted }).lookup(name, TXT);
    return (result as Answer).status;
  };
  assert.is(await statusFrom('192.0.2.53', []), 'insecure');
  assert.is(await statusFrom('192.0.2.53', ['192.0.2.53']), 'secure');
  assert.is(await statusFrom('127.0.0.53', []), 'secure');
  assert.is(await statusFrom('::1', []), 'secure');
  assert.is(await statusFrom('2001:db8::53', []), 'insecure');
});

test('SP-15 authenticated and other data come side by side, each with its mark', async () => {
  const bench = new Bench();
  const server = bench.server('127.0.0.1', (asked) => ({
    ad: asked.name === name,
    answers: [txt(asked.name, 60, 'a')],
  }));
  const resolver = bench.resolver([server]);
  const names = [name, '66.0.1.192.in-addr.arpa'];
  const results = await Promise.all(names.map((one) => resolver.lookup(one, TXT)));
  assert.equal(results.map(shown), ['secure 60s 0161', 'insecure 60s 0161']);
});

test('a negative answer is as secure as its AD bit', async () => {
  const bench = new Bench();
  const authorities = [soa('192.in-addr.arpa', 3600, 60)];
  const server = bench.server('127.0.0.1', ({ type }) => ({
    ad: true,
    rcode: type === TXT ? 3 : 0,
    authorities,
  }));
  const resolver = bench.resolver([server]);
  assert.is(shown(await resolver.lookup(name, TXT)), 'secure 60s name does not exist');
  assert.is(shown(await resolver.lookup(name, KEY)), 'secure 60s no record of this type');
});

// SERVFAIL from a resolver that validates (RFC 4035 §4.7)

test('SERVFAIL of a trusted resolver that gives data with CD set: bogus', async () => {
  const bench = new Bench();
  const server = bench.server('127.0.0.1', ({ checkingDisabled }) =>
    checkingDisabled ? { ad: true, answers: [txt(name, 86400, 'a')] } : { rcode: 2 },
  );
  const resolver = bench.resolver([server]);
  assert.is(shown(await resolver.lookup(name, TXT)), 'bogus 60s 0161', 'for a short time only');
  assert.equal(
    server.asked.map((asked) => asked.checkingDisabled),
    [false, true],
  );
  assert.is(resolver.counters().bogus, 1);
});

test('a denial that does not validate is bogus as well', async () => {
  const bench = new Bench();
  const authorities = [soa('192.in-addr.arpa', 3600, 30)];
  const server = bench.server('127.0.0.1', ({ checkingDisabled }) =>
    checkingDisabled ? { rcode: 3, authorities } : { rcode: 2 },
  );
  const result = await bench.resolver([server]).lookup(name, TXT);
  assert.is(shown(result), 'bogus 30s name does not exist');
});

test('SERVFAIL with CD too: failed; from a resolver that is not trusted CD is not tried', async () => {
  const bench = new Bench();
  const trusted = bench.server('127.0.0.1', () => ({ rcode: 2 }));
  const other = bench.server('192.0.2.53', () => ({ rcode: 2 }));
  const failed = await bench.resolver([trusted]).lookup(name, TXT);
  assert.is(shown(failed), 'failed: 127.0.0.1: SERVFAIL');
  assert.is(trusted.asked.length, 2);
  assert.is(shown(await bench.resolver([other]).lookup(name, TXT)), 'failed: 192.0.2.53: SERVFAIL');
  assert.is(other.asked.length, 1);
});

test('what one resolver finds bogus is not asked of one that does not look', async () => {
  const bench = new Bench();
  bench.world.path.delayMs = (packet) => (packet.from.port === 53 ? 400 : 0);
  const trusted = bench.server('127.0.0.1', ({ checkingDisabled }) =>
    checkingDisabled ? { answers: [txt(name, 60, 'a')] } : { rcode: 2 },
  );
  const other = bench.server('192.0.2.53', () => ({ answers: [txt(name, 60, 'forged')] }));
  const { value } = await bench.time(bench.resolver([other, trusted]).lookup(name, TXT));
  assert.is(shown(value), 'bogus 60s 0161', 'although 400 ms and 400 ms pass the first 500');
  assert.is(other.asked.length, 0);
});

// Aliases

test('SP-11 a reverse name that is a CNAME into another zone: the record there is used', async () => {
  const target = '65.64-95.0.1.192.in-addr.arpa';
  const bench = new Bench();
  const server = bench.server('192.0.2.53', () => ({
    answers: [cname(name, 30, target), txt(target, 60, 'a')],
  }));
  const result = await bench.resolver([server]).lookup(name, TXT);
  assert.is(shown(result), 'insecure 30s 0161', 'the smallest TTL');
  assert.is((result as Answer).owner, target);
  assert.is(server.asked.length, 1);
});

test('SP-11 a CNAME whose target is not in the answer: asked for, weakest status counts', async () => {
  const target = '65.customer.example';
  const bench = new Bench();
  const server = bench.server('127.0.0.1', (asked) =>
    asked.name === name
      ? { ad: false, answers: [cname(name, 40, target.toUpperCase())] }
      : { ad: true, answers: [txt(target, 60, 'a')] },
  );
  const result = await bench.resolver([server]).lookup(name, TXT);
  assert.is(shown(result), 'insecure 40s 0161');
  assert.is((result as Answer).owner, target);
  assert.equal(
    server.asked.map((asked) => asked.name),
    [name, target],
  );
});

test('a CNAME to a name that does not exist is a negative answer', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', () => ({
    rcode: 3,
    answers: [cname(name, 300, 'gone.example')],
    authorities: [soa('example', 3600, 60)],
  }));
  const result = await bench.resolver([server]).lookup(name, TXT);
  assert.is(shown(result), 'insecure 60s name does not exist');
});

/** A server where `n0` leads to `n1` and so on; `last` has the record. */
const chainServer = (bench: Bench, last: number, perAnswer: number) =>
  bench.server('192.0.2.53', (asked) => {
    const from = Number(asked.name.slice(1));
    const to = Math.min(last, from + perAnswer);
    const steps = Array.from({ length: to - from }, (_, i) =>
      cname(`n${from + i}`, 60, `n${from + i + 1}`),
    );
    return { answers: to === last ? [...steps, txt(`n${last}`, 60, 'a')] : steps };
  });

test('eight aliases are followed, nine are not, in one answer or in many', async () => {
  for (const perAnswer of [1, 20]) {
    const eight = new Bench();
    const result = await eight.resolver([chainServer(eight, 8, perAnswer)]).lookup('n0', TXT);
    assert.is(shown(result), 'insecure 60s 0161', `${perAnswer} per answer`);
  }
  const nine = new Bench();
  const inOne = await nine.resolver([chainServer(nine, 9, 20)]).lookup('n0', TXT);
  assert.is(shown(inOne), 'failed: more than 8 aliases from n0');
  const ten = new Bench();
  const inMany = await ten.resolver([chainServer(ten, 99, 1)]).lookup('n0', TXT);
  assert.is(shown(inMany), 'failed: more than 8 aliases from n0');
});

test('a loop of aliases ends, within an answer and over several', async () => {
  const bench = new Bench();
  const within = bench.server('192.0.2.53', () => ({
    answers: [cname('a', 60, 'b'), cname('b', 60, 'a')],
  }));
  const over = bench.server('192.0.2.54', (asked) => ({
    answers: [cname(asked.name, 60, asked.name === 'a' ? 'b' : 'a')],
  }));
  for (const server of [within, over]) {
    const result = await bench.resolver([server]).lookup('a', TXT);
    assert.is(shown(result), 'failed: more than 8 aliases from a');
  }
  assert.ok(over.asked.length <= 2, 'the second time round is known already');
});

test('records of other owners and types in an answer do not count', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', () => ({
    answers: [txt('other.example', 60, 'no'), { name, type: 'A', ttl: 60, data: '192.0.2.9' }],
    authorities: [soa('192.in-addr.arpa', 3600, 60)],
  }));
  const result = await bench.resolver([server]).lookup(name, TXT);
  assert.is(shown(result), 'insecure 60s no record of this type');
});

// Memory

test('OE-55 a negative answer holds for the SOA MINIMUM: asked again after it, not before', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', () => ({
    rcode: 3,
    authorities: [soa('192.in-addr.arpa', 3600, 60)],
  }));
  const resolver = bench.resolver([server]);
  await resolver.lookup(name, TXT);
  await bench.clock.advance(59_999);
  assert.is(shown(await resolver.lookup(name, TXT)), 'insecure 1s name does not exist');
  assert.is(server.asked.length, 1);
  await bench.clock.advance(1);
  await resolver.lookup(name, TXT);
  assert.is(server.asked.length, 2);
});

test('a positive answer is remembered for its TTL, which counts down, type by type', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', ({ type }) => ({
    answers: [{ name, type: `UNKNOWN_${type}`, ttl: 100, data: raw(Uint8Array.of(0)) }],
  }));
  const resolver = bench.resolver([server]);
  await resolver.lookup(name, TXT);
  await bench.clock.advance(40_000);
  assert.is(shown(await resolver.lookup(`${name.toUpperCase()}.`, TXT)), 'insecure 60s 00');
  await resolver.lookup(name, IPSECKEY);
  assert.is(server.asked.length, 2);
  await bench.clock.advance(60_000);
  await resolver.lookup(name, TXT);
  assert.is(server.asked.length, 3);
  assert.is(resolver.counters().cached, 1);
});

test('TTLs are kept within the bounds that are set', async () => {
  const bench = new Bench();
  let ttl = 0;
  const server = bench.server('192.0.2.53', () => ({ answers: [txt(name, ttl, 'a')] }));
  const shownWith = async (value: number) => {
    ttl = value;
    const limits = { minTtlSeconds: 10, maxTtlSeconds: 100 };
    return shown(await bench.resolver([server], { limits }).lookup(name, TXT));
  };
  assert.is(await shownWith(0), 'insecure 10s 0161');
  assert.is(await shownWith(50), 'insecure 50s 0161');
  assert.is(await shownWith(2 ** 31 - 1), 'insecure 100s 0161');
  assert.is(await shownWith(2 ** 31), 'insecure 10s 0161');
});

test('a failure, and a denial without SOA, are remembered for five seconds', async () => {
  for (const reply of [{ rcode: 5 }, { rcode: 3 }]) {
    const bench = new Bench();
    const server = bench.server('192.0.2.53', () => reply);
    const resolver = bench.resolver([server]);
    await resolver.lookup(name, TXT);
    await bench.clock.advance(4999);
    await resolver.lookup(name, TXT);
    assert.is(server.asked.length, 1);
    await bench.clock.advance(1);
    await resolver.lookup(name, TXT);
    assert.is(server.asked.length, 2);
  }
});

test('forget: all types of a name and what lies behind its alias are asked anew', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', (asked) =>
    asked.name === name && asked.type === TXT
      ? { answers: [cname(name, 900, 'elsewhere.example')] }
      : {
          answers: [
            {
              name: asked.name,
              type: `UNKNOWN_${asked.type}`,
              ttl: 900,
              data: raw(Uint8Array.of(0)),
            },
          ],
        },
  );
  const resolver = bench.resolver([server]);
  const askAll = async () => {
    await resolver.lookup(name, TXT);
    await resolver.lookup(name, KEY);
    await resolver.lookup(`9${name}`, KEY);
  };
  await askAll();
  await askAll();
  assert.is(server.asked.length, 4);
  resolver.forget(`${name.toUpperCase()}.`);
  await askAll();
  assert.is(server.asked.length, 7, 'TXT, its alias and KEY again, the other name not');
});

test('memory is bounded by entries', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', (asked) => ({ answers: [txt(asked.name, 900, 'a')] }));
  const resolver = bench.resolver([server], { limits: { cacheEntries: 10 } });
  for (let i = 0; i < 20; i++) await resolver.lookup(`h${i}.example`, TXT);
  await resolver.lookup('h19.example', TXT);
  assert.is(server.asked.length, 20);
  await resolver.lookup('h0.example', TXT);
  assert.is(server.asked.length, 21);
});

test('identical questions share one query', async () => {
  const bench = new Bench();
  bench.world.path.delayMs = 20;
  const server = bench.server('192.0.2.53', () => ({ answers: [txt(name, 60, 'a')] }));
  const resolver = bench.resolver([server]);
  const lookups = Array.from({ length: 10 }, () => resolver.lookup(name, TXT));
  const { value } = await bench.time(Promise.all(lookups));
  assert.is(server.asked.length, 1);
  assert.ok(value.every((result) => shown(result) === 'insecure 60s 0161'));
  assert.is(resolver.counters().shared, 9);
});

test('more questions at once than allowed fail at once, and are not remembered as failed', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', (asked) => ({ answers: [txt(asked.name, 60, 'a')] }));
  const resolver = bench.resolver([server], { limits: { maxQuestions: 2 } });
  const results = await Promise.all(['a', 'b', 'c'].map((one) => resolver.lookup(one, TXT)));
  assert.is(shown(results[2]!), 'failed: 2 questions are under way already');
  assert.is(shown(await resolver.lookup('c', TXT)), 'insecure 60s 0161');
});

test('a name that is none fails without a question', async () => {
  const bench = new Bench();
  const server = bench.server('192.0.2.53', () => ({}));
  const result = await bench.resolver([server]).lookup('a..b', A);
  assert.is(shown(result), 'failed: name: has an empty label');
  assert.is(server.asked.length, 0);
});

test('an alias to a name with special bytes is not followed', async () => {
  const bench = new Bench();
  // the label `a.b`, which would look like two
  const target = fromHex('03612e6200');
  const server = bench.server('192.0.2.53', () => ({
    answers: [{ name, type: 'UNKNOWN_5', ttl: 60, data: raw(target) }],
  }));
  const result = await bench.resolver([server]).lookup(name, TXT);
  assert.ok(result.kind === 'failed' && result.reason.includes('special character'));
  assert.is(server.asked.length, 1);
});
