/** Key exchange methods (transform type 4): one shape for curves and MODP groups. */

export type Random = (length: number) => Uint8Array;

/** An ephemeral key pair. The private part stays inside; use a pair for one IKE SA only. */
export interface KeyPair {
  readonly group: number;
  /** Key Exchange Data of the KE payload, `publicLength` bytes. */
  readonly publicKey: Uint8Array;
  /** The random bytes that it was made from: as secret as the private part. */
  readonly drawn?: readonly Uint8Array[];
  /**
   * The shared secret as SKEYSEED takes it, or `undefined` when the peer's value has the wrong length
   * or is no acceptable member of the group. Never throws.
   */
  shared(peerPublic: Uint8Array): Uint8Array | undefined;
}

export interface DhGroup {
  readonly id: number;
  readonly name: string;
  /** Length of Key Exchange Data in bytes. */
  readonly publicLength: number;
  generate(random: Random): KeyPair;
  /** Builds tables now that the first use would build, if there are any. */
  warmUp(): void;
}
