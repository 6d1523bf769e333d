/**
 * Which algorithms are offered: those of the configuration (all by default) without those that this
 * kernel lacks, and for ESP the faster ones first. What was found out about the kernel is kept in the
 * state folder, for `autoipsec check` and for the next start with the same kernel.
 */
import { fromUtf8, utf8 } from '../core/bytes/text.js';
import type { Settings } from '../core/config/settings.js';
import type { EspSuite } from '../core/ike/crypto/suite.js';
import { preferencesOf } from '../core/ike/proposals/names.js';
import { NOT_EXTENDED, type Preferences } from '../core/ike/proposals/offer.js';
import { type AesSpeed, readAesSpeed } from '../core/kernel/cipher-speed.js';
import { EXTENDED_SEQUENCE } from '../core/kernel/probe.js';
import type { Files } from '../core/platform/platform.js';

const speedFile = (folder: string): string => `${folder.replace(/\/+$/, '')}/aes-speed.json`;

/** Another kernel may have other drivers. */
const kernelVersion = (files: Pick<Files, 'read'>): string => {
  const content = files.read('/proc/version');
  return content ? fromUtf8(content).trim() : '';
};

function isSpeed(value: unknown): value is AesSpeed & { kernel: string } {
  const { isFast, driver, kernel } = (value ?? {}) as Record<string, unknown>;
  return typeof isFast === 'boolean' && typeof driver === 'string' && typeof kernel === 'string';
}

/** What was found out at an earlier start with this kernel. */
export function rememberedAesSpeed(
  files: Pick<Files, 'read'>,
  folder: string,
): AesSpeed | undefined {
  const content = files.read(speedFile(folder));
  if (!content) return undefined;
  try {
    const known: unknown = JSON.parse(fromUtf8(content));
    if (!isSpeed(known) || known.kernel !== kernelVersion(files)) return undefined;
    return { isFast: known.isFast, driver: known.driver };
  } catch {
    return undefined; // not ours, or cut off: looked up anew
  }
}

/** After the kernel's ciphers were tried; remembered, so that the flash is written once a kernel. */
export function aesSpeed(files: Files, folder: string): AesSpeed | undefined {
  const remembered = rememberedAesSpeed(files, folder);
  if (remembered) return remembered;
  const found = readAesSpeed(files);
  if (!found) return undefined;
  const text = `${JSON.stringify({ ...found, kernel: kernelVersion(files) })}\n`;
  files.makeFolder(folder, 0o700);
  files.writeAtomic(speedFile(folder), utf8(text), 0o644);
  return found;
}

/** In the usual order AES-GCM is first. */
const chaChaFirst = (suites: readonly EspSuite[]): EspSuite[] => {
  const isChaCha = ({ id }: EspSuite) => id === 28;
  return [...suites.filter(isChaCha), ...suites.filter((one) => !isChaCha(one))];
};

/** `unusable`: kernel names of what does not work here, as `LinuxKernel.unusableCiphers` has them. */
export function choosePreferences(
  settings: Pick<Settings, 'ikeProposals' | 'espProposals'>,
  unusable: readonly string[],
  speed: AesSpeed | undefined,
): Preferences {
  const chosen = preferencesOf(settings.ikeProposals, settings.espProposals);
  const isUsable = ({ kernelNames }: EspSuite) => !kernelNames.some((n) => unusable.includes(n));
  const suites = chosen.espSuites.filter(isUsable);
  if (suites.length === 0)
    throw new Error(`the kernel has none of the ciphers that option 'esp_proposal' allows`);
  const isByDefault = settings.espProposals.length === 0;
  return {
    ...chosen,
    espSuites: isByDefault && speed?.isFast === false ? chaChaFirst(suites) : suites,
    sequenceNumbers: unusable.includes(EXTENDED_SEQUENCE) ? [NOT_EXTENDED] : chosen.sequenceNumbers,
  };
}
