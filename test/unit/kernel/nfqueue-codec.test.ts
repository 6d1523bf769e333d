/** Vectors made by hand after linux/netfilter/nfnetlink_queue.h, in both byte orders. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { QueueCodec } from '../../../src/core/kernel/nfqueue-codec.js';
import { mutations, prefixes } from '../../support/mangle.js';
import { assert, test } from '../../support/test.js';

const little = new QueueCodec(false);
const big = new QueueCodec(true);

const written: [string, Uint8Array, string][] = [
  [
    'bind, little-endian',
    little.bind(4500, 1),
    '1c000000 0203 0500 01000000 00000000 0000 1194 0800 0100 01000000',
  ],
  [
    'bind, big-endian',
    big.bind(4500, 1),
    '0000001c 0302 0005 00000001 00000000 0000 1194 0008 0001 01000000',
  ],
  [
    'configure, little-endian',
    little.configure(4500, 2, 128, 1024),
    `38000000 0203 0500 02000000 00000000 0000 1194
     0900 0200 00000080 02 000000
     0800 0300 00000400 0800 0500 00000004 0800 0400 00000005`,
  ],
  [
    'configure, big-endian',
    big.configure(4500, 2, 128, 1024),
    `00000038 0302 0005 00000002 00000000 0000 1194
     0009 0002 00000080 02 000000
     0008 0003 00000400 0008 0005 00000004 0008 0004 00000005`,
  ],
  [
    'accept with a mark, little-endian',
    little.verdict(4500, 7, true, 0x20000001),
    '28000000 0103 0100 00000000 00000000 0000 1194 0c00 0200 00000001 00000007 0800 0300 20000001',
  ],
  [
    'drop, big-endian',
    big.verdict(4500, 7, false),
    '00000020 0301 0001 00000000 00000000 0000 1194 000c 0002 00000000 00000007',
  ],
];

for (const [what, bytes, hex] of written)
  test(`packet queue: writes ${what}`, () => assert.is(toHex(bytes), toHex(fromHex(hex))));

// NFQA_PACKET_HDR (id 9, ethertype, hook), NFQA_MARK, NFQA_IFINDEX_INDEV, NFQA_PAYLOAD of 5 bytes with padding
const packets: [string, QueueCodec, string][] = [
  [
    'little-endian',
    little,
    `3c000000 0003 0000 00000000 00000000 02 00 1194
     0b00 0100 00000009 0800 03 00
     0800 0300 00000010 0800 0500 00000004
     0900 0a00 4500000102 000000`,
  ],
  [
    'big-endian',
    big,
    `0000003c 0300 0000 00000000 00000000 02 00 1194
     000b 0001 00000009 0800 03 00
     0008 0003 00000010 0008 0005 00000004
     0009 000a 4500000102 000000`,
  ],
];

for (const [what, codec, hex] of packets)
  test(`packet queue: reads a packet, ${what}`, () =>
    assert.equal(codec.read(fromHex(hex)), [
      {
        kind: 'packet',
        queue: 4500,
        id: 9,
        isOwn: true,
        mark: 16,
        inputInterface: 4,
        payload: fromHex('4500000102'),
      },
    ]));

const error = fromHex(
  '24000000 0200 0000 05000000 00000000 f0ffffff 1c000000 0203 0500 05000000 00000000',
);

test('packet queue: reads a refusal and an acknowledgement', () => {
  assert.equal(little.read(error), [{ kind: 'acknowledgement', sequence: 5, errno: 16 }]);
  const done = error.slice();
  done.fill(0, 16, 20);
  assert.equal(little.read(done), [{ kind: 'acknowledgement', sequence: 5, errno: 0 }]);
});

test('packet queue: reads that a table was deleted', () => {
  // NFT_MSG_DELTABLE with NFTA_TABLE_NAME "autoipsec"
  const wire = fromHex(
    '24000000 020a 0000 00000000 00000000 01 00 0003 0e00 0100 6175746f6970736563 00 0000',
  );
  assert.equal(little.read(wire), [{ kind: 'ruleset', change: 2, table: 'autoipsec' }]);
});

test('packet queue: several messages in one datagram', () => {
  const both = concat(fromHex(packets[0]![2]), error);
  assert.equal(
    little.read(both).map((message) => message.kind),
    ['packet', 'acknowledgement'],
  );
});

test('packet queue: cut or spoiled messages do no harm', () => {
  for (const seed of [fromHex(packets[0]![2]), error]) {
    for (const part of prefixes(seed)) assert.ok(little.read(part).length <= 1);
    for (const { bytes } of mutations(seed)) assert.ok(little.read(bytes).length <= 1);
  }
  assert.equal(little.read(fromHex(packets[0]![2]).slice(0, 50)), []);
});
