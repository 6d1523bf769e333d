import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import { type Certificate, parseCertificate } from '../../../src/core/pki/certificate.js';
import { checkChain } from '../../../src/core/pki/certificate-chain.js';
import { KeyUsage } from '../../../src/core/pki/certificate-extensions.js';
import { loadOrCreateCertificate } from '../../../src/core/pki/certificate-store.js';
import { DerReader, der, derSequence, Tag, tryDer } from '../../../src/core/pki/der.js';
import { readTime, writeTime } from '../../../src/core/pki/der-time.js';
import { formatName, nameFromText, sameName } from '../../../src/core/pki/distinguished-name.js';
import { derOid, dottedOid } from '../../../src/core/pki/object-identifiers.js';
import {
  certificateBytes,
  extension,
  type Made,
  makeAuthority,
  makeCertificate,
  name,
} from '../../support/certificates.js';
import { ed25519Key, rsaKey } from '../../support/keys.js';
import { countingRandom } from '../../support/list-random.js';
import { assert, test } from '../../support/test.js';

const now = Date.UTC(2030, 0) / 1000;
const root = makeAuthority('CN=Root');
const sub = makeAuthority('CN=Sub', { issuer: root });
const leaf = makeCertificate({ subject: 'CN=gw', issuer: sub });

const certificates = (...made: Made[]): Certificate[] => made.map((one) => one.certificate);
const chain = (of: Made, others: Made[], trusted: Made[]) =>
  checkChain(of.certificate, certificates(...others), certificates(...trusted), now);
const why = (result: ReturnType<typeof chain>): string => (result.ok ? 'accepted' : result.why);

test('certificate: a chain is found in any order, with others around it', () => {
  const stranger = makeAuthority('CN=Stranger');
  const twin = makeAuthority('CN=Sub', { issuer: stranger });
  const result = chain(leaf, [stranger, twin, root, sub], [makeAuthority('CN=Root'), root]);
  assert.ok(result.ok && result.authority === root.certificate);
});

test('certificate: refused: another authority of the same name', () => {
  assert.match(
    why(chain(leaf, [sub], [makeAuthority('CN=Root')])),
    /CN=Root has not signed CN=Sub/,
  );
});

test('certificate: refused: an authority that only the peer brings', () => {
  assert.match(
    why(chain(leaf, [sub, root], [makeAuthority('CN=Other')])),
    /not trusted|not signed/,
  );
});

test('certificate: refused: one made by another one for itself', () => {
  const end = makeCertificate({ subject: 'CN=end', issuer: root });
  const forged = makeCertificate({ subject: 'CN=bank', issuer: end });
  assert.match(why(chain(forged, [end], [root])), /authority CN=end: it is no authority/);
});

test('certificate: authorities that vouch for each other end nowhere', () => {
  const a = makeAuthority('CN=A', { key: ed25519Key(1), issuer: named('CN=B', 2) });
  const b = makeAuthority('CN=B', { key: ed25519Key(2), issuer: named('CN=A', 1) });
  assert.match(why(chain(makeCertificate({ subject: 'CN=x', issuer: a }), [a, b], [root])), /not/);
});

const named = (subject: string, number: number) => ({
  certificate: { subject: name(subject) },
  key: ed25519Key(number),
});

test('certificate: a chain has a length, and the search for it an end', () => {
  const line = [root];
  for (let i = 1; i < 7; i++) line.push(makeAuthority(`CN=${i}`, { issuer: line[i - 1]! }));
  const below = (at: number) => makeCertificate({ subject: 'CN=gw', issuer: line[at]! });
  assert.ok(chain(below(4), line, [root]).ok);
  assert.not(chain(below(5), line, [root]).ok);
  // many of one name and none of them right
  const crowd = Array.from({ length: 40 }, () => makeAuthority('CN=Sub', { issuer: root }));
  const reasons = why(chain(leaf, crowd, [root])).match(/has not signed/g) ?? [];
  assert.is(reasons.length, 12);
});

test('certificate: pathLenConstraint counts the authorities between', () => {
  const strict = makeAuthority('CN=Strict', { extensions: [extension.authority(1)] });
  const one = makeAuthority('CN=One', { issuer: strict });
  const two = makeAuthority('CN=Two', { issuer: one });
  assert.ok(chain(makeCertificate({ subject: 'CN=a', issuer: one }), [one], [strict]).ok);
  assert.match(
    why(chain(makeCertificate({ subject: 'CN=b', issuer: two }), [one, two], [strict])),
    /Strict: 2 authorities below it, 1 allowed/,
  );
});

test('certificate: ends and begins to the second', () => {
  const short = makeCertificate({
    subject: 'CN=x',
    from: '2030-01-01T00:00:00Z',
    until: '2030-01-01T00:00:01Z',
  });
  const at = (second: number) =>
    checkChain(
      short.certificate,
      [],
      [short.certificate],
      Date.UTC(2030, 0, 1, 0, 0, second) / 1000,
    );
  assert.equal(
    [-1, 0, 1, 2].map((second) => at(second).ok),
    [false, true, true, false],
  );
});

test('certificate: key usage and purposes', () => {
  const made = (...extensions: Uint8Array[]) =>
    chain(makeCertificate({ subject: 'CN=x', issuer: root, extensions }), [], [root]).ok;
  assert.ok(made(extension.keyUsage(KeyUsage.nonRepudiation)));
  assert.not(made(extension.keyUsage(KeyUsage.keyCertSign)));
  assert.ok(made(extension.purposes('2b0601050507030b', '2b06010505070311')));
  assert.not(made(extension.purposes('2b06010505070303')));
  assert.not(made(extension.purposes()));
});

const refused = (...extensions: Uint8Array[]): string => {
  const parsed = parseCertificate(certificateBytes({ subject: 'CN=x', extensions }, ed25519Key(1)));
  return parsed.ok ? 'read' : parsed.error;
};

test('certificate: extensions that are not known, or twice, or more than there can be', () => {
  assert.is(refused(extension.unknown(false)), 'read');
  assert.match(refused(extension.unknown(true)), /extension 1\.2\.3\.4 is critical and not known/);
  for (const isCritical of [true, false])
    assert.match(refused(extension.nameConstraints(isCritical)), /extension 2\.5\.29\.30/);
  assert.match(refused(extension.names(['a']), extension.names(['b'])), /2\.5\.29\.17 twice/);
  const names = Array.from({ length: 65 }, (_, i) => `n${i}`);
  assert.match(refused(extension.names(names)), /more than 64 names/);
});

test('certificate: one algorithm under the signature and another one on it', () => {
  const hex = toHex(makeCertificate({ subject: 'CN=x', key: rsaKey() }).certificate.bytes);
  const at = hex.lastIndexOf('2a864886f70d01010b');
  const parsed = parseCertificate(
    fromHex(`${hex.slice(0, at)}2a864886f70d01010c${hex.slice(at + 18)}`),
  );
  assert.is(parsed.ok ? '' : parsed.error, 'certificate: two signature algorithms');
});

test('certificate: every cut of one is refused, and no changed byte gets past its signature', () => {
  const { bytes } = leaf.certificate;
  for (let length = 0; length < bytes.length; length++)
    assert.not(parseCertificate(bytes.subarray(0, length)).ok);
  assert.not(parseCertificate(concat(bytes, Uint8Array.of(0))).ok);
  assert.not(parseCertificate(new Uint8Array(9000)).ok);
  for (let at = 0; at < bytes.length; at++)
    for (const bit of [1, 0x20, 0x80]) {
      const changed = bytes.slice();
      changed[at]! ^= bit;
      const parsed = parseCertificate(changed);
      if (parsed.ok)
        assert.not(
          checkChain(parsed.value, certificates(sub), certificates(root), now).ok,
          `${at}`,
        );
    }
});

const texts: [text: string, hex: string][] = [
  // RFC 4514 §4: the last of its examples with a comma, and one of several parts
  ['CN=James \\"Jim\\" Smith\\, III,DC=example,DC=net', ''],
  ['OU=Sales+CN=J.  Smith,DC=example,DC=net', ''],
  ['CN=Before\\0dAfter,DC=example,DC=net', ''],
  ['CN=Lu\u010di\u0107', '301231103 00e0603550403 0c07 4c75c48d69c487'],
  ['C=CH', '300d310b30090603550406 1302 4348'],
  ['CN=\\ a\\ ,O=\\#b', ''],
  ['CN=\\e2\\80\\aegpj.exe', ''],
  ['CN=\\<b\\>\\27\\26', ''],
];
for (const [text, hex] of texts)
  test(`name: ${JSON.stringify(text)} there and back`, () => {
    const bytes = nameFromText(text)!;
    assert.is(formatName(bytes), text);
    if (hex) assert.is(toHex(bytes), hex.replace(/ /g, ''));
  });

test('name: text that is none', () => {
  for (const text of ['CN', 'CN=', '=x', 'XX=1', 'CN=a,,O=b', 'CN=a,', 'CN=a\\', '1.2.3=x'])
    assert.is(nameFromText(text), undefined, text);
  assert.is(toHex(nameFromText('')!), '3000');
});

test('name: what makes no difference, and what does', () => {
  const same = (a: string, b: string) => sameName(name(a), name(b));
  assert.ok(same('CN=Gate  Way ,O=x', 'cn=gate way, o=X'));
  assert.not(same('CN=a,O=x', 'O=x,CN=a'));
  assert.not(same('CN=a', 'CN=a,O=x'));
  assert.not(same('CN=a', 'OU=a'));
  // one UTF8String, one BMPString
  const bmp = derSequence(
    der(Tag.SET, derSequence(derOid('550403'), der(Tag.BMP_STRING, Uint8Array.of(0, 97, 0, 98)))),
  );
  assert.ok(sameName(bmp, name('CN=AB')));
  assert.is(formatName(bmp), 'CN=ab');
  assert.not(sameName(Uint8Array.of(1), Uint8Array.of(1)));
  assert.is(formatName(Uint8Array.of(0x30, 5)), '#3005');
  const odd = derSequence(
    der(Tag.SET, derSequence(derOid('2a0304'), der(Tag.OCTET_STRING, utf8('x')))),
  );
  assert.is(formatName(odd), '1.2.3.4=#78');
});

test('DER: times', () => {
  const read = (bytes: Uint8Array) => tryDer(() => readTime(new DerReader(bytes, 'time')));
  for (const [text, iso] of [
    ['500101000000Z', '1950-01-01T00:00:00Z'],
    ['491231235959Z', '2049-12-31T23:59:59Z'],
  ] as const)
    assert.is(read(der(Tag.UTC_TIME, utf8(text))), Date.parse(iso) / 1000);
  for (const seconds of [
    0,
    Date.UTC(2049, 11, 31) / 1000,
    Date.UTC(2050, 0) / 1000,
    Date.UTC(9999, 0) / 1000,
  ])
    assert.is(read(writeTime(seconds)), seconds);
  for (const text of [
    '990230000000Z',
    '991301000000Z',
    '990101240000Z',
    '9901010000Z',
    '990101000000',
    '990101000000+0100',
    'x',
  ])
    assert.is(read(der(Tag.UTC_TIME, utf8(text))), undefined, text);
  assert.is(read(der(Tag.GENERALIZED_TIME, utf8('20300101000000.5Z'))), undefined);
  assert.is(read(der(Tag.INTEGER, utf8('990101000000Z'))), undefined);
});

test('object identifiers: dotted', () => {
  assert.is(dottedOid('2a864886f70d01010b'), '1.2.840.113549.1.1.11');
  assert.is(dottedOid('551d1e'), '2.5.29.30');
  assert.is(dottedOid('883703'), '2.999.3');
});

test('DER: a value of any tag, and those that have none', () => {
  const reader = new DerReader(fromHex('8101ff3000'), 'x');
  assert.equal(reader.any(), { tag: 0x81, content: fromHex('ff'), bytes: fromHex('8101ff') });
  assert.is(reader.any().tag, 0x30);
  assert.throws(() => reader.any(), /a value is missing/);
  assert.throws(() => new DerReader(fromHex('1f8100'), 'x').any(), /more than one byte/);
  assert.throws(() => new DerReader(fromHex('010101'), 'x').boolean(), /BOOLEAN/);
  assert.throws(() => new DerReader(fromHex('300030003000'), 'x').each(0x30, 2), /more than 2/);
});

test('certificate store: made once, mode 0600, and read again; a foreign one is left alone', () => {
  const written = new Map<string, { bytes: Uint8Array; mode: number }>();
  const folders: string[] = [];
  const files = {
    read: (path: string) => written.get(path)?.bytes,
    makeFolder: (path: string, mode: number) => void folders.push(`${path} ${mode.toString(8)}`),
    writeAtomic: (path: string, bytes: Uint8Array, mode: number) =>
      void written.set(path, { bytes, mode }),
  };
  const options = {
    files: files as never,
    folder: '/state/',
    key: ed25519Key(7),
    subject: 'CN=router',
    dnsNames: ['router.example.org'],
    random: countingRandom(4),
  };
  const [own] = loadOrCreateCertificate(options);
  assert.equal([...written.keys()], ['/state/certificate.pem']);
  assert.equal(folders, ['/state/ 700']);
  assert.is(written.get('/state/certificate.pem')?.mode, 0o600);
  assert.is(formatName(own!.subject), 'CN=router');
  assert.equal(own!.dnsNames, ['router.example.org']);
  assert.ok(
    chain({ certificate: own!, key: options.key }, [], [{ certificate: own!, key: options.key }])
      .ok,
  );
  const [again] = loadOrCreateCertificate({ ...options, subject: 'CN=other' });
  assert.is(again!.fingerprint, own!.fingerprint);
  assert.throws(
    () => loadOrCreateCertificate({ ...options, key: rsaKey() }),
    /not of our private key/,
  );
  written.set('/state/certificate.pem', { bytes: utf8('nonsense'), mode: 0o600 });
  assert.throws(
    () => loadOrCreateCertificate(options),
    /\/state\/certificate.pem: no certificate in it/,
  );
  written.clear();
  assert.throws(
    () => loadOrCreateCertificate({ ...options, subject: 'router' }),
    /'router' is no name like/,
  );
});

test('name: what is no text is not a text that looks like its bytes', () => {
  const text = nameFromText('CN=deadbeef')!;
  const value = der(Tag.OCTET_STRING, fromHex('deadbeef'));
  const octets = derSequence(der(Tag.SET, derSequence(derOid('550403'), value)));
  assert.ok(sameName(octets, octets));
  assert.not.ok(sameName(text, octets));
});

test('name: a long one is cut where it is shown', () => {
  const long = nameFromText(`CN=${'a'.repeat(6000)}`)!;
  assert.ok(formatName(long).length < 500);
  const oid = der(Tag.OBJECT_IDENTIFIER, new Uint8Array(3000).fill(1));
  const odd = derSequence(der(Tag.SET, derSequence(oid, der(Tag.PRINTABLE_STRING, utf8('x')))));
  assert.ok(formatName(odd).length < 500);
});
