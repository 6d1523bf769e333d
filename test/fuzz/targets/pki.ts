/** Keys and signatures of strangers, and our own key file. */

import { equal } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import { signAuth, verifyAuth } from '../../../src/core/ike/crypto/signature.js';
import { certificatesFromPem, parseCertificate } from '../../../src/core/pki/certificate.js';
import { checkChain } from '../../../src/core/pki/certificate-chain.js';
import { DerError } from '../../../src/core/pki/der.js';
import { formatName, nameFromText } from '../../../src/core/pki/distinguished-name.js';
import { readDnsKey, readRsaKey, writeDnsKey } from '../../../src/core/pki/dns-key.js';
import { fromDerSignature, toDerSignature } from '../../../src/core/pki/ecdsa.js';
import { fromPem, toPem } from '../../../src/core/pki/pem.js';
import {
  decodePkcs8,
  encodePkcs8,
  KeyError,
  privateKeyFromPem,
} from '../../../src/core/pki/pkcs8.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import type { PublicKey } from '../../../src/core/pki/public-key.js';
import { rsaKeyProblem } from '../../../src/core/pki/rsa.js';
import { encodeSpki, readSpki } from '../../../src/core/pki/subject-public-key-info.js';
import { extension, makeAuthority, makeCertificate } from '../../support/certificates.js';
import { countingRandom } from '../../support/list-random.js';
import { ecPem, edPem, pkcs1Signatures, rsa2048Pem } from '../../unit/pki/vectors/openssl-keys.js';
import { mutateDer } from '../structures.js';
import { assert, reader, refusedBy, type Target, taker, textTaker } from '../target.js';

const pems = [rsa2048Pem, ecPem, edPem];
const keys = pems.map(privateKeyFromPem);
const rsaKeys = keys.flatMap((key) => (key.type === 'rsa' ? [writeDnsKey(publicKeyOf(key))] : []));
const octets = utf8('what AUTH signs');
const allHashes = [2, 3, 4, 5];

/** A key number, a method, and the AUTH data of that key. */
const signatures = keys.map((key, index) => {
  const signed = signAuth(key, octets, allHashes, countingRandom(index));
  assert(signed.ok, 'seeds: no signature');
  const { method, data } = signed.auth;
  return Uint8Array.of(index, method, ...data);
});
const publicKeys: readonly PublicKey[] = keys.map(publicKeyOf);

function verify(input: Uint8Array): unknown {
  const key = publicKeys[(input[0] ?? 0) % publicKeys.length]!;
  const result = verifyAuth({ method: input[1] ?? 0, data: input.slice(2) }, key, octets);
  if (!result.ok) return result;
  const isSeed = signatures.some((seed) => seed.length === input.length);
  assert(isSeed, 'a signature of another length is good');
  return result;
}

/** A key from the DNS, and one signature that must not hurt. */
function useRsaKey(input: Uint8Array): unknown {
  const key = readRsaKey(input);
  if (!key.ok) return key.error.replace(/\d+/g, '#');
  const problem = rsaKeyProblem(key.value);
  if (problem) return problem.replace(/\d+/g, '#');
  const data = fromHex(pkcs1Signatures.SHA2_256);
  return verifyAuth({ method: 1, data }, key.value, octets);
}

const root = makeAuthority('CN=root');
const middle = makeCertificate({
  subject: 'CN=middle',
  issuer: root,
  extensions: [extension.authority(1)],
});
const leaf = makeCertificate({
  subject: 'CN=leaf, O=x',
  issuer: middle,
  extensions: [extension.keyUsage(0x80), extension.unknown(false)],
});
const made = [
  leaf,
  middle,
  root,
  ...[ecPem, rsa2048Pem].map((pem) =>
    makeCertificate({ subject: 'CN=b', key: privateKeyFromPem(pem) }),
  ),
];
const certificateSeeds = made.map(({ certificate }) => certificate.bytes);

/** A certificate of a stranger on its way up to our root. */
function chain(input: Uint8Array): unknown {
  const parsed = parseCertificate(input);
  if (!parsed.ok) return parsed.error.replace(/\d+/g, '#');
  formatName(parsed.value.subject);
  const others = [middle.certificate, parsed.value, leaf.certificate];
  const found = checkChain(parsed.value, others, [root.certificate], 1_800_000_000);
  const isMade = certificateSeeds.some((seed) => equal(seed, input));
  assert(!found.ok || isMade, 'a changed certificate is vouched for');
  return found.ok ? 'ok' : found.why.replace(/\d+|of .*?:/g, '#');
}

/** A name that a person has written, as bytes and as it is shown. */
function nameText(text: string): unknown {
  const name = nameFromText(text);
  if (!name) return 'none';
  const shown = formatName(name);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about
  assert(!/[\x00-\x1f\x7f]/.test(shown), 'control characters reach the log');
  return [name, shown.length];
}

export const pkiTargets: readonly Target[] = [
  reader('pki certificate', certificateSeeds, parseCertificate, { mutate: mutateDer }),
  taker('pki certificate chain', certificateSeeds, chain, { mutate: mutateDer }),
  textTaker(
    'pki certificates in PEM',
    [made.map(({ certificate }) => toPem('CERTIFICATE', certificate.bytes)).join('')],
    certificatesFromPem,
  ),
  textTaker('pki name as text', ['CN=gw.example.org, O=x\\, y', 'OU=\\c3\\a9, C=DE'], nameText),
  taker('pki public key', publicKeys.map(encodeSpki), readSpki, {
    mutate: mutateDer,
    isRefusal: refusedBy(DerError),
  }),
  reader('pki RSA key of DNS', rsaKeys, readRsaKey, { write: writeDnsKey }),
  reader('pki P-256 key of DNS', [fromHex('11'.repeat(64))], (input) =>
    readDnsKey('ecdsa-p256', input),
  ),
  taker('pki RSA key in use', rsaKeys, useRsaKey),
  taker('pki PKCS #8', keys.map(encodePkcs8), decodePkcs8, {
    mutate: mutateDer,
    isRefusal: refusedBy(KeyError, DerError),
  }),
  textTaker('pki PEM', pems, fromPem),
  textTaker('pki key file', pems, privateKeyFromPem, { isRefusal: refusedBy(KeyError) }),
  taker(
    'pki ECDSA signature',
    [toDerSignature(fromHex('8f'.repeat(64)))],
    (input) => fromDerSignature(input, 32),
    {
      mutate: mutateDer,
    },
  ),
  taker('pki AUTH', signatures, verify),
];
