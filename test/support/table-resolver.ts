/**
 * A resolver that answers from a table, for tests of what is above the DNS: `TXT name` → answer.
 * What is not in the table does not exist. It keeps the questions in the order they came.
 */

import { toBase64 } from '../../src/core/bytes/base64.js';
import { concat } from '../../src/core/bytes/bytes.js';
import { utf8 } from '../../src/core/bytes/text.js';
import { type IpseckeyGateway, writeIpseckey } from '../../src/core/dns/ipseckey-record.js';
import { ipsecKeyRecord, keyRecord } from '../../src/core/dns/key-record.js';
import {
  type LookupResult,
  RecordType,
  type RecordTypeNumber,
  type Resolver,
} from '../../src/core/dns/resolver.js';
import { cutStrings, writeTxt } from '../../src/core/dns/txt-record.js';
import { writeDnsKey } from '../../src/core/pki/dns-key.js';
import type { PublicKey } from '../../src/core/pki/public-key.js';

type RsaKey = PublicKey & { type: 'rsa' };

/** An RSA public key of no use but to be told from others. */
export const testKey = (seed: number): RsaKey => ({
  type: 'rsa',
  modulus: Uint8Array.from({ length: 256 }, (_, i) => (i === 0 ? 0x80 | seed : (i * seed) & 255)),
  exponent: Uint8Array.of(1, 0, 1),
});

export const keyText = (key: PublicKey): string => toBase64(writeDnsKey(key));
export const txt = (text: string): Uint8Array => writeTxt(cutStrings(utf8(text)));
export const keyData = (key: RsaKey): Uint8Array => keyRecord.write(ipsecKeyRecord(key));
export const ipseckeyData = (
  precedence: number,
  gateway: IpseckeyGateway,
  key?: PublicKey,
): Uint8Array => {
  const algorithm = key ? { rsa: 2, 'ecdsa-p256': 3, 'ecdsa-p384': 3, ed25519: 4 }[key.type] : 0;
  const publicKey = key ? writeDnsKey(key) : concat();
  return writeIpseckey({ precedence, gateway, algorithm, publicKey });
};

export function answer(
  records: Uint8Array[],
  status: 'secure' | 'insecure' | 'bogus' = 'secure',
  ttlSeconds = 300,
): LookupResult {
  return { kind: 'records', records, owner: '', status, ttlSeconds };
}

export interface TableResolver extends Resolver {
  readonly questions: string[];
  readonly forgotten: string[];
}

const typeName = (type: RecordTypeNumber): string =>
  Object.entries(RecordType).find(([, number]) => number === type)![0];

export function tableResolver(
  table: Readonly<Record<string, LookupResult>>,
  negativeTtlSeconds = 900,
): TableResolver {
  const questions: string[] = [];
  const forgotten: string[] = [];
  return {
    questions,
    forgotten,
    async lookup(name, type) {
      const question = `${typeName(type)} ${name}`;
      questions.push(question);
      const nothing = { kind: 'none', reason: 'name does not exist', status: 'secure' } as const;
      return table[question] ?? { ...nothing, ttlSeconds: negativeTtlSeconds };
    },
    forget: (name) => void forgotten.push(name),
  };
}
