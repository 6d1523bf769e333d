// Certificates both ways with the openssl command: its chains verify with us, ours with it.
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import { isInNameOf } from '../../../src/core/ike/certificate-identity.js';
import {
  addressIdentity,
  fqdnIdentity,
  mailIdentity,
  nameIdentity,
} from '../../../src/core/ike/identity.js';
import { address } from '../../../src/core/net/address.js';
import { type Certificate, certificatesFromPem } from '../../../src/core/pki/certificate.js';
import { checkChain } from '../../../src/core/pki/certificate-chain.js';
import { formatName, nameFromText, sameName } from '../../../src/core/pki/distinguished-name.js';
import { generateKey } from '../../../src/core/pki/generate-key.js';
import { toPem } from '../../../src/core/pki/pem.js';
import { writeSelfSigned } from '../../../src/core/pki/write-certificate.js';
import { extension, makeAuthority, makeCertificate } from '../../support/certificates.js';
import { ecdsaKey, ed25519Key, rsaKey } from '../../support/keys.js';
import { countingRandom } from '../../support/list-random.js';
import { assert, skip, test } from '../../support/test.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const folder = hasOpenssl ? mkdtempSync(path.join(tmpdir(), 'certificates-')) : '';
process.on('exit', () => folder && rmSync(folder, { recursive: true }));

function openssl(...args: string[]): string {
  const run = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  assert.is(run.status, 0, `openssl ${args.join(' ')}: ${run.stderr}`);
  return run.stdout;
}

const keyArguments: Record<string, string[]> = {
  rsa: ['rsa:2048'],
  'rsa-3072': ['rsa:3072'],
  'ecdsa-p256': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'ecdsa-p384': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['ed25519'],
};

interface Wanted {
  key?: string;
  subject: string;
  /** `openssl x509 -extfile` lines. */
  extensions?: string[];
  /** Name of the files of the issuer; itself when absent. */
  issuer?: string;
  days?: number;
  more?: string[];
}

/** Makes NAME.key and NAME.pem; the certificate. */
function make(name: string, wanted: Wanted): Certificate {
  const { key = 'ecdsa-p256', subject, issuer, days = 30, more = [] } = wanted;
  const [kind, ...options] = keyArguments[key]!;
  writeFileSync(path.join(folder, `${name}.ext`), (wanted.extensions ?? []).join('\n'));
  const ends = ['-days', `${days}`, '-extfile', `${name}.ext`, ...more];
  const common = ['-in', `${name}.csr`, '-out', `${name}.pem`, ...ends];
  openssl(
    'req',
    '-new',
    '-newkey',
    kind!,
    ...options,
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-subj',
    subject,
    '-utf8',
    '-out',
    `${name}.csr`,
  );
  if (issuer)
    openssl(
      'x509',
      '-req',
      ...common,
      '-CA',
      `${issuer}.pem`,
      '-CAkey',
      `${issuer}.key`,
      '-CAcreateserial',
    );
  else openssl('x509', '-req', ...common, '-signkey', `${name}.key`);
  return load(name);
}

function load(name: string): Certificate {
  const read = certificatesFromPem(readFileSync(path.join(folder, `${name}.pem`), 'utf8'));
  if (!read.ok) throw new Error(`${name}: ${read.error}`);
  return read.value[0]!;
}

const CA = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
];
const LEAF = [
  'basicConstraints=CA:FALSE',
  'keyUsage=digitalSignature',
  'extendedKeyUsage=1.3.6.1.5.5.7.3.17',
  'subjectKeyIdentifier=hash',
  'authorityKeyIdentifier=keyid',
  'subjectAltName=DNS:gw.example.org,IP:192.0.2.1,IP:2001:db8::1,email:gw@example.org',
];
/** Certificates are made after this line, and begin when they are made. */
const now = Math.floor(Date.now() / 1000) + 600;
const day = 86_400;

function chains(): void {
  for (const key of Object.keys(keyArguments))
    test(`certificates: ${key}, a chain of openssl over two authorities`, () => {
      const root = make('root', { key, subject: '/C=CH/O=Example/CN=Root CA', extensions: CA });
      const sub = make('sub', {
        key,
        subject: '/O=Example/CN=Sub CA',
        extensions: CA,
        issuer: 'root',
      });
      const leaf = make('leaf', {
        key,
        subject: '/O=Ex, "ample"/CN=gw é',
        extensions: LEAF,
        issuer: 'sub',
      });
      assert.is(leaf.key.type, key.replace('-3072', ''));
      const oracle = new X509Certificate(leaf.bytes);
      assert.is(leaf.fingerprint, oracle.fingerprint256.replaceAll(':', '').toLowerCase());
      assert.is(leaf.serial.replace(/^(00)+/, '').toUpperCase(), oracle.serialNumber);
      assert.is(leaf.notAfter * 1000, Date.parse(oracle.validTo));
      assert.is(leaf.notBefore * 1000, Date.parse(oracle.validFrom));
      const text = openssl('x509', '-in', 'root.pem', '-noout', '-subject', '-nameopt', 'RFC2253');
      assert.is(`subject=${formatName(root.subject)}\n`, text);
      assert.is(formatName(leaf.subject), 'CN=gw é,O=Ex\\, \\"ample\\"');
      assert.ok(sameName(nameFromText(formatName(leaf.subject))!, leaf.subject));
      assert.equal([root.isAuthority, sub.isAuthority, leaf.isAuthority], [true, true, false]);
      assert.is(leaf.authorityKeyId, sub.subjectKeyId);
      const good = checkChain(leaf, [sub], [root], now);
      assert.ok(good.ok && good.authority === root);
      assert.ok(checkChain(leaf, [root, sub], [root], now).ok);
      assert.ok(checkChain(leaf, [], [sub], now).ok);
      assert.ok(checkChain(leaf, [], [leaf], now).ok);
      const none = checkChain(leaf, [], [root], now);
      assert.match(none.ok ? '' : none.why, /issuer CN=Sub CA,O=Example is not trusted/);
      assert.not(checkChain(leaf, [sub], [], now).ok);
      for (const identity of [
        fqdnIdentity('GW.example.org.'),
        mailIdentity('gw@EXAMPLE.org'),
        addressIdentity(address('192.0.2.1')),
        addressIdentity(address('2001:db8::1')),
        nameIdentity(nameFromText('CN=GW É, O=ex\\, "ample"')!),
      ])
        assert.ok(isInNameOf(leaf, identity), toHex(identity.data));
      for (const identity of [
        fqdnIdentity('gw.example.com'),
        fqdnIdentity('example.org'),
        fqdnIdentity('gw'),
        mailIdentity('Gw@example.org'),
        addressIdentity(address('192.0.2.2')),
        nameIdentity(root.subject),
        { type: 11, data: utf8('gw.example.org') },
        { type: 13, data: new Uint8Array(0) },
      ])
        assert.not(isInNameOf(leaf, identity), `${identity.type} ${toHex(identity.data)}`);
    });

  for (const [what, more] of [
    ['SHA-384', ['-sha384']],
    ['SHA-512', ['-sha512']],
    [
      'PSS, SHA-256',
      ['-sha256', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1'],
    ],
    [
      'PSS, SHA-512',
      ['-sha512', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:20'],
    ],
  ] as const)
    test(`certificates: signed by openssl with RSA and ${what}`, () => {
      const root = make('root', { key: 'rsa', subject: '/CN=Root', extensions: CA });
      const leaf = make('leaf', {
        subject: '/CN=gw',
        extensions: LEAF,
        issuer: 'root',
        more: [...more],
      });
      const result = checkChain(leaf, [], [root], now);
      assert.ok(result.ok, JSON.stringify(result));
    });

  test('certificates: a signature with SHA-1 counts for nothing', () => {
    const root = make('root', { key: 'rsa', subject: '/CN=Root', extensions: CA });
    const leaf = make('leaf', {
      subject: '/CN=gw',
      extensions: LEAF,
      issuer: 'root',
      more: ['-sha1'],
    });
    const result = checkChain(leaf, [], [root], now);
    assert.match(result.ok ? '' : result.why, /authority CN=Root has not signed CN=gw/);
  });

  const noes: [string, Partial<Wanted>, Partial<Wanted>, Partial<Wanted>, number, RegExp][] = [
    ['expired', {}, {}, {}, 31 * day, /CN=gw: it ended at \d{4}-/],
    ['of an authority that expired', {}, { days: 10 }, {}, 11 * day, /Sub: it ended at/],
    ['not yet valid', {}, {}, {}, -2 * day, /CN=gw: it begins at \d{4}-/],
    [
      'seen with a clock that is not set',
      {},
      {},
      {},
      -now + 60,
      /our clock says 1970-01-01 00:01:00 UTC, which is wrong/,
    ],
    ['of one that is no authority', {}, { extensions: LEAF }, {}, 0, /Sub: it is no authority/],
    [
      'of an authority that may not sign',
      {},
      { extensions: ['basicConstraints=CA:TRUE', 'keyUsage=digitalSignature'] },
      {},
      0,
      /Sub: it may not sign certificates/,
    ],
    [
      'below too many authorities',
      { extensions: ['basicConstraints=CA:TRUE,pathlen:0'] },
      {},
      {},
      0,
      /Root: 1 authorities below it, 0 allowed/,
    ],
    [
      'for other purposes',
      {},
      {},
      { extensions: ['extendedKeyUsage=codeSigning'] },
      0,
      /it is not for IPsec/,
    ],
    [
      'whose key may not sign',
      {},
      {},
      { extensions: ['keyUsage=keyEncipherment'] },
      0,
      /its key may not sign/,
    ],
  ];
  for (const [what, root, sub, leaf, later, why] of noes)
    test(`certificates: refused: ${what}`, () => {
      const top = make('root', { subject: '/CN=Root', extensions: CA, days: 400, ...root });
      const middle = make('sub', {
        subject: '/CN=Sub',
        extensions: CA,
        days: 400,
        issuer: 'root',
        ...sub,
      });
      const own = make('leaf', { subject: '/CN=gw', extensions: LEAF, issuer: 'sub', ...leaf });
      const result = checkChain(own, [middle], [top], now + later);
      assert.match(result.ok ? 'accepted' : result.why, why);
    });

  test('certificates: refused: another authority of the same name', () => {
    make('root', { subject: '/CN=Root', extensions: CA });
    const leaf = make('leaf', {
      subject: '/CN=gw',
      extensions: ['keyUsage=digitalSignature'],
      issuer: 'root',
    });
    const other = make('root', { subject: '/CN=Root', extensions: ['basicConstraints=CA:TRUE'] });
    const result = checkChain(leaf, [], [other], now);
    assert.match(result.ok ? '' : result.why, /CN=Root (has not signed CN=gw|is not trusted)/);
  });

  for (const constraint of ['critical,permitted;DNS:example.org', 'permitted;DNS:example.org'])
    test(`certificates: refused when read: nameConstraints=${constraint}`, () => {
      assert.throws(
        () =>
          make('root', {
            subject: '/CN=Root',
            extensions: [...CA, `nameConstraints=${constraint}`],
          }),
        /extension 2\.5\.29\.30 is critical and not known here/,
      );
    });

  test('certificates: refused when read: an unknown critical extension, a key of a kind or size we do not use', () => {
    const unknown = ['1.2.3.4=critical,DER:0500'];
    assert.throws(
      () => make('x', { subject: '/CN=x', extensions: unknown }),
      /extension 1\.2\.3\.4 is critical/,
    );
    assert.ok(make('x', { subject: '/CN=x', extensions: ['1.2.3.4=DER:0500'] }));
    keyArguments['rsa-1024'] = ['rsa:1024'];
    assert.throws(
      () => make('x', { key: 'rsa-1024', subject: '/CN=x' }),
      /RSA modulus has 1024 bits/,
    );
    keyArguments.p521 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'];
    assert.throws(
      () => make('x', { key: 'p521', subject: '/CN=x' }),
      /1\.2\.840\.10045\.2\.1 is not supported/,
    );
  });

  const random = countingRandom(9);
  const ours = {
    rsa: rsaKey(),
    'ecdsa-p256': ecdsaKey(3),
    'ecdsa-p384': ecdsaKey(3, 'ecdsa-p384'),
    ed25519: ed25519Key(3),
  };
  for (const [type, key] of Object.entries(ours)) {
    test(`certificates: openssl verifies what we sign ourselves with ${type}`, () => {
      const subject = nameFromText('CN=router,O=Exämple\\, Ltd,C=CH')!;
      const pem = toPem('CERTIFICATE', writeSelfSigned(key, subject, ['gw.example.org'], random));
      writeFileSync(path.join(folder, 'self.pem'), pem);
      openssl('verify', '-check_ss_sig', '-CAfile', 'self.pem', 'self.pem');
      const text = openssl(
        'x509',
        '-in',
        'self.pem',
        '-noout',
        '-text',
        '-nameopt',
        'RFC2253,utf8,-esc_msb',
      );
      assert.match(text, /Subject: CN=router,O=Exämple\\, Ltd,C=CH/);
      assert.match(text, /Not After : Dec 31 23:59:59 9999 GMT/);
      assert.match(text, /DNS:gw\.example\.org/);
      const [back] = (certificatesFromPem(pem) as { value: Certificate[] }).value;
      assert.ok(checkChain(back!, [], [back!], now).ok);
    });

    test(`certificates: openssl verifies a chain that we make with ${type}`, () => {
      const root = makeAuthority('CN=Root', { key });
      const sub = makeAuthority('CN=Sub', { issuer: root });
      const leaf = makeCertificate({
        subject: 'CN=gw',
        issuer: sub,
        extensions: [extension.names(['gw'])],
      });
      for (const [name, { certificate }] of Object.entries({ root, sub, leaf }))
        writeFileSync(
          path.join(folder, `our-${name}.pem`),
          toPem('CERTIFICATE', certificate.bytes),
        );
      const out = openssl(
        'verify',
        '-CAfile',
        'our-root.pem',
        '-untrusted',
        'our-sub.pem',
        'our-leaf.pem',
      );
      assert.match(out, /our-leaf\.pem: OK/);
      assert.ok(checkChain(leaf.certificate, [sub.certificate], [root.certificate], now).ok);
    });
  }

  test('keys: P-384, byte for byte as openssl writes them', async () => {
    const { privateKeyFromPem, privateKeyToPem } = await import('../../../src/core/pki/pkcs8.js');
    openssl(
      'genpkey',
      '-algorithm',
      'EC',
      '-pkeyopt',
      'ec_paramgen_curve:P-384',
      '-out',
      'p384.key',
    );
    const pem = readFileSync(path.join(folder, 'p384.key'), 'utf8');
    assert.is(privateKeyToPem(privateKeyFromPem(pem)), pem);
    const made = await generateKey('ecdsa-p384', { random, pause: async () => undefined });
    writeFileSync(path.join(folder, 'made.key'), privateKeyToPem(made));
    assert.match(openssl('pkey', '-in', 'made.key', '-check', '-noout'), /valid/);
  });
}

if (hasOpenssl) chains();
else skip('certificates: chains of openssl', 'no openssl command');
