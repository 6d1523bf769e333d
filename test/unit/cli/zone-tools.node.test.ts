// Whether the name servers' own tools take what `autoipsec records` prints.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ownAddressRecords } from '../../../src/cli/publish.js';
import { records } from '../../../src/cli/records.js';
import { address, prefix } from '../../../src/core/net/address.js';
import { assert, skip, test } from '../../support/test.js';
import { edKey, FakeMachine, otherRsaKey, rsaKey } from './fake-context.js';

const zone = '18.198.in-addr.arpa';
const head = `$TTL 60
${zone}. IN SOA ns.example. host.example. 1 3600 600 86400 60
${zone}. IN NS ns.example.
`;

/** Programs with their arguments before the file; the last word of each is the file. */
const tools: [string, ...string[]][] = [
  ['nsd-checkzone', zone],
  ['named-checkzone', zone],
  ['ldns-read-zone'],
];

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** A key of a common size, so that the TXT record has several strings. */
const bigKey = { ...rsaKey, modulus: new Uint8Array(512).fill(0xab) };

async function output(): Promise<string> {
  const machine = new FakeMachine();
  machine.keys = { ok: true, keys: [rsaKey, bigKey, edKey] };
  machine.wan = { device: 'eth1', addresses: [address('198.18.1.1')] };
  const wrong = ownAddressRecords(address('198.18.1.1'), [otherRsaKey])[1]!.records[0]!;
  machine.publish(`KEY ${wrong.owner}`, [wrong.data]);
  const clients = [prefix('198.18.1.10'), prefix('198.18.7.0/24')];
  assert.is(await records(machine.context(), { clients, offline: false }), 1);
  return machine.printed;
}

const missing = tools.map(([program]) => program).filter((program) => !has(program));
const title = 'IK-9 cli records: nsd, bind and ldns load the output, which tells what is wrong';
if (missing.length > 0) skip(title, `not installed: ${missing.join(', ')}`);
else
  test(title, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'zone-'));
    const file = path.join(folder, 'zone');
    const printed = await output();
    writeFileSync(file, head + printed);
    for (const [program, ...words] of tools) {
      const result = spawnSync(program, [...words, file], { encoding: 'utf8' });
      assert.is(result.status, 0, `${program}: ${result.stdout}${result.stderr}`);
    }
    const read = spawnSync('ldns-read-zone', [file], { encoding: 'utf8' });
    const kinds = (kind: string) => read.stdout.split('\n').filter((line) => line.includes(kind));
    assert.equal(
      ['\tTXT\t', '\tKEY\t', '\tIPSECKEY\t'].map((kind) => kinds(kind).length),
      [6, 2, 9],
    );
    assert.is(printed.match(/^; missing: (TXT|IPSECKEY) at /gm)?.length, 15);
    assert.is(printed.match(/^; differs: KEY at /gm)?.length, 2);
    rmSync(folder, { recursive: true });
  });
