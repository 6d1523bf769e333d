/** The file in which peers of AutoVPN are kept, and how to reach whoever runs one. */
import { utf8 } from '../../../src/core/bytes/text.js';
import { address } from '../../../src/core/net/address.js';
import { cleanContact } from '../../../src/plugins/autovpn/trust/contact.js';
import { readTable, writeTable } from '../../../src/plugins/autovpn/trust/file.js';
import type { Peer } from '../../../src/plugins/autovpn/trust/peer.js';
import { name } from '../../support/certificates.js';
import { assert, reader, type Target, taker } from '../target.js';
import { mutateText } from '../text.js';

const where = address('192.0.2.1');

const peer: Peer = {
  name: name('CN=gw, O=x'),
  fingerprint: 'ab'.repeat(32),
  state: 'Trusted',
  trustedBy: 'person',
  contact: 'Ring ☎ 1\nor write',
  firstSeconds: 1_700_000_000,
  lastSeconds: 1_800_000_000,
  address: where,
  secret: { value: new Uint8Array(32).fill(1), ownName: name('CN=we') },
  reason: 'none',
  conflict: { fingerprint: 'cd'.repeat(32), address: where, seconds: 1, count: 2 },
};
const bare: Peer = {
  name: name('CN=b'),
  fingerprint: '12'.repeat(32),
  state: 'Unverified',
  contact: '',
  firstSeconds: 1,
  lastSeconds: 2,
};

const tables = [
  writeTable({ peers: [], addresses: [] }),
  writeTable({ peers: [peer, bare], addresses: [{ address: where, peer: bare.name }] }),
];

const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be gone
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

function contact(input: Uint8Array): string {
  const text = cleanContact(input);
  assert(!hidden.test(text), 'a control character is left');
  assert(utf8(text).length <= 1024, 'it is too long');
  assert(cleanContact(utf8(text)) === text, 'cleaning it again changes it');
  return `${text.includes('\ufffd')} ${text.includes('\n')}`;
}

export const autovpnTrustTargets: readonly Target[] = [
  reader('autovpn table', tables, readTable, { write: writeTable, mutate: mutateText }),
  taker('autovpn contact', [utf8('Ring ☎ 1\nor write'), new Uint8Array(30).fill(0x9b)], contact),
];
