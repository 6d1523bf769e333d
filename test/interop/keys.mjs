// Keys of both ends, one pair for each kind, made once and kept in the work folder.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const rsa = ['rsa', { modulusLength: 2048 }];
const kinds = {
  RSA: rsa,
  'RSA-PSS': rsa,
  ECDSA: ['ec', { namedCurve: 'P-256' }],
  'ECDSA P-384': ['ec', { namedCurve: 'P-384' }],
  Ed25519: ['ed25519', {}],
};

/** `{ RSA: { us: { private, public }, peer }, … }`, all PEM. */
export function interopKeys(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return Object.fromEntries(
    Object.entries(kinds).map(([name, how]) => {
      const ends = ['us', 'peer'].map((end) => [
        end,
        pairIn(path.join(folder, `${end}-${name.replace('-PSS', '').replace(' ', '-')}.pem`), how),
      ]);
      return [name, Object.fromEntries(ends)];
    }),
  );
}

function pairIn(file, [type, options]) {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync(type, options);
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  const text = readFileSync(file, 'utf8');
  const key = createPublicKey(createPrivateKey(text));
  return { file, private: text, public: key.export({ type: 'spki', format: 'pem' }) };
}
