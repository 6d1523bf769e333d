/** What a cell of the matrix tells the agent, as JSON; and the parts of the product that it names. */

import { utf8 } from '../../src/core/bytes/text.js';
import type { AcceptableProofs, Credential } from '../../src/core/ike/credentials.js';
import type { IkeCipher } from '../../src/core/ike/crypto/cipher.js';
import type { DhGroup } from '../../src/core/ike/crypto/dh.js';
import { dhGroups } from '../../src/core/ike/crypto/dh-groups.js';
import { legacyPrfs, type Prf, prfs } from '../../src/core/ike/crypto/prf.js';
import {
  type EspSuite,
  espSuites,
  ikeCiphers,
  legacyEspSuites,
  legacyIkeCiphers,
} from '../../src/core/ike/crypto/suite.js';
import {
  addressIdentity,
  fqdnIdentity,
  type Identity,
  keyIdentity,
  mailIdentity,
  nameIdentity,
  nullIdentity,
} from '../../src/core/ike/identity.js';
import { EXTENDED, NOT_EXTENDED, type Preferences } from '../../src/core/ike/proposals/offer.js';
import { address } from '../../src/core/net/address.js';
import { type Certificate, certificatesFromPem } from '../../src/core/pki/certificate.js';
import { privateKeyFromPem } from '../../src/core/pki/pkcs8.js';
import { publicKeyOf } from '../../src/core/pki/private-key.js';

/** How one end proves itself. Keys are private ones in PEM (PKCS#8); of the peer's, the public half counts. */
export type Way =
  | { kind: 'key'; key: string; rsaPadding?: 'pkcs1' | 'pss' }
  /** `chain` in PEM, its own first; `authorities` are those that we trust in. */
  | { kind: 'certificate'; key: string; chain: readonly string[]; authorities: readonly string[] }
  | { kind: 'secret'; secret: string }
  | { kind: 'null' };

/** Names are those of the product's own tables. */
export interface AgentConfig {
  local: string;
  remote: string;
  /** Inner addresses of the tunnel. */
  ours: string;
  theirs: string;
  ownId: NamedIdentity;
  peerId: NamedIdentity;
  /** What we show, and what we take. */
  own: Way;
  peer: Way;
  /** Lines of the key tables of Wireshark go to files of this folder. */
  keyLogFolder?: string;
  /** One of each; all that the product has when absent. */
  ikeCipher?: string;
  prf?: string;
  group?: string;
  /** Several groups, in our order, instead of one. */
  groups?: readonly string[];
  esp?: string;
  mode: 'tunnel' | 'transport';
  /** Extended sequence numbers, and nothing else. */
  esn: boolean;
  /** Seconds of a Child SA. */
  softSeconds?: number;
  hardSeconds?: number;
  livenessMs?: number;
  /** Of whoever calls (RFC 7296 §2.6). */
  asksForCookies?: boolean;
}

/** Thrown as it is to whoever configures: the product can not do it (yet). */
export class Unknown extends Error {}

/** `legacy`: those that are there for whoever names them. */
function named<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  name: string | undefined,
  legacy: readonly T[] = [],
): readonly T[] {
  if (name === undefined) return all;
  const found = [...all, ...legacy].filter((each) => each.name === name);
  if (found.length === 0) throw new Unknown(`${what} ${name} is not known to autoipsec`);
  return found;
}

export function preferencesOf(config: AgentConfig): Partial<Preferences> {
  const all: {
    ikeCiphers: readonly IkeCipher[];
    prfs: readonly Prf[];
    groups: readonly DhGroup[];
    espSuites: readonly EspSuite[];
    sequenceNumbers: readonly number[];
  } = {
    sequenceNumbers: [config.esn ? EXTENDED : NOT_EXTENDED],
    ikeCiphers: named('cipher', ikeCiphers, config.ikeCipher, legacyIkeCiphers),
    prfs: named('PRF', prfs, config.prf, legacyPrfs),
    groups: config.groups
      ? config.groups.flatMap((name) => named('group', dhGroups, name))
      : named('group', dhGroups, config.group),
    espSuites: named('ESP suite', espSuites, config.esp, legacyEspSuites),
  };
  return all;
}

function certificates(pem: string): readonly Certificate[] {
  const read = certificatesFromPem(pem);
  if (!read.ok) throw new Error(`certificate: ${read.error}`);
  return read.value;
}

export function credentialOf(way: Way): Credential {
  switch (way.kind) {
    case 'key':
      return { ...way, key: privateKeyFromPem(way.key) };
    case 'certificate': {
      const chain = way.chain.flatMap(certificates);
      return { kind: 'certificate', key: privateKeyFromPem(way.key), chain };
    }
    case 'secret':
      return { kind: 'secret', secret: utf8(way.secret) };
    case 'null':
      return { kind: 'null' };
  }
}

export function proofsOf(way: Way): AcceptableProofs {
  switch (way.kind) {
    case 'key':
      return { keys: [publicKeyOf(privateKeyFromPem(way.key))] };
    case 'certificate':
      return { authorities: way.authorities.flatMap(certificates) };
    case 'secret':
      return { secrets: [{ secret: utf8(way.secret) }] };
    case 'null':
      return { allowsNull: true };
  }
}

/** An identity by its kind, and the text that stands for it. */
export interface NamedIdentity {
  kind: 'address' | 'name' | 'mail' | 'subject' | 'key ID' | 'none';
  text: string;
  /** PEM of the certificate whose subject it is. */
  certificate?: string;
}

export function identityOf({ kind, text, certificate }: NamedIdentity): Identity {
  switch (kind) {
    case 'address':
      return addressIdentity(address(text));
    case 'name':
      return fqdnIdentity(text);
    case 'mail':
      return mailIdentity(text);
    case 'key ID':
      return keyIdentity(utf8(text));
    case 'none':
      return nullIdentity;
    case 'subject':
      return nameIdentity(certificates(certificate ?? '')[0]!.subject);
  }
}
