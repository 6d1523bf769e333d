/** The IKE header, RFC 7296 §3.1. */
import { bytes, struct, u8, u32, type ValueOf } from '../../bytes/struct.js';

export const header = struct('header', {
  spiInitiator: bytes(8),
  /** All zero in the first message of an IKE SA. */
  spiResponder: bytes(8),
  nextPayload: u8,
  /** Major version in the upper four bits: 0x20 is IKEv2. */
  version: u8,
  exchange: u8,
  flags: u8,
  messageId: u32,
  /** Of the whole message; compared with what came in `message.ts`. */
  length: u32,
});
export type Header = ValueOf<typeof header>;

/** Bytes on the wire. */
export const HEADER_LENGTH = 28;

/** Major version 2, minor version 0. */
export const IKE_VERSION = 0x20;

/** Bits of `flags`; the others are ignored when received. */
export const Flag = {
  /** Sent by the original initiator of the IKE SA. */
  initiator: 0x08,
  /** The sender speaks a higher major version. */
  version: 0x10,
  response: 0x20,
} as const;
