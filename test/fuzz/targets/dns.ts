/** DNS: responses, names, and the data of the records that oe-dns reads. */
import { concat, uintBytes } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { readAddressRecord } from '../../../src/core/dns/address-record.js';
import {
  readIpseckey,
  readIpseckeySet,
  writeIpseckey,
} from '../../../src/core/dns/ipseckey-record.js';
import { readIpsecKey } from '../../../src/core/dns/key-record.js';
import { readResponse } from '../../../src/core/dns/message.js';
import { parseName, readName } from '../../../src/core/dns/name.js';
import { questionOf, writeQuery } from '../../../src/core/dns/query.js';
import { parseResolvConf } from '../../../src/core/dns/resolv-conf.js';
import { TcpQuery } from '../../../src/core/dns/tcp-query.js';
import { readTxt } from '../../../src/core/dns/txt-record.js';
import { readVerdict } from '../../../src/core/dns/verdict.js';
import { address } from '../../../src/core/net/address.js';
import type { StreamEvents, TcpOptions } from '../../../src/core/net/network.js';
import { parseDelegation } from '../../../src/plugins/oe-dns/delegation.js';
import { cname, raw, soa, txt, writeReply } from '../../unit/dns/fake-server.js';
import { mutateBytes } from '../bytes.js';
import {
  assert,
  type Mutate,
  outcomeOf,
  reader,
  type Target,
  taker,
  textTaker,
} from '../target.js';

const name = '65.0.1.192.in-addr.arpa';
const asked = { id: 0x1234, name, type: 16 };
const question = questionOf(writeQuery({ ...asked, checkingDisabled: false, edns: true }));
const rsaKey = `0301 0001 ${'ab'.repeat(128)}`;
const ipseckeys = [
  `0a 01 02 c0000226 ${rsaKey}`,
  `0a 00 02 ${rsaKey}`,
  `0a 02 04 20010db8000000000000000000000001 ${'77'.repeat(32)}`,
  `0a 03 03 046d616c6c076578616d706c6503636f6d00 ${'11'.repeat(64)}`,
  '0a 00 00',
].map((hex) => fromHex(hex));
const keyRecords = [`4200 04 05 ${rsaKey}`, `0200 04 01 ${rsaKey}`].map((hex) => fromHex(hex));

const responses = [
  { answers: [txt(name, 60, 'X-IPsec-Server(10)=192.1.2.23 AQPS', 'bc')], ad: true },
  { answers: [{ name, type: 'IPSECKEY', ttl: 60, data: raw(ipseckeys[0]!) }] },
  { answers: [{ name, type: 'KEY', ttl: 60, data: raw(keyRecords[0]!) }] },
  { answers: [cname(name, 60, 'a.example.'), cname('a.example.', 60, 'b.example.')] },
  { rcode: 3, authorities: [soa('192.in-addr.arpa', 900, 300)] },
  { tc: true },
].map((reply) => writeReply(asked, reply));

/** Nobody but the server that was asked comes past the first checks: header and question stay. */
const behindQuestion: Mutate = (input, dice, other) => {
  const from = 12 + question.length;
  const tail = mutateBytes(input.subarray(from), dice, other.subarray(from));
  const out = new Uint8Array(from + tail.length);
  out.set(input.subarray(0, from));
  out.set(tail, from);
  if (dice.oneIn(2)) out[dice.pick([3, 6, 7, 8, 9, 10, 11])] = dice.below(dice.oneIn(5) ? 256 : 6);
  return out;
};

const delegations = [
  'X-IPsec-Server(10)=192.1.2.23 AQPSK3PSYvVUUoQ',
  'X-IPsec-Server(10)=@sg.example.com. AQPS',
  'X-IPsec-Server = 192.1.2.23, @key.example.org',
  'X-IPsec-Server(65535)=2001:db8::1',
];

/** What a response says of the question, with what it leads to. */
function verdict(input: Uint8Array): unknown {
  const response = readResponse(input, question);
  if (!response.ok) return response.error.replace(/\d+/g, '#').slice(0, 80);
  const found = [16, 1, 5].map((type) =>
    readVerdict(response.value, { name, type }, 'insecure', 60),
  );
  for (const each of found)
    if ('ttlSeconds' in each) assert(Number.isFinite(each.ttlSeconds), 'a life without an end');
  return found;
}

const notWhole = 'closed before the answer was whole';

/** A server's stream in pieces of a size that the first byte tells, and its end. */
async function overTcp(input: Uint8Array): Promise<string> {
  const told: string[] = [];
  let stream: StreamEvents | undefined;
  const network = {
    tcp: async ({ events }: TcpOptions) => {
      stream = events;
      return { send: () => undefined, close: () => undefined, pendingBytes: 0 };
    },
  };
  const server = { to: { address: address('198.18.0.53'), port: 53 } };
  new TcpQuery(network, server, question, {
    message: (bytes) => void told.push(outcomeOf(readResponse(bytes, question))),
    failed: (reason) => void told.push(reason),
  });
  await Promise.resolve();
  const size = 1 + (input[0] ?? 0) * 4;
  for (let at = 1; at < input.length; at += size) stream?.data(input.subarray(at, at + size));
  stream?.close('');
  const length = (input[1] ?? 0) * 256 + (input[2] ?? 0);
  const message = input.subarray(3, 3 + length);
  const isWhole = input.length >= 3 && message.length === length;
  const wanted = isWhole ? outcomeOf(readResponse(message, question)) : notWhole;
  assert(told.join() === wanted, `it tells ${told.join()} and not ${wanted}`);
  return wanted;
}

export const dnsTargets: readonly Target[] = [
  reader('dns response', responses, (input) => readResponse(input, question), {
    mutate: behindQuestion,
  }),
  taker('dns verdict', responses, verdict, { mutate: behindQuestion }),
  {
    name: 'dns over TCP',
    seeds: responses.map((each, at) =>
      concat(Uint8Array.of(at * 9), uintBytes(each.length, 2), each),
    ),
    mutate: (input, dice, other) => {
      const message = behindQuestion(input.subarray(3), dice, other.subarray(3));
      return concat(Uint8Array.of(dice.next() & 255), uintBytes(message.length, 2), message);
    },
    run: overTcp,
  },
  taker('dns name', [...responses, fromHex('0161c000')], (input) =>
    readName(input, (input[0] ?? 0) % 64, (input[1] ?? 0) % 2 === 0),
  ),
  textTaker('dns name text', [name, 'A.b-c.example.', '_x.y', ''], parseName),
  reader('dns IPSECKEY', ipseckeys, readIpseckey, {
    // A name with bytes that no host name has is read, and never published by us
    write: (value) =>
      value.gateway.kind === 'name' && !parseName(value.gateway.name).ok
        ? ipseckeys[0]!
        : writeIpseckey(value),
  }),
  taker('dns IPSECKEY set', ipseckeys, (input) =>
    readIpseckeySet([input, input.subarray(1), input.subarray(0, input.length >> 1)]),
  ),
  reader('dns KEY', keyRecords, readIpsecKey),
  reader('dns TXT', [fromHex('0161026263'), fromHex('00')], readTxt),
  taker(
    'dns A and AAAA',
    [fromHex('c6120001'), fromHex(`20010db8${'00'.repeat(11)}01`)],
    (input) => [readAddressRecord(1, input), readAddressRecord(28, input)],
  ),
  textTaker(
    'dns resolv.conf',
    ['nameserver 198.18.0.1\nsearch a.b\nnameserver fe80::1%eth0\n'],
    parseResolvConf,
  ),
  taker('oe-dns delegation', delegations.map(utf8), (input) => parseDelegation(fromUtf8(input))),
];
