/**
 * What the IKE daemon hands to the kernel: one tunnel, that is the Child SAs of both directions with
 * the policies that use them. Values only; `xfrm.ts` makes commands of them.
 */
import type { IpAddress, Prefix } from '../net/address.js';

/** One traffic selector as the kernel takes it. */
export interface Selector {
  prefix: Prefix;
  /** IP protocol, 0 for any. */
  protocol: number;
  /**
   * Start and end of the port range, 0..65535 for any. XFRM knows "any" and single ports only. For ICMP
   * these are 256 * type + code (RFC 7296 §3.13.1): one type, with all or one of its codes.
   */
  startPort: number;
  endPort: number;
}

/** ESP algorithms by the kernel's crypto names, with keys (and salt, for AEAD) in one piece. */
export type EspKeys =
  | {
      kind: 'aead';
      /** `rfc4106(gcm(aes))` or `rfc7539esp(chacha20,poly1305)`: key followed by the salt. */
      name: string;
      key: Uint8Array;
      /** Length of the integrity value in bits. */
      icvBits: number;
    }
  | {
      kind: 'encrypt-then-mac';
      /** `cbc(aes)` */
      encryption: string;
      encryptionKey: Uint8Array;
      /** `hmac(sha256)` */
      integrity: string;
      integrityKey: Uint8Array;
      /** Truncation length in bits, 128 for HMAC-SHA2-256-128. */
      icvBits: number;
    };

/** One direction of a tunnel. */
export interface EspSa {
  /** Never 0..255. */
  spi: number;
  keys: EspKeys;
}

/** Where the kernel reports an SA as old (soft), and where it ends it (hard). 0 or absent: nowhere. */
export interface SaLimits {
  softSeconds: number;
  hardSeconds: number;
  softBytes?: number;
  hardBytes?: number;
  softPackets?: number;
  hardPackets?: number;
}

export interface ChildSa extends SaLimits {
  /** Our outer address and the peer's. */
  local: IpAddress;
  remote: IpAddress;
  inbound: EspSa;
  outbound: EspSa;
  mode: 'tunnel' | 'transport';
  /** Sequence numbers of 64 bits in both directions (RFC 4303 §2.2.1); 32 bits when absent. */
  extendedSequence?: boolean;
  /** Traffic of our side and of the peer's side. */
  ours: Selector;
  theirs: Selector;
  /** Further traffic of the same SA, where it is more than one pair of selectors. */
  furtherTraffic?: readonly { ours: Selector; theirs: Selector }[];
  /** ESP inside UDP (RFC 3948); ports in host order. */
  encapsulation?: { localPort: number; remotePort: number };
}

/** Names a tunnel that was installed. The kernel room chooses `reqid` from its own range. */
export interface InstalledSa {
  readonly reqid: number;
  readonly sa: ChildSa;
}

/** Packets that have passed through a tunnel since it was installed. */
export interface PacketCounts {
  packetsIn: number;
  packetsOut: number;
}

export interface SaUse extends PacketCounts {
  /** Wall clock seconds of the last packet out by policy or in by state; 0 for never (OE-53). */
  lastUseSeconds: number;
  bytesIn: number;
  bytesOut: number;
}
