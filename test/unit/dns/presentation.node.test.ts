// What real name servers make of our lines. Needs nsd-checkzone, named-compilezone (bind9-utils) and
// ldns-read-zone; one that is missing skips its tests.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import {
  type IpseckeyRecord,
  ipseckeyKeyFields,
  readIpseckey,
  writeIpseckey,
} from '../../../src/core/dns/ipseckey-record.js';
import { ipsecKeyRecord, keyRecord } from '../../../src/core/dns/key-record.js';
import { ipseckeyLine, keyLine, txtLine } from '../../../src/core/dns/presentation.js';
import { cutStrings, writeTxt } from '../../../src/core/dns/txt-record.js';
import { address } from '../../../src/core/net/address.js';
import type { PublicKey } from '../../../src/core/pki/public-key.js';
import { countingRandom } from '../../support/list-random.js';
import { assert, skip, test } from '../../support/test.js';

const zone = '2.0.192.in-addr.arpa';
const owner = `38.${zone}`;
const random = countingRandom(11);
const modulus = random(512);
modulus[0] = 0x80;
const rsa: PublicKey & { type: 'rsa' } = {
  type: 'rsa',
  exponent: Uint8Array.of(1, 0, 1),
  modulus,
};
const point = random(64);
const keys: PublicKey[] = [
  rsa,
  { type: 'ecdsa-p256', point },
  { type: 'ed25519', point: point.slice(32) },
];
const gateways: IpseckeyRecord['gateway'][] = [
  { kind: 'none' },
  { kind: 'address', address: address('192.0.2.38') },
  { kind: 'address', address: address('2001:db8:0:8002::2000:1') },
  { kind: 'name', name: 'mygateway.example.com' },
];
const ipseckeys: IpseckeyRecord[] = keys.flatMap((key) =>
  gateways.map((gateway) => ({ precedence: 10, gateway, ...ipseckeyKeyFields(key) })),
);
// every byte once, then a long text
const texts = [
  Uint8Array.from({ length: 256 }, (_, i) => i),
  utf8(`X-IPsec-Server ${'k'.repeat(700)}`),
];

const lines = [
  ...texts.map((text) => txtLine(owner, text)),
  keyLine(owner, ipsecKeyRecord(rsa)),
  ...ipseckeys.map((record) => ipseckeyLine(owner, record)),
];
const zoneText = [
  '$TTL 300',
  `${zone}. IN SOA ns.example.com. root.example.com. 1 3600 600 86400 60`,
  `${zone}. IN NS ns.example.com.`,
  ...lines,
  '',
].join('\n');
const wires = [
  ...texts.map((text) => writeTxt(cutStrings(text))),
  keyRecord.write(ipsecKeyRecord(rsa)),
  ...ipseckeys.map(writeIpseckey),
].map(toHex);

/** Runs a program with the zone in a file of its own. */
function withZone<T>(run: (file: string, folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'autoipsec-zone-'));
  const file = path.join(folder, 'zone');
  try {
    writeFileSync(file, zoneText);
    return run(file, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A test for which `program` must be installed. */
function testWith(program: string, name: string, run: () => void): void {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  if (found) test(name, run);
  else skip(name, `${program} is not installed`);
}

const accepts = (argv: (file: string) => string[]) =>
  withZone((file) => {
    const [program = '', ...args] = argv(file);
    const result = spawnSync(program, args, { encoding: 'utf8' });
    assert.is(result.status, 0, `${result.stdout}${result.stderr}`);
    return result.stdout;
  });

testWith('nsd-checkzone', 'zone lines: nsd loads TXT, KEY and IPSECKEY unchanged', () => {
  accepts((file) => ['nsd-checkzone', zone, file]);
});

testWith('ldns-read-zone', 'zone lines: ldns loads TXT, KEY and IPSECKEY unchanged', () => {
  const shown = accepts((file) => ['ldns-read-zone', file]);
  assert.is(shown.split('\n').filter((line) => line.startsWith(owner)).length, lines.length);
});

testWith('named-compilezone', 'zone lines: bind makes the same bytes of them as we do', () => {
  withZone((file, folder) => {
    const raw = path.join(folder, 'raw');
    const args = ['-F', 'raw', '-o', raw, '-k', 'ignore', zone, file];
    const result = spawnSync('named-compilezone', args, { encoding: 'utf8' });
    assert.is(result.status, 0, `${result.stdout}${result.stderr}`);
    const compiled = toHex(readFileSync(raw));
    for (const [i, wire] of wires.entries()) {
      const length = (wire.length / 2).toString(16).padStart(4, '0');
      assert.ok(compiled.includes(length + wire), lines[i]);
    }
  });
});

test('IPSECKEY records of every gateway and algorithm are read as they were written', () => {
  for (const record of ipseckeys)
    assert.equal(readIpseckey(writeIpseckey(record)), { ok: true, value: record });
});
