import { fromBase64 } from '../../../src/core/bytes/base64.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import { readIpseckey } from '../../../src/core/dns/ipseckey-record.js';
import { ipsecKeyRecord } from '../../../src/core/dns/key-record.js';
import { ipseckeyLine, keyLine, txtLine } from '../../../src/core/dns/presentation.js';
import { readRsaKey } from '../../../src/core/pki/dns-key.js';
import { assert, test } from '../../support/test.js';

const owner = '38.2.0.192.in-addr.arpa';
// RFC 4025 §3.2
const key = 'AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==';

test('TXT line: strings of 255 bytes, quotes and what is no text escaped', () => {
  assert.is(
    txtLine(owner, utf8('X-IPsec-Server(10)=192.0.2.1 AQ==')),
    `${owner}. IN TXT "X-IPsec-Server(10)=192.0.2.1 AQ=="`,
  );
  const long = txtLine(owner, utf8('a'.repeat(300)));
  assert.is(long, `${owner}. IN TXT "${'a'.repeat(255)}" "${'a'.repeat(45)}"`);
  const odd = Uint8Array.of(0x22, 0x5c, 0x0a, 0x00, 0xff, 0x3b);
  assert.is(txtLine('a.', odd), 'a. IN TXT "\\"\\\\\\010\\000\\255;"');
  assert.is(txtLine('a', new Uint8Array()), 'a. IN TXT ""');
});

test('KEY line: the form of the draft, flags in decimal', () => {
  const rsa = readRsaKey(fromBase64(key)!);
  assert.ok(rsa.ok);
  if (rsa.ok)
    assert.is(keyLine(owner, ipsecKeyRecord(rsa.value)), `${owner}. IN KEY 16896 4 1 ${key}`);
});

test('IPSECKEY lines are those of RFC 4025 §3.2', () => {
  const data = '51537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801';
  const line = (head: string) => {
    const record = readIpseckey(fromHex(`${head}0103${data}`));
    return record.ok ? ipseckeyLine(owner, record.value) : record.error;
  };
  assert.is(line('0a0102c0000226'), `${owner}. IN IPSECKEY 10 1 2 192.0.2.38 ${key}`);
  assert.is(line('0a0002'), `${owner}. IN IPSECKEY 10 0 2 . ${key}`);
  assert.is(
    line('0a0302096d7967617465776179076578616d706c6503636f6d00'),
    `${owner}. IN IPSECKEY 10 3 2 mygateway.example.com. ${key}`,
  );
  const keyless = readIpseckey(fromHex('ff020020010db8000000000000000000000001'));
  assert.ok(keyless.ok);
  if (keyless.ok) assert.throws(() => ipseckeyLine(owner, keyless.value), /without a key/);
});

test('lines: a name that would change the meaning of the file is refused', () => {
  for (const bad of ['$INCLUDE', '@', 'a b', 'a;b', 'a\nb', '"a"', 'a(b', 'a..b'])
    assert.throws(() => txtLine(bad, new Uint8Array()), /name:/, bad);
});
