/** One peer in the table: what is kept of a certificate that was seen (AV-119). */
import type { IpAddress } from '../../../core/net/address.js';
import type { TrustState } from './states.js';

/** A certificate with a name that is taken by another one, kept for a person to look at (AV-150). */
export interface Conflict {
  /** SHA-256 of the newcomer's certificate, lower case hexadecimal. */
  fingerprint: string;
  /** Where it spoke from the last time. */
  address: IpAddress;
  /** Wall clock seconds of the last time. */
  seconds: number;
  count: number;
}

/** A secret belongs to a pair of identities (AV-141), of which the peer's is the key of the table. */
export interface SharedSecret {
  value: Uint8Array;
  /** DER of our own DN at that time. */
  ownName: Uint8Array;
}

export interface Peer {
  /** DER of the certificate's subject: the key of the table (AV-135, AV-A43). */
  readonly name: Uint8Array;
  /** SHA-256 of the certificate, lower case hexadecimal. */
  fingerprint: string;
  state: Exclude<TrustState, 'Unknown'>;
  /** Who made it Trusted; a certificate loses that of a person with a rollover (AV-A40). */
  trustedBy?: 'person' | 'authority';
  /** What it says of itself, clean (`contact.ts`); empty when it says nothing. */
  contact: string;
  /** Wall clock seconds. */
  firstSeconds: number;
  lastSeconds: number;
  /** Where it was met last. A hint for what to try first, and never an identity (AV-136). */
  address?: IpAddress;
  secret?: SharedSecret;
  /** Why a person does not trust it. */
  reason?: string;
  conflict?: Conflict;
}
