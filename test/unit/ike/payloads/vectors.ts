/** One good body of each payload, made by hand after the figures of RFC 7296 §3. */
import { fromHex } from '../../../../src/core/bytes/hex.js';
import type { Payload } from '../../../../src/core/ike/payloads/payload.js';

const hex = fromHex;

/** What it is, payload type, body on the wire, value. */
export const payloadVectors: readonly [string, number, string, Payload][] = [
  [
    'SA with one AEAD proposal (§3.3)',
    33,
    `0000 0024 01 01 00 03
     03 00 000c 01 00 0014 800e 0100
     03 00 0008 02 00 0005
     00 00 0008 04 00 001f`,
    {
      kind: 'SA',
      proposals: [
        {
          number: 1,
          protocol: 1,
          spi: hex(''),
          transforms: [
            { type: 1, id: 20, attributes: [{ type: 14, value: 256 }] },
            { type: 2, id: 5, attributes: [] },
            { type: 4, id: 31, attributes: [] },
          ],
        },
      ],
    },
  ],
  [
    'SA with two ESP proposals and a long attribute (§3.3.5)',
    33,
    `0200 0020 01 03 04 02 c0ffee01
     03 00 000c 01 00 000c 800e 0080
     00 00 0008 05 00 0000
     0000 0018 02 03 04 01 c0ffee01
     00 00 000c 01 00 0063 000e 0000`,
    {
      kind: 'SA',
      proposals: [
        {
          number: 1,
          protocol: 3,
          spi: hex('c0ffee01'),
          transforms: [
            { type: 1, id: 12, attributes: [{ type: 14, value: 128 }] },
            { type: 5, id: 0, attributes: [] },
          ],
        },
        {
          number: 2,
          protocol: 3,
          spi: hex('c0ffee01'),
          transforms: [{ type: 1, id: 99, attributes: [{ type: 14, value: hex('') }] }],
        },
      ],
    },
  ],
  ['KE (§3.4)', 34, '001f 0000 a1a2a3a4', { kind: 'KE', group: 31, data: hex('a1a2a3a4') }],
  [
    'IDi with an IPv4 address (§3.5)',
    35,
    '01 000000 c0000201',
    { kind: 'IDi', idType: 1, data: hex('c0000201') },
  ],
  ['IDr with a name (§3.5)', 36, '02 000000 6777', { kind: 'IDr', idType: 2, data: hex('6777') }],
  ['CERT (§3.6)', 37, '04 3082', { kind: 'CERT', encoding: 4, data: hex('3082') }],
  ['CERTREQ (§3.7)', 38, '04', { kind: 'CERTREQ', encoding: 4, data: hex('') }],
  ['AUTH (§3.8)', 39, '0e 000000 0102', { kind: 'AUTH', method: 14, data: hex('0102') }],
  [
    'Nonce of 16 bytes (§3.9)',
    40,
    '000102030405060708090a0b0c0d0e0f',
    { kind: 'Nonce', data: hex('000102030405060708090a0b0c0d0e0f') },
  ],
  [
    'notify COOKIE (§3.10)',
    41,
    '00 00 4006 a1b2c3d4',
    { kind: 'N', protocol: 0, type: 16390, spi: hex(''), data: hex('a1b2c3d4') },
  ],
  [
    'notify REKEY_SA about an ESP SA (§3.10)',
    41,
    '03 04 4009 c0ffee01',
    { kind: 'N', protocol: 3, type: 16393, spi: hex('c0ffee01'), data: hex('') },
  ],
  ['delete of the IKE SA (§3.11)', 42, '01 00 0000', { kind: 'D', protocol: 1, spis: [] }],
  [
    'delete of two ESP SAs (§3.11)',
    42,
    '03 04 0002 c0ffee01 c0ffee02',
    { kind: 'D', protocol: 3, spis: [hex('c0ffee01'), hex('c0ffee02')] },
  ],
  ['vendor ID (§3.12)', 43, '6175746f', { kind: 'V', data: hex('6175746f') }],
  [
    'TSi with one IPv4 host (§3.13)',
    44,
    '01 000000 07 00 0010 0000 ffff c0000201 c0000201',
    {
      kind: 'TSi',
      selectors: [
        { type: 7, protocol: 0, startPort: 0, endPort: 65535, range: hex('c0000201c0000201') },
      ],
    },
  ],
  [
    'TSr with two ranges, one IPv6 (§3.13)',
    45,
    `02 000000
     07 11 0010 0035 0035 c0000200 c00002ff
     08 00 0028 0000 ffff 20010db8000000000000000000000000 20010db800000000ffffffffffffffff`,
    {
      kind: 'TSr',
      selectors: [
        { type: 7, protocol: 17, startPort: 53, endPort: 53, range: hex('c0000200c00002ff') },
        {
          type: 8,
          protocol: 0,
          startPort: 0,
          endPort: 65535,
          range: hex('20010db800000000000000000000000020010db800000000ffffffffffffffff'),
        },
      ],
    },
  ],
  ['SK (§3.14)', 46, '0102030405', { kind: 'SK', data: hex('0102030405') }],
  ['SKF (RFC 7383 §2.5)', 53, '0001000203', { kind: 'SKF', number: 1, total: 2, data: hex('03') }],
  ['CP (§3.15)', 47, '01000000', { kind: 'CP', data: hex('01000000') }],
  ['EAP (§3.16)', 48, '0101000501', { kind: 'EAP', data: hex('0101000501') }],
];
