/**
 * How the two ends of an IKE SA prove who they are. Each direction has its own way: what we show is a
 * `Credential`, what we take from the peer are `AcceptableProofs`. An initiator gives both in its
 * `TunnelWish`, a responder's owner in the answer of `keysFor`; the daemon's own credential is shown
 * where neither names another.
 *
 *     // raw public keys, as oe-dns has them from the DNS
 *     connect({ …, keys: [gatewayKey] })
 *     // a pre-shared key, both ways
 *     const secret = utf8('correct horse');
 *     connect({ …, credential: { kind: 'secret', secret }, secrets: [{ secret }] })
 *     // we show a certificate, the peer one of this authority in the name of gw.example.org
 *     connect({ …, credential: { kind: 'certificate', key, chain }, authorities: [ca],
 *               identity: fqdnIdentity('gw.example.org') })
 *     // neither says who it is (RFC 7619)
 *     connect({ …, credential: { kind: 'null' }, allowsNull: true })
 *     // leap of faith, for either role: any certificate whose key made the signature
 *     keysFor: async () => ({ ok: true, judgeUnverified: (certificate) => remember(certificate) })
 */
import type { Certificate } from '../pki/certificate.js';
import type { PrivateKey } from '../pki/private-key.js';
import type { PublicKey } from '../pki/public-key.js';
import type { Identity } from './identity.js';

/**
 * Padding of our RSA signatures for peers that know RFC 7427. PSS when absent: RFC 8247 §3.2 has it
 * as a MUST, and libreswan's `authby=rsa-sha2` takes nothing else.
 */
export interface RsaChoice {
  rsaPadding?: 'pkcs1' | 'pss';
}

/** What we prove ourselves with. */
export type Credential =
  /** The peer knows our public key; it is sent only if the peer asks for it (RFC 7670). */
  | ({ kind: 'key'; key: PrivateKey } & RsaChoice)
  /** `chain`: ours first, then those of the authorities above it; roots are not sent. */
  | ({ kind: 'certificate'; key: PrivateKey; chain: readonly Certificate[] } & RsaChoice)
  /** A secret that both know (RFC 7296 §2.15); `chain` is shown beside it, and proves nothing by itself. */
  | { kind: 'secret'; secret: Uint8Array; chain?: readonly Certificate[] }
  /** Says nothing about who we are (RFC 7619); shown under ID_NULL unless told otherwise. */
  | { kind: 'null' };

/** What may prove a peer; one that fits is enough. Nothing at all proves nobody. */
export interface AcceptableProofs {
  /** A signature by any of these (OE-114). */
  keys?: readonly PublicKey[];
  /** A signature by a certificate below any of these that is in the name of the peer's identity. */
  authorities?: readonly Certificate[];
  /** A pre-shared key, for one identity or for whoever knows it. An empty one proves nobody. */
  secrets?: readonly { secret: Uint8Array; identity?: Identity }[];
  /** NULL authentication: the tunnel is encrypted, with whom nobody knows. */
  allowsNull?: boolean;
  /**
   * A certificate that no authority vouches for. It is asked last, when the certificate's key has made
   * the signature and the certificate is in the name of the identity. Must not wait.
   */
  judgeUnverified?(
    certificate: Certificate,
    identity: Identity,
  ): { ok: true } | { ok: false; why: string };
}

/** Both directions of one connection. */
export interface Authentication extends AcceptableProofs {
  /** The daemon's own when absent. */
  credential?: Credential;
  /**
   * The identity we show. When absent: ID_NULL with a NULL credential, the subject of our certificate
   * with that one, else the daemon's.
   */
  ownIdentity?: Identity;
}

/** How a peer was proven. */
export type ProofKind =
  /** A public key that was known before. */
  | 'key'
  /** A certificate below an authority of ours. */
  | 'certificate'
  /** A certificate that the owner took as it was. */
  | 'unverified certificate'
  | 'secret'
  /** Not at all. */
  | 'null'
  /** An authentication method of an extension. */
  | 'extension';

/** Who the peer is, and what proved it. Plain values: this is kept across restarts. */
export interface ProvenPeer {
  identity: Identity;
  proof: ProofKind;
  /** The key that its signature verified with; absent without a signature. */
  key?: PublicKey;
  /** DER of the certificate that the key is from; with a secret, of the one shown beside it. */
  certificate?: Uint8Array;
  /** Fingerprint of the authority that vouches for the certificate. */
  authority?: string;
  /** Tells the secret from others, see `accepted.ts`. Not to be shown: a weak secret could be guessed. */
  secretMark?: Uint8Array;
  /** Others know the secret too: the identity is what the peer calls itself. */
  isGroupSecret?: boolean;
}
