import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { MAX_RECORDS, readResponse } from '../../../src/core/dns/message.js';
import { questionOf, writeQuery } from '../../../src/core/dns/query.js';
import { readVerdict } from '../../../src/core/dns/verdict.js';
import { countingRandom } from '../../support/list-random.js';
import { mutations, prefixes } from '../../support/mangle.js';
import { assert, test } from '../../support/test.js';
import { cname, type Reply, raw, soa, txt, writeReply } from './fake-server.js';

const name = '65.0.1.192.in-addr.arpa';
const asked = { id: 0x1234, name, type: 16 };
const question = questionOf(writeQuery({ ...asked, checkingDisabled: false, edns: true }));
const read = (reply: Reply) => readResponse(writeReply(asked, reply), question);

test('response: record data are the bytes of the wire, for TXT, KEY and IPSECKEY alike', () => {
  const answers = [
    txt(name, 60, 'a', 'bc'),
    { name, type: 'KEY', ttl: 60, data: raw(fromHex('4200040101')) },
    { name, type: 'IPSECKEY', ttl: 60, data: raw(fromHex('0a0002ff')) },
  ];
  const response = read({ answers, ad: true });
  assert.ok(response.ok);
  if (!response.ok) return;
  const data = response.value.answers.map((record) => [record.type, toHex(record.data)]);
  assert.equal(data, [
    [16, '0161026263'],
    [25, '4200040101'],
    [45, '0a0002ff'],
  ]);
  assert.ok(response.value.authenticData);
});

test('response: a broken record of the asked type is handed out as it is, its siblings too', () => {
  const broken = { name, type: 'UNKNOWN_16', ttl: 60, data: raw(fromHex('ff61')) };
  const response = read({ answers: [broken, txt(name, 60, 'good')] });
  assert.equal(response.ok && response.value.answers.map((record) => toHex(record.data)), [
    'ff61',
    '04676f6f64',
  ]);
});

test('response: compressed names of owner, CNAME and SOA are read', () => {
  // by hand: header with 1 answer and 1 authority, both compressed to the question at 12
  const head = '1234 8180 0001 0001 0001 0000';
  const target = 'c00c 0005 0001 0000003c 0004 0161c00f';
  const soaRdata = `0161c00c 0162c00c ${'00000001'.repeat(4)} 0000000a`;
  const authority = `c00f 0006 0001 00000e10 001c ${soaRdata}`;
  const message = fromHex(head + toHex(question) + target + authority);
  const response = readResponse(message, question);
  assert.ok(response.ok, response.ok ? '' : response.error);
  if (!response.ok) return;
  assert.is(response.value.answers[0]!.owner, name);
  assert.is(response.value.answers[0]!.target, 'a.0.1.192.in-addr.arpa');
  assert.is(response.value.negativeSeconds, 10);
});

test('response: of SOA TTL and MINIMUM the smaller one counts (RFC 2308 §5)', () => {
  const minimumOf = (ttl: number, minimum: number) => {
    const response = read({ rcode: 3, authorities: [soa('192.in-addr.arpa', ttl, minimum)] });
    return response.ok ? response.value.negativeSeconds : response.error;
  };
  assert.is(minimumOf(3600, 60), 60);
  assert.is(minimumOf(30, 60), 30);
  assert.is(minimumOf(3600, 0x80000000), 0, 'top bit set: 0 (RFC 2181 §8)');
});

test('response: what is none to this question is refused with the reason', () => {
  const cases: [string, Reply][] = [
    ['question: is not the one we asked', { question: '66.0.1.192.in-addr.arpa' }],
    ['question: is not the one we asked', { question: name.replace('arpa', 'ARPA') }],
    ['header: is no response', { edit: (bytes) => bytes.with(2, 1) }],
    ['header: is no response', { edit: (bytes) => bytes.with(2, 0xa9) }],
    ['question: needs 1, has 0', { edit: (bytes) => bytes.with(5, 0) }],
    ['question: needs 1, has 2', { edit: (bytes) => bytes.with(5, 2) }],
    ['needs 12 bytes, 11 left', { edit: (bytes) => bytes.slice(0, 11) }],
    [`${MAX_RECORDS} allowed`, { edit: (bytes) => bytes.with(6, 255) }],
  ];
  for (const [why, reply] of cases) {
    const response = read(reply);
    assert.ok(!response.ok && response.error.includes(why), `${why}: ${JSON.stringify(response)}`);
  }
});

test('response: cut and marked as truncated, it is taken as far as its question', () => {
  const answers = [txt(name, 60, 'x'.repeat(200))];
  const cut = (bytes: Uint8Array) => bytes.slice(0, -60);
  assert.not(read({ answers, edit: cut }).ok);
  const response = read({ answers, tc: true, edit: cut });
  assert.ok(response.ok && response.value.truncated && response.value.answers.length === 0);
});

test('response: the upper bits of the code come from the OPT record', () => {
  const response = read({ extendedRcode: 1 });
  assert.is(response.ok && response.value.rcode, 16);
});

// One good message with everything in it is the seed for the rest.
const rich = writeReply(asked, {
  ad: true,
  answers: [
    cname(name, 300, '65.64-95.0.1.192.in-addr.arpa'),
    txt('65.64-95.0.1.192.in-addr.arpa', 600, 'X-IPsec-Server(10)=192.1.1.4', 'AQNJ'),
    { name, type: 'KEY', ttl: 60, data: raw(fromHex('4200040101')) },
  ],
  authorities: [soa('0.1.192.in-addr.arpa', 3600, 60)],
});

/** Reads, and judges when it could be read; throws only on a bug. */
function judge(bytes: Uint8Array): boolean {
  const response = readResponse(bytes, question);
  if (response.ok) readVerdict(response.value, { name, type: 16 }, 'secure', 5);
  return response.ok;
}

test('response: every prefix of a good one is refused', () => {
  assert.ok(judge(rich));
  for (const part of prefixes(rich)) assert.not(judge(part), `${part.length} bytes`);
});

test('response: no spoilt byte makes the reader throw or hang', () => {
  let taken = 0;
  let count = 0;
  for (const { bytes } of mutations(rich)) {
    taken += judge(bytes) ? 1 : 0;
    count++;
  }
  assert.ok(count > 1000 && taken > 0 && taken < count, `${taken} of ${count} taken`);
});

test('response: 4000 random spoilings, several bytes each, neither throw nor hang', () => {
  const random = countingRandom(20260101);
  let taken = 0;
  for (let round = 0; round < 4000; round++) {
    const bytes = rich.slice();
    const [times = 0] = random(1);
    for (let i = 0; i <= times % 8; i++) {
      const [high = 0, low = 0, value = 0] = random(3);
      // behind the question, so that the sections are read
      const at =
        12 + question.length + ((high * 256 + low) % (bytes.length - 12 - question.length));
      bytes[at] = value % 3 === 0 ? 0xc0 : value;
    }
    taken += judge(bytes) ? 1 : 0;
  }
  assert.ok(taken > 0 && taken < 4000, `${taken} taken`);
});

test('response: records with the longest legal pointer chains are bounded work', () => {
  // a chain of pointers in the rdata of the first record, and 400 owners that lead into it
  const chain = new Uint8Array(4000);
  const start = 12 + question.length + 12;
  chain[0] = 0;
  for (let i = 2; i < chain.length - 1; i += 2) {
    const target = start + i - 2;
    chain[i] = 0xc0 | (target >> 8);
    chain[i + 1] = target & 255;
  }
  const end = start + chain.length - 2;
  const head = fromHex('1234 8180 0001 0191 0000 0000');
  const first = [0xc0, 12, 0, 10, 0, 1, 0, 0, 0, 0, chain.length >> 8, chain.length & 255];
  const owner = [0xc0 | (end >> 8), end & 255, 0, 10, 0, 1, 0, 0, 0, 0, 0, 0];
  const message = [...head, ...question, ...first, ...chain];
  for (let i = 0; i < 400; i++) message.push(...owner);
  const response = readResponse(Uint8Array.from(message), question);
  assert.ok(!response.ok && response.error.includes('pointer 128'));
});
