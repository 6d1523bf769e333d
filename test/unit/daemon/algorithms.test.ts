import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { aesSpeed, choosePreferences, rememberedAesSpeed } from '../../../src/daemon/algorithms.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';

const folder = '/etc/autoipsec';
const all = { ikeProposals: [], espProposals: [] };
const slow = { isFast: false, driver: 'rfc4106(gcm_base(ctr(aes-generic),ghash-generic))' };
const fast = { isFast: true, driver: 'rfc4106-gcm-aesni' };

const names = (...parts: Parameters<typeof choosePreferences>) =>
  choosePreferences(...parts).espSuites.map(({ name }) => name);

function machine(driver: string | undefined, version = 'Linux version 6.6.1'): MemoryFiles {
  const files = new MemoryFiles();
  files.writeAtomic('/proc/version', utf8(`${version}\n`), 0o444);
  const text = `name         : rfc4106(gcm(aes))\ndriver       : ${driver}\npriority     : 1\n`;
  files.writeAtomic('/proc/crypto', utf8(driver ? text : ''), 0o444);
  return files;
}

test('algorithms: the faster cipher is offered first', () => {
  assert.is(names(all, [], slow)[0], 'CHACHA20_POLY1305');
  assert.is(names(all, [], fast)[0], 'AES_GCM_16_128');
  assert.is(names(all, [], undefined)[0], 'AES_GCM_16_128');
  assert.equal([...names(all, [], slow)].sort(), [...names(all, [], fast)].sort());
});

test('algorithms: the order of the configuration stands', () => {
  const written = { ikeProposals: [], espProposals: ['aes128gcm16', 'chacha20poly1305'] };
  assert.equal(names(written, [], slow), ['AES_GCM_16_128', 'CHACHA20_POLY1305']);
});

test('algorithms: nothing is offered that the kernel lacks', () => {
  const left = names(all, ['rfc7539esp(chacha20,poly1305)', 'hmac(sha512)'], slow);
  assert.ok(left.length > 0);
  assert.not(left.some((name) => /CHACHA20|SHA2_512/.test(name)));
  const only = { ikeProposals: [], espProposals: ['chacha20poly1305'] };
  assert.throws(() => names(only, ['rfc7539esp(chacha20,poly1305)'], slow));
});

test('algorithms: no extended sequence numbers where the kernel has none', () => {
  assert.equal(choosePreferences(all, [], slow).sequenceNumbers, [1, 0]);
  assert.equal(choosePreferences(all, ['esn'], slow).sequenceNumbers, [0]);
});

test('algorithms: what was found out is remembered for this kernel', () => {
  const files = machine(slow.driver);
  assert.is(rememberedAesSpeed(files, folder), undefined);
  assert.equal(aesSpeed(files, folder), slow);
  files.remove('/proc/crypto');
  assert.equal(aesSpeed(files, folder), slow);
  assert.equal(rememberedAesSpeed(files, folder), slow);
  files.writeAtomic('/proc/version', utf8('Linux version 6.12.1\n'), 0o444);
  assert.is(rememberedAesSpeed(files, folder), undefined);
});

test('algorithms: an unknown speed is not remembered, and nonsense in the file does no harm', () => {
  const files = machine(undefined);
  assert.is(aesSpeed(files, folder), undefined);
  assert.equal(files.list(folder), []);
  const known = machine(fast.driver);
  aesSpeed(known, folder);
  const [file] = known.list(folder);
  const text = fromUtf8(known.read(`${folder}/${file}`)!);
  for (const bad of ['', '[]', 'null', text.slice(0, -5), text.replace('true', '7')]) {
    known.writeAtomic(`${folder}/${file}`, utf8(bad), 0o644);
    assert.equal(aesSpeed(known, folder), fast);
  }
});
