/** What a cell of the matrix tells the agent, as JSON; and the parts of the product that it names. */

import type { IkeCipher } from '../../src/core/ike/crypto/cipher.js';
import { type DhGroup, dhGroups } from '../../src/core/ike/crypto/dh.js';
import { type Prf, prfs } from '../../src/core/ike/crypto/prf.js';
import { type EspSuite, espSuites, ikeCiphers } from '../../src/core/ike/crypto/suite.js';
import { addressIdentity, fqdnIdentity, type Identity } from '../../src/core/ike/identity.js';
import type { Preferences } from '../../src/core/ike/proposals/offer.js';
import { address, parseAddress } from '../../src/core/net/address.js';

/** Names are those of the product's own tables. */
export interface AgentConfig {
  local: string;
  remote: string;
  /** Inner addresses of the tunnel. */
  ours: string;
  theirs: string;
  /** An address, or `@name`. */
  ownId: string;
  peerId: string;
  /** Ours in PEM (PKCS#8), and the peer's, whose public half is used. */
  ownKey: string;
  peerKey: string;
  /** One of each; all that the product has when absent. */
  ikeCipher?: string;
  prf?: string;
  group?: string;
  esp?: string;
  /** Seconds of a Child SA. */
  softSeconds?: number;
  hardSeconds?: number;
  livenessMs?: number;
}

/** Thrown as it is to whoever configures: the product can not do it (yet). */
export class Unknown extends Error {}

function named<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  name: string | undefined,
): readonly T[] {
  if (name === undefined) return all;
  const found = all.filter((each) => each.name === name);
  if (found.length === 0) throw new Unknown(`${what} ${name} is not known to autoipsec`);
  return found;
}

export function preferencesOf(config: AgentConfig): Partial<Preferences> {
  const all: {
    ikeCiphers: readonly IkeCipher[];
    prfs: readonly Prf[];
    groups: readonly DhGroup[];
    espSuites: readonly EspSuite[];
  } = {
    ikeCiphers: named('cipher', ikeCiphers, config.ikeCipher),
    prfs: named('PRF', prfs, config.prf),
    groups: named('group', dhGroups, config.group),
    espSuites: named('ESP suite', espSuites, config.esp),
  };
  return all;
}

export function identityOf(text: string): Identity {
  if (text.startsWith('@')) return fqdnIdentity(text.slice(1));
  const known = parseAddress(text);
  if (!known) throw new Unknown(`identity ${text} is not known to autoipsec`);
  return addressIdentity(address(text));
}
