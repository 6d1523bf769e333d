import { check } from '../../../src/cli/check.js';
import { ownAddressRecords } from '../../../src/cli/publish.js';
import { records } from '../../../src/cli/records.js';
import { createControlServer } from '../../../src/core/control/server.js';
import { silentLogger } from '../../../src/core/log.js';
import { address } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { configuration, FakeMachine, otherRsaKey, rsaKey } from './fake-context.js';

const socket = '/run/a.sock';

/** A router on which all is well: daemon up, records published and signed. */
async function readyMachine(status: 'secure' | 'insecure' = 'secure'): Promise<FakeMachine> {
  const machine = new FakeMachine();
  const groups = ownAddressRecords(address('198.18.1.1'), [rsaKey]);
  for (const record of groups.flatMap((each) => each.records))
    machine.publish(`${record.kind} ${record.owner}`, [record.data], status);
  machine.publish('SOA .', [Uint8Array.of(0)], status);
  const parts = { network: machine.host, timers: machine.clock, files: new MemoryFiles() };
  await createControlServer({ ...parts, log: silentLogger }, socket, { status: () => ({}) });
  return machine;
}

/** Lines of one subject after `change`, with the exit status before them. */
async function lines(
  machine: FakeMachine,
  part: RegExp,
): Promise<{ status: number; found: string[] }> {
  const status = await check(machine.context());
  // Wrapped lines are put together again
  const whole = machine.printed.replace(/\n {6}/g, ' ').split('\n');
  return { status, found: whole.filter((line) => part.test(line)) };
}

test('cli check: as values for programs', async () => {
  const machine = await readyMachine();
  assert.is(await check(machine.context(), true), 0);
  const ready = JSON.parse(machine.printed);
  assert.is(ready.ready, true);
  assert.is(ready.verdict, 'Ready.');
  assert.equal(ready.findings[0], {
    level: 'ok',
    what: 'configuration',
    found: '/etc/config/autoipsec is valid',
  });
  machine.printed = '';
  machine.wan = { device: '', addresses: [] };
  assert.is(await check(machine.context(), true), 1);
  const { ready: isReady, findings } = JSON.parse(machine.printed);
  assert.is(isReady, false);
  assert.ok(findings.some((each: { level: string }) => each.level === 'FAIL'));
});

test('cli check: golden, a router that is ready', async () => {
  const machine = await readyMachine();
  assert.is(await check(machine.context()), 0);
  assert.snapshot(
    machine.printed,
    `ok    configuration: /etc/config/autoipsec is valid
ok    clock: 2027-01-15 08:00 UTC
ok    kernel and tools: all parts are there
ok    daemon: it runs and holds the ports 500 and 4500
ok    WAN 'wan': eth1 has 198.18.1.1
ok    name servers: 127.0.0.1 (trusted) answered
ok    DNSSEC: answers come validated from a trusted name server
ok    own records: 3 published

Ready.
`,
  );
});

test('cli check: tells which cipher tunnels get first, and why', async () => {
  const ofMachine = async (change: (machine: FakeMachine) => void) => {
    const machine = await readyMachine();
    change(machine);
    return (await lines(machine, /ciphers/)).found.join();
  };
  const slow = { isFast: false, driver: 'rfc4106(gcm_base(ctr(aes-generic),ghash-generic))' };
  assert.match(
    await ofMachine((machine) => {
      machine.aes = slow;
    }),
    'ok    ciphers: ChaCha20-Poly1305 first, as AES is slow here (rfc4106(gcm_base(ctr(aes-generic',
  );
  assert.match(
    await ofMachine((machine) => {
      machine.aes = { isFast: true, driver: 'rfc4106-gcm-aesni' };
    }),
    'AES-GCM first, which is fast here (rfc4106-gcm-aesni)',
  );
  assert.match(
    await ofMachine((machine) => {
      machine.aes = slow;
      machine.configuration = machine.configuration.replace(
        "enabled '1'",
        "enabled '1'\n list esp_proposal 'aes128gcm16'",
      );
    }),
    'ciphers: aes128gcm16, as option esp_proposal says',
  );
});

test('cli check: golden, a router that is not', async () => {
  const machine = new FakeMachine();
  machine.configuration = configuration.replace("enabled '1'", "enabled '0'");
  machine.missing = [
    { what: "'ip xfrm' is missing", remedy: 'install ip-full' },
    { what: 'no ESP in the kernel', remedy: 'install kmod-ipsec4' },
  ];
  machine.wan = { device: 'eth1', addresses: [address('192.168.1.2')] };
  machine.answers.set('SOA .', { kind: 'failed', reason: 'no name server answered' });
  machine.keys = { ok: false, why: 'there is no key in /etc/autoipsec' };
  assert.is(await check(machine.context()), 1);
  assert.snapshot(
    machine.printed,
    `ok    configuration: /etc/config/autoipsec is valid
warn  configuration: the service is switched off → uci set autoipsec.main.enabled='1'; uci commit
      autoipsec
ok    clock: 2027-01-15 08:00 UTC
FAIL  kernel and tools: 'ip xfrm' is missing → install ip-full
FAIL  kernel and tools: no ESP in the kernel → install kmod-ipsec4
warn  daemon: it does not run → service autoipsec start
ok    port 500: free
ok    port 4500: free
ok    WAN 'wan': eth1 has 192.168.1.2
warn  WAN 'wan': 192.168.1.2 is private: somebody before this router translates it again, so nobody
      can look up records for it or call it → ask for a public address, or give the WAN a name with
      option fqdn to start tunnels at least
FAIL  name servers: 127.0.0.1 (trusted): no name server answered → look at /etc/resolv.conf, or name
      servers with list name_server
warn  own key: there is no key in /etc/autoipsec → start the daemon once, it makes the key

Not ready: 3 to mend, 4 could be better.
`,
  );
});

test('cli check: mistakes in the configuration are told, the rest is looked at all the same', async () => {
  const machine = await readyMachine();
  machine.configuration = "config autoipsec 'main'\noption patience x";
  const { status, found } = await lines(machine, /configuration|kernel/);
  assert.is(status, 1);
  assert.equal(found, [
    "FAIL  configuration: /etc/config/autoipsec:2: autoipsec 'main': option 'patience' is 'x'; allowed: 0.5..300 seconds → docs/configuration.md tells what is allowed",
    'ok    kernel and tools: all parts are there',
  ]);
});

test('cli check: a clock before this was written', async () => {
  const machine = await readyMachine();
  const context = {
    ...machine.context(),
    clock: { monotonicMs: () => 0, wallSeconds: () => 60 },
  };
  assert.is(await check(context), 1);
  assert.match(machine.printed, /FAIL {2}clock: 1970-01-01 00:01 UTC can not be right/);
});

test('cli check: a port that another daemon holds', async () => {
  const machine = new FakeMachine();
  await machine.host.udp({ family: 4, port: 500, onDatagram: () => undefined });
  const { status, found } = await lines(machine, /port/);
  assert.is(status, 1);
  assert.equal(found, [
    'FAIL  port 500: can not be had: udp port 500 on 0.0.0.0: bind: Address in use → stop the other IKE daemon (strongSwan, libreswan), or do not use this service',
    'ok    port 4500: free',
  ]);
  assert.is(machine.host.udpSockets.length, 1, 'the port that was tried is given back');
});

test('cli check: a name server that validates nothing', async () => {
  const { status, found } = await lines(await readyMachine('insecure'), /DNSSEC/);
  assert.is(status, 0);
  assert.match(found[0]!, /^warn {2}DNSSEC: no answer comes validated/);
  assert.match(found[1]!, /^warn {2}own records: not vouched for by DNSSEC as seen from here/);
});

test('cli check: a record that can not be looked up is not said to be missing', async () => {
  const machine = await readyMachine();
  machine.answers.set('KEY 1.1.18.198.in-addr.arpa', { kind: 'failed', reason: 'no answer' });
  const { found } = await lines(machine, /own records: KEY/);
  assert.equal(found, [
    'warn  own records: KEY at 1.1.18.198.in-addr.arpa: unknown (no answer) → look at the name servers first',
  ]);
});

test('cli check: a wrong signature is a failure', async () => {
  const machine = await readyMachine();
  const root = machine.answers.get('SOA .')!;
  machine.answers.set('SOA .', { ...root, status: 'bogus' } as typeof root);
  const { status, found } = await lines(machine, /DNSSEC/);
  assert.is(status, 1);
  assert.match(found[0]!, /^FAIL {2}DNSSEC: a signature of the root or of the own zone is wrong/);
});

test('cli check: an own zone that is signed is proof enough where the root is out of reach', async () => {
  const machine = await readyMachine();
  machine.answers.set('SOA .', { kind: 'failed', reason: 'no name server answered' });
  const { status, found } = await lines(machine, /DNSSEC|name servers/);
  assert.is(status, 0);
  assert.equal(found, [
    'ok    name servers: 127.0.0.1 (trusted) answered',
    'ok    DNSSEC: answers come validated from a trusted name server',
  ]);
});

test('OE-79 cli: records prints the KEY of the reverse name, check tells when it is missing or differs', async () => {
  const question = 'KEY 1.1.18.198.in-addr.arpa';
  const remedy = "→ publish what 'autoipsec records' prints, so that others encrypt to you";
  const printing = new FakeMachine();
  await records(printing.context(), { clients: [], offline: true });
  assert.match(printing.printed, /^1\.1\.18\.198\.in-addr\.arpa\. IN KEY 16896 4 1 /m);

  const missing = await readyMachine();
  missing.answers.delete(question);
  assert.equal((await lines(missing, /own records: KEY/)).found, [
    `warn  own records: ${question.replace(' ', ' at ')}: missing (name does not exist) ${remedy}`,
  ]);

  const differing = await readyMachine();
  const [key] = ownAddressRecords(address('198.18.1.1'), [otherRsaKey])[1]!.records;
  differing.publish(question, [key!.data]);
  assert.equal((await lines(differing, /own records: KEY/)).found, [
    `warn  own records: ${question.replace(' ', ' at ')}: differs (1 published, none with this gateway and key) ${remedy}`,
  ]);
});

test('OE-135 cli check: warns about a private translated address', async () => {
  const machine = await readyMachine();
  machine.wan = { device: 'eth1', addresses: [address('100.64.3.4')] };
  const { found } = await lines(machine, /^warn {2}WAN/);
  assert.is(found.length, 1);
  assert.match(found[0]!, /100\.64\.3\.4 is private/);
});

test('cli check: a WAN without device or without address', async () => {
  const machine = await readyMachine();
  machine.wan = { device: '', addresses: [] };
  const down = await lines(machine, /^FAIL {2}WAN/);
  assert.equal(down.found, [
    "FAIL  WAN 'wan': its network device is not known → 'ifup wan', or name the device with option device",
  ]);
  machine.wan = { device: 'eth1', addresses: [] };
  const bare = await lines(machine, /no global address/);
  assert.equal(bare.found, [
    "FAIL  WAN 'wan': eth1 has no global address → look at 'ifstatus wan'",
  ]);
});

test('cli check: a look that breaks does not hide the others', async () => {
  const machine = await readyMachine();
  const context = {
    ...machine.context(),
    missingParts: () => Promise.reject(new Error('ip: no such file')),
  };
  assert.is(await check(context), 1);
  assert.match(
    machine.printed,
    /FAIL {2}kernel and tools: could not be looked at: ip: no such file → report this as a bug/,
  );
  assert.match(machine.printed, /ok {4}own records/);
});
