/**
 * Which of the kernel's ESP ciphers is the faster one. Measured on kernels of both kinds: with AES
 * instructions ChaCha20-Poly1305 is a fifth slower than AES-GCM, without them a quarter faster. Which
 * kind this one is, the kernel tells by the driver that it takes for AES-GCM. A clock would tell the
 * same with more noise, and would need a module (algif_aead) that stock routers do not have.
 *
 *     driver : rfc4106-gcm-aesni                                  instructions of the processor
 *     driver : rfc4106(gcm_base(ctr(aes-generic),ghash-generic))  a program like any other
 */
import { fromUtf8 } from '../bytes/text.js';
import type { Files } from '../platform/platform.js';

export interface AesSpeed {
  /** True where AES-GCM is to be preferred to ChaCha20-Poly1305. */
  isFast: boolean;
  /** The kernel's name for what computes AES-GCM. */
  driver: string;
}

const AES_GCM = 'rfc4106(gcm(aes))';

/** AES by tables or plain arithmetic; all else is instructions or a machine beside the processor. */
const software = /aes-(generic|fixed-time|lib|arm64|arm)\b|aes_ti|neonbs|aes-scalar/;

interface Entry {
  name: string;
  driver: string;
  priority: number;
}

/** The entries of /proc/crypto. */
function entriesOf(text: string): Entry[] {
  return text.split('\n\n').map((block) => {
    const value = (key: string) => new RegExp(`^${key} *: (.*)$`, 'm').exec(block)?.[1] ?? '';
    return {
      name: value('name'),
      driver: value('driver'),
      priority: Number(value('priority')),
    };
  });
}

/** From the text of /proc/crypto; `undefined` when no state with AES-GCM was ever tried. */
export function aesSpeedOf(procCrypto: string): AesSpeed | undefined {
  const [best] = entriesOf(procCrypto)
    .filter(({ name }) => name === AES_GCM)
    .sort((a, b) => b.priority - a.priority);
  return best && { isFast: !software.test(best.driver), driver: best.driver };
}

export function readAesSpeed(files: Pick<Files, 'read'>): AesSpeed | undefined {
  const content = files.read('/proc/crypto');
  return content && aesSpeedOf(fromUtf8(content));
}
