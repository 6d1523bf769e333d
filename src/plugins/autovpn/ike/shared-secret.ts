/**
 * The AutoVPN shared secret (§8.2, §9.2): prf+(SK_d, "shared secret for AutoVPN") of the IKE SA whose
 * INFORMATIONAL exchange carries the notification (AV-A37), one block of its PRF unless configured
 * otherwise (AV-A36).
 */
import { utf8 } from '../../../core/bytes/text.js';
import type { SaView } from '../../../core/ike/extension.js';

/** 25 octets of ASCII, no terminator (AV-148). */
export const secretLabel = utf8('shared secret for AutoVPN');

/** `length` in octets; 0: one block. `undefined` while the IKE SA has no keys. */
export const deriveSecret = (sa: SaView, length: number): Uint8Array | undefined =>
  sa.exportKey(secretLabel, length === 0 ? undefined : length);
