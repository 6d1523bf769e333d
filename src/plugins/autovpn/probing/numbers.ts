/**
 * Numbers and limits of the probing protocol. The document (draft-sheffer-autovpn-00) leaves the
 * assigned ones open; those that are ours are options with these defaults.
 */

/** §5.1: ICMP Parameter Problem, "required option missing". */
export const icmpType = 12;
export const icmpCode = 1;
/** §5.2 */
export const probePort = 4500;

/** §5.3; 5 to 127 are reserved, 128 to 255 private. */
export const payloadTypes = { version: 1, nonceI: 2, nonceR: 3, natDetect: 4 } as const;
/** §5.4 */
export const protocolVersion = 1;
export const messageTypes = { request: 1, response: 2, complete: 3 } as const;
export type ProbeKind = keyof typeof messageTypes;

/** §5.5, octets without payload header. */
export const shortestNonce = 8;
export const longestNonce = 64;
/** §5.6 */
export const natDetectMask = 0x0f;

/** §6: a message is sent at most three times. */
export const mostSent = 3;
/** §6 */
export const shortestRetrySeconds = 86_400;

/** What both ends must have alike; the defaults are ours (RFC 4884 §10 leaves 247..255 to anybody). */
export interface Numbers {
  icmpClass: number;
  /** First word behind the UDP header; from the reserved SPIs, so that it never is one of ESP. */
  spiMarker: number;
  /** Octets of the marker that is sent; 16 are the SPI and 12 zeros. */
  markerLength: 16 | 4;
  accepts: 'both' | '16' | '4';
  vendorId: Uint8Array;
  /** Objects are filled up with zeros to 32-bit words. */
  padsObjects: boolean;
}

/** Nonces that are opened in a second, in each role: one takes half a millisecond under `qjs` on a PC. */
export const mostOpened = 100;

/** Payloads of one message that are looked at; a stranger chooses how many there are. */
export const mostPayloads = 32;
