// Whether tshark reads the key log, and takes our messages for what they should be.
import { spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { concat, uintBytes } from '../../../src/core/bytes/bytes.js';
import { aesGcm128, aesGcm256 } from '../../../src/core/ike/crypto/aead.js';
import type { IkeCipher } from '../../../src/core/ike/crypto/cipher.js';
import { aesCbc, integrities } from '../../../src/core/ike/crypto/encrypt-then-mac.js';
import { findEspSuite } from '../../../src/core/ike/crypto/suite.js';
import { defaultPreferences } from '../../../src/core/ike/proposals/offer.js';
import type { ChildSa } from '../../../src/core/kernel/child-sa.js';
import { type IkeEnd, twoEnds } from '../../support/ike-end.js';
import { ESP, ipPacket, udpPacket, writeCapture } from '../../support/pcap.js';
import { assert, skip, test } from '../../support/test.js';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;

/** Lines of both tables. */
class Tables {
  readonly lines = { ikev2_decryption_table: [] as string[], esp_sa: [] as string[] };
  readonly write = (table: keyof Tables['lines'], line: string) => {
    this.lines[table].push(line);
  };
}

/** What tshark prints about packets, with the tables as its configuration. */
function tshark(packets: readonly Uint8Array[], tables: Tables, ...options: string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'key-log-'));
  try {
    for (const [name, lines] of Object.entries(tables.lines))
      writeFileSync(path.join(folder, name), `${lines.join('\n')}\n`);
    const file = path.join(folder, 'ike.pcap');
    writeFileSync(file, writeCapture(packets));
    const env = { ...process.env, WIRESHARK_CONFIG_DIR: folder };
    const found = spawnSync('tshark', ['-r', file, ...options], { encoding: 'utf8', env });
    assert.is(found.status, 0, found.stderr);
    assert.not.match(found.stderr, /esp_sa|ikev2_decryption_table/);
    return found.stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const udpPackets = ({ world }: IkeEnd): Uint8Array[] =>
  world.network.captured.map(({ from, to, bytes }) => udpPacket(from, to, bytes));

/** Two tunnels, a delete of one: every exchange that there is. */
async function conversation(cipher: IkeCipher, tables: Tables): Promise<IkeEnd> {
  const preferences = { ...defaultPreferences, ikeCiphers: [cipher] };
  const { world, left, right } = await twoEnds({ preferences, keyLog: tables }, { preferences });
  const first = await world.until(left.daemon.connect(left.wish(right)));
  const hosts = { ours: '192.0.2.50', theirs: '198.51.100.50' };
  const second = await world.until(left.daemon.connect(left.wish(right, hosts)));
  assert.ok(first.ok && second.ok);
  await world.until(left.daemon.close(first.tunnel));
  return left;
}

/** An ICMP echo request in an ESP packet of ours, made with Node's AES-GCM (RFC 4106). */
function espPacket({ local, remote, outbound }: ChildSa): Uint8Array {
  assert.is(outbound.keys.kind, 'aead');
  const { key } = outbound.keys as { key: Uint8Array };
  const echo = concat(Uint8Array.of(8, 0, 0xf7, 0xff), uintBytes(0, 4), new Uint8Array(2));
  const inner = ipPacket(local, remote, 1, echo);
  const head = concat(uintBytes(outbound.spi, 4), uintBytes(1, 4));
  const iv = uintBytes(1, 8);
  const cut = key.length - 4;
  const name = cut === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
  const cipher = createCipheriv(name, key.subarray(0, cut), concat(key.subarray(cut), iv));
  cipher.setAAD(head);
  const sealed = cipher.update(concat(inner, Uint8Array.of(0, 4)));
  const body = concat(head, iv, sealed, cipher.final(), cipher.getAuthTag());
  return ipPacket(local, remote, ESP, body);
}

const ciphers = [aesGcm128, aesGcm256, ...integrities.map((each) => aesCbc(128, each))];

if (!hasTshark) skip('key log: tshark reads it', 'no tshark on this machine');
else {
  for (const cipher of ciphers)
    test(`key log: tshark decrypts all of our messages, ${cipher.name}`, async () => {
      const tables = new Tables();
      const left = await conversation(cipher, tables);
      const packets = udpPackets(left);
      const out = tshark(packets, tables, '-V');
      assert.not.match(out, /[Mm]alformed|Expert Info \((Warning|Error)|incorrect|Undecoded/);
      const count = (pattern: RegExp) => [...out.matchAll(pattern)].length;
      // both IKE_AUTH messages, both of CREATE_CHILD_SA, delete and its answer, all opened
      assert.is(count(/Exchange type: IKE_AUTH/g), 2);
      assert.is(count(/Exchange type: CREATE_CHILD_SA/g), 2);
      assert.is(count(/Exchange type: INFORMATIONAL/g), 2);
      assert.is(count(/Decrypted Data/g), 6);
      assert.is(count(/Payload: Authentication \(39\)/g), 2);
      assert.is(count(/Payload: Delete \(42\)/g), 2);
      assert.is(count(/Integrity Checksum Data: .*\[correct\]/g), 6);
    });

  for (const bits of [128, 256])
    test(`key log: tshark decrypts ESP with AES-GCM of ${bits} bits`, async () => {
      const tables = new Tables();
      const espSuites = [findEspSuite({ encryption: 20, keyBits: bits })!];
      const preferences = { ...defaultPreferences, espSuites };
      const { world, left, right } = await twoEnds({ preferences, keyLog: tables }, {});
      assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
      assert.is(tables.lines.esp_sa.length, 2);
      const packet = espPacket(left.installed[0]!.sa);
      const options = ['-V', '-o', 'esp.enable_encryption_decode:TRUE'];
      assert.match(tshark([packet], tables, ...options), /Type: 8 \(Echo \(ping\) request\)/);
      assert.not.match(tshark([packet], new Tables(), ...options), /Echo/);
    });
}

test('key log: without it nobody is told a key', async () => {
  const { world, left, right } = await twoEnds();
  assert.ok((await world.until(left.daemon.connect(left.wish(right)))).ok);
  const keys = left.installed.map(({ sa }) => sa.outbound.keys);
  assert.is(keys.length, 1);
  assert.not.match(left.lines.join('\n'), /[0-9a-f]{32}/);
});
