// A small authority for the matrix: a root, one below it, and a certificate of each end by either, in
// the names of all addresses that the cells use. Made once with openssl.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addresses, behindNat } from './net.mjs';

const kinds = {
  'RSA certificate': { algorithm: ['RSA', 'rsa_keygen_bits:2048'], issuer: 'root' },
  'ECDSA certificate': { algorithm: ['EC', 'ec_paramgen_curve:P-256'], issuer: 'root' },
  'ECDSA P-384 certificate': { algorithm: ['EC', 'ec_paramgen_curve:P-384'], issuer: 'root' },
  'Ed25519 certificate': { algorithm: ['ED25519'], issuer: 'root' },
  'RSA certificate below two authorities': {
    algorithm: ['RSA', 'rsa_keygen_bits:3072'],
    issuer: 'middle',
  },
};

/** Words for the name of a file. */
export const fileName = (kind) => kind.replaceAll(' ', '-');

/** What swanctl and whack know an end by where it shows its subject. */
export const subjectOf = (end, kind) => `CN=${end} with ${kind}`;

/**
 * `{ KIND: { us: { private, chain, file }, peer, authorities } }`: PEM; the chain has the end's own
 * first and no root; `file` is where key and certificate stand, with `-key.pem` and `.pem`.
 */
export function interopCertificates(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ca = authority(folder);
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, { algorithm, issuer }]) => {
      const chain = issuer === 'middle' ? [ca.middle] : [];
      const ends = ['us', 'peer'].map((end) => {
        const file = path.join(folder, `${end}-${fileName(kind)}`);
        makeEnd(folder, file, { end, kind, algorithm, issuer });
        const [key, own] = [`${file}-key.pem`, `${file}.pem`].map((name) =>
          readFileSync(name, 'utf8'),
        );
        return [end, { private: key, chain: [own, ...chain], file }];
      });
      return [kind, { ...Object.fromEntries(ends), authorities: [ca.root], between: chain }];
    }),
  );
}

const openssl = (folder, ...argv) => execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' });

const key = (folder, file, [algorithm, ...options]) => {
  const more = options.flatMap((option) => ['-pkeyopt', option]);
  openssl(folder, 'genpkey', '-algorithm', algorithm, ...more, '-out', file);
};

function authority(folder) {
  const read = (name) => readFileSync(path.join(folder, `${name}.pem`), 'utf8');
  const rsa = ['RSA', 'rsa_keygen_bits:2048'];
  if (!existsSync(path.join(folder, 'middle.pem'))) {
    const extensions = [
      'basicConstraints=critical,CA:TRUE',
      'keyUsage=critical,keyCertSign,cRLSign',
    ];
    key(folder, 'root-key.pem', rsa);
    openssl(
      folder,
      ...['req', '-x509', '-new', '-key', 'root-key.pem', '-subj', '/CN=root of the lab'],
      ...['-days', '3650', '-out', 'root.pem'],
      ...extensions.flatMap((each) => ['-addext', each]),
    );
    key(folder, 'middle-key.pem', rsa);
    sign(folder, 'middle', '/CN=authority between', 'root', extensions);
  }
  return { root: read('root'), middle: read('middle') };
}

function sign(folder, name, subject, issuer, extensions) {
  const request = `${name}.csr`;
  openssl(folder, 'req', '-new', '-key', `${name}-key.pem`, '-subj', subject, '-out', request);
  const extensionFile = `${name}.ext`;
  writeFileSync(path.join(folder, extensionFile), `${extensions.join('\n')}\n`);
  openssl(
    folder,
    ...['x509', '-req', '-in', request, '-CA', `${issuer}.pem`, '-CAkey', `${issuer}-key.pem`],
    ...['-CAcreateserial', '-days', '3650', '-extfile', extensionFile, '-out', `${name}.pem`],
  );
}

function makeEnd(folder, file, { end, kind, algorithm, issuer }) {
  if (existsSync(`${file}.pem`)) return;
  const name = path.basename(file);
  key(folder, `${name}-key.pem`, algorithm);
  const ips = [addresses[4][end], addresses[6][end], behindNat[end].address];
  const names = [
    ...ips.map((each) => `IP:${each}`),
    `DNS:${end}.lab.example`,
    `email:${end}@lab.example`,
  ];
  sign(folder, name, `/${subjectOf(end, kind)}`, issuer, [
    `subjectAltName=${names.join(',')}`,
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=serverAuth,clientAuth',
  ]);
}
