/** The Diffie-Hellman groups that we know (RFC 8247 §2.4, RFC 8031). */
import type { DhGroup } from './dh.js';
import { ecp256, ecp384 } from './dh-ecp.js';
import { modp2048, modp3072, modp4096 } from './dh-modp.js';
import { curve25519 } from './dh-x25519.js';

/** In the order in which we offer them: the cheap ones first. */
export const dhGroups: readonly DhGroup[] = [
  curve25519,
  ecp256,
  ecp384,
  modp2048,
  modp3072,
  modp4096,
];

export const dhGroupById = (id: number): DhGroup | undefined =>
  dhGroups.find((group) => group.id === id);
