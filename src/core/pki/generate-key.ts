/** Makes our private key, once, at first start. */
import { ecdsaPoint, ecdsaSecret } from './ecdsa.js';
import { ed25519Point } from './ed25519.js';
import { generateRsa, type KeyGenerationContext } from './generate-rsa.js';
import type { PrivateKey } from './private-key.js';
import type { KeyType } from './public-key.js';

/** A new key; RSA has 2048 bits. The event loop goes on between the steps of an RSA key. */
export async function generateKey(
  type: KeyType,
  context: KeyGenerationContext,
): Promise<PrivateKey> {
  if (type === 'rsa') return generateRsa(2048, context);
  if (type !== 'ed25519') {
    const secret = ecdsaSecret(type, context.random);
    return { type, secret, point: ecdsaPoint(type, secret) };
  }
  const secret = context.random(32);
  return { type, secret, point: ed25519Point(secret) };
}
