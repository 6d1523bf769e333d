// The table in its file: what comes back after a restart, when it is written, and what is refused.

import { toHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { createLogger } from '../../../src/core/log.js';
import { address } from '../../../src/core/net/address.js';
import { toPem } from '../../../src/core/pki/pem.js';
import { readTable, writeTable } from '../../../src/plugins/autovpn/trust/file.js';
import type { TrustOptions } from '../../../src/plugins/autovpn/trust/options.js';
import type { Peer } from '../../../src/plugins/autovpn/trust/peer.js';
import { Trust } from '../../../src/plugins/autovpn/trust/trust.js';
import { defaultTrustOptions } from '../../support/autovpn-end.js';
import { makeCertificate, name } from '../../support/certificates.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';

const path = '/etc/autoipsec/autovpn-peers';
const where = address('192.0.2.1');
const day = 86_400_000;

class CountingFiles extends MemoryFiles {
  writes = 0;
  isFull = false;

  override writeAtomic(...args: Parameters<MemoryFiles['writeAtomic']>): void {
    if (this.isFull) throw new Error('no space left');
    this.writes++;
    super.writeAtomic(...args);
  }
}

class Box {
  readonly clock = new SteppedClock(1000, 1_800_000_000);
  readonly files = new CountingFiles();
  readonly lines: string[] = [];
  readonly banished: string[] = [];
  inUse: Uint8Array[] = [];
  trust!: Trust;

  constructor(private readonly options: Partial<TrustOptions> = {}) {
    this.start();
  }

  start(more: Partial<TrustOptions> = {}): void {
    this.trust?.stop();
    this.trust = new Trust({
      ...{ files: this.files, folder: '/etc/autoipsec', clock: this.clock, timers: this.clock },
      log: createLogger(
        { write: (level, line) => void this.lines.push(`${level} ${line}`) },
        () => 'debug',
      ),
      options: { ...defaultTrustOptions, ...this.options, ...more },
      banish: (peer) => void this.banished.push(toHex(peer)),
      inUse: () => this.inUse,
    });
  }

  meet(text: string, digit = 'a', contact = ''): Peer | undefined {
    const shown = { name: name(text), fingerprint: digit.repeat(64) };
    this.trust.met({ ...shown, address: where, isVouchedFor: false, contact });
    return this.trust.table.find(shown.name);
  }

  find(text: string): Peer | undefined {
    return this.trust.table.find(name(text));
  }
}

const secret = { value: new Uint8Array(32).fill(7), ownName: name('CN=we') };

test('AV-119 AV-A24: everything about a peer comes back after a restart', () => {
  const box = new Box();
  box.meet('CN=a', 'a', 'call ☎ 1');
  const peer = box.meet('CN=b', 'b')!;
  box.trust.table.mark(peer, 'Untrusted', 'wrong fingerprint');
  const friend = box.meet('CN=c', 'c')!;
  box.trust.agreed(friend, secret);
  box.trust.authorize(friend.name, address('203.0.113.80'));
  box.trust.judge({ name: friend.name, fingerprint: 'd'.repeat(64) }, false, where);
  const before = box.trust.table.all().map((each) => ({ ...each }));
  const addresses = box.trust.authorizations.all();
  box.start();
  const byName = (one: Peer, other: Peer) => (toHex(one.name) < toHex(other.name) ? -1 : 1);
  assert.equal(box.trust.table.all().sort(byName), before.sort(byName));
  assert.equal(box.trust.authorizations.all(), addresses);
  assert.is(box.files.content.get(path)?.mode, 0o600);
  box.trust.stop();
});

test('AV-A24: what a person does, a secret and an alarm are written at once', () => {
  const box = new Box();
  const peer = box.meet('CN=a')!;
  const steps: [string, () => void][] = [
    ['trust', () => box.trust.table.mark(peer, 'Trusted')],
    ['distrust', () => box.trust.table.mark(peer, 'Untrusted')],
    ['trust again', () => box.trust.table.mark(peer, 'Trusted')],
    ['secret', () => box.trust.agreed(peer, secret)],
    ['conflict', () => box.trust.judge({ ...peer, fingerprint: 'b'.repeat(64) }, false, where)],
    ['remove', () => box.trust.table.remove(peer)],
  ];
  for (const [what, step] of steps) {
    const before = box.files.writes;
    step();
    assert.is(box.files.writes, before + 1, what);
  }
  box.trust.stop();
});

test('AV-A24: a thousand meetings cost the flash two writes in six hours', async () => {
  const box = new Box();
  for (let i = 0; i < 1000; i++) {
    box.meet(`CN=${i}`);
    await box.clock.advance(20_000);
  }
  assert.ok(box.files.writes <= 2, `${box.files.writes}`);
  await box.clock.advance(21_600_000);
  const { writes } = box.files;
  assert.is(box.files.content.size, 1);
  await box.clock.advance(day);
  assert.is(box.files.writes, writes);
  box.trust.stop();
  assert.is(box.clock.pendingTimers, 0);
});

test('AV-A24: with persist_interval 0 everything is written at once', async () => {
  const box = new Box({ persistInterval: 0 });
  box.meet('CN=a');
  await box.clock.advance(1);
  assert.is(box.files.writes, 1);
  box.trust.stop();
});

test('AV-A24: an orderly stop writes what is not written', () => {
  const box = new Box();
  box.meet('CN=a');
  box.trust.stop();
  assert.is(box.files.writes, 1);
  box.trust.stop();
  assert.is(box.files.writes, 1);
});

test('AV-A24: a secret that the disk did not take is none', () => {
  const box = new Box();
  const peer = box.meet('CN=a')!;
  box.files.isFull = true;
  assert.is(box.trust.agreed(peer, secret), false);
  assert.is(peer.secret, undefined);
  box.files.isFull = false;
  assert.is(box.trust.agreed(peer, secret), true);
  assert.is(peer.secret, secret);
  box.trust.stop();
});

test('AV-121: thirty days by default, and a warning below seven', () => {
  assert.ok(defaultTrustOptions.unverifiedTimeout > 604_800);
  const box = new Box({ unverifiedTimeout: 604_799 });
  assert.ok(box.lines.some((line) => line.startsWith('warning') && line.includes('7 days')));
  box.trust.stop();
});

test('AV-120 AV-127 AV-138 AV-A34: an Unverified peer is forgotten after thirty idle days', async () => {
  const box = new Box();
  box.meet('CN=idle');
  box.meet('CN=used', 'b');
  const kept = box.meet('CN=secret', 'c')!;
  box.trust.agreed(kept, secret);
  box.inUse = [name('CN=used')];
  await box.clock.advance(29 * day);
  assert.ok(box.find('CN=idle'));
  await box.clock.advance(2 * day);
  assert.is(box.find('CN=idle'), undefined);
  assert.ok(box.find('CN=used') && box.find('CN=secret'));
  assert.equal(box.banished, [toHex(name('CN=idle'))]);
  box.trust.stop();
});

test('AV-140 AV-145: ten years later the secret and its certificate are there', () => {
  const box = new Box();
  box.trust.agreed(box.meet('CN=a')!, secret);
  const saved = box.files.content.get(path)!;
  const later = new Box();
  later.files.content.set(path, saved);
  (later.clock as { wallSeconds(): number }).wallSeconds = () => 1_800_000_000 + 10 * 365 * 86_400;
  later.start();
  later.trust.sweep();
  assert.equal(later.find('CN=a')?.secret, secret);
  box.trust.stop();
  later.trust.stop();
});

test('AV-158 AV-159 AV-160: addresses have no time-out, and go with their peer alone', async () => {
  const box = new Box();
  const peer = box.meet('CN=a')!;
  box.trust.table.mark(peer, 'Trusted');
  for (const text of ['203.0.113.80', '203.0.113.81'])
    box.trust.authorize(peer.name, address(text));
  await box.clock.advance(100 * day, 10_000_000);
  assert.is(box.trust.authorizations.of(peer.name).length, 2);
  assert.ok(box.trust.table.remove(peer).ok);
  assert.equal(box.trust.authorizations.all(), []);
  box.trust.stop();
});

test('AV-131 AV-132 AV-134: the PAD follows the table through every event', () => {
  const box = new Box();
  const pad = () =>
    box.trust.pad().map((entry) => `${entry.authenticatedBy} ${entry.addresses.join()}`);
  const peer = box.meet('CN=a')!;
  box.trust.authorize(peer.name, address('203.0.113.80'));
  assert.equal(pad(), ['certificate 203.0.113.80']);
  box.trust.table.mark(peer, 'Untrusted');
  assert.equal(pad(), []);
  assert.equal(box.banished, [toHex(peer.name)]);
  box.trust.table.mark(peer, 'Trusted');
  box.trust.agreed(peer, secret);
  assert.equal(pad(), ['shared secret 203.0.113.80']);
  box.trust.table.remove(peer);
  assert.equal(pad(), []);
  assert.is(box.banished.length, 2);
  box.trust.stop();
});

test('AV-130: a revoked certificate is deleted, and refused from then on', () => {
  const box = new Box();
  const peer = box.meet('CN=a')!;
  box.trust.table.mark(peer, 'Trusted');
  box.start({ revoked: ['A'.repeat(64).replace(/..(?=.)/g, '$&:')] });
  assert.is(box.find('CN=a'), undefined);
  assert.is(box.meet('CN=a'), undefined);
  assert.equal(box.trust.pad(), []);
  assert.ok(box.meet('CN=b', 'b'));
  box.trust.stop();
});

test('AV-129: a peer whose certificate is configured is Managed, for as long as it is', () => {
  const { certificate } = makeCertificate({ subject: 'CN=office' });
  const box = new Box();
  box.files.content.set('/etc/office.pem', {
    bytes: utf8(toPem('CERTIFICATE', certificate.bytes)),
    mode: 0o644,
  });
  box.start({ managed: ['/etc/office.pem', '/etc/not-there.pem'] });
  assert.is(box.find('CN=office')?.state, 'Managed');
  assert.ok(box.lines.some((line) => line.includes('/etc/not-there.pem')));
  box.start();
  assert.is(box.find('CN=office'), undefined);
  box.trust.stop();
});

test('AV-150: the alarm is kept for the person until he has decided', () => {
  const box = new Box();
  const peer = box.meet('CN=a')!;
  const newcomer = { name: peer.name, fingerprint: 'b'.repeat(64) };
  for (let i = 0; i < 3; i++) box.trust.judge(newcomer, false, where);
  assert.is(box.lines.filter((line) => line.startsWith('warning')).length, 1);
  box.start();
  assert.match(box.trust.warnings().join(), 'CN=a (3 times');
  box.trust.table.mark(box.find('CN=a')!, 'Trusted');
  assert.equal(box.trust.warnings(), []);
  box.trust.stop();
});

const good = writeTable({
  peers: [new Box().meet('CN=a', 'a', 'hello')!],
  addresses: [{ address: where, peer: name('CN=a') }],
});

for (const [what, spoil] of [
  ['cut anywhere', (text: string) => text.slice(0, -20)],
  ['without its last line end', (text: string) => text.slice(0, -1)],
  ['of another format', (text: string) => text.replace('"format":1', '"format":2')],
  ['with a state that is none', (text: string) => text.replace('Unverified', 'Friend')],
  ['with a name that is no hexadecimal', (text: string) => text.replace('"peer":"3', '"peer":"x')],
  ['with a fingerprint too short', (text: string) => text.replace('aaaa', 'aa')],
  ['with an address that is none', (text: string) => text.replace('["192.0.2.1"]', '["192"]')],
  ['with a peer twice', (text: string) => text.replace(/\{"peer".*\n/, '$&$&')],
  ['with the addresses of a peer twice', (text: string) => text.replace(/\{"of".*\n/, '$&$&')],
  ['that is no JSON', () => 'hello\nworld\n'],
  ['that is empty', () => ''],
] as const)
  test(`trust file: one ${what} is refused whole, with its name`, () => {
    const spoilt = utf8(spoil(fromUtf8(good)));
    assert.is.not(fromUtf8(spoilt), fromUtf8(good));
    assert.is(readTable(spoilt).ok, false);
    const box = new Box();
    box.files.content.set(path, { bytes: spoilt, mode: 0o600 });
    assert.throws(() => box.start(), /autovpn-peers/);
    // It stays as it is, for a person to look at
    assert.is(fromUtf8(box.files.content.get(path)!.bytes), fromUtf8(spoilt));
  });
