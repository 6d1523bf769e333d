/** Payloads that we carry without looking inside. */
import { rest, struct, u8, u16 } from '../../bytes/struct.js';

// RFC 7296 §3.12
export const vendorId = struct('vendor ID', { data: rest });

// RFC 7296 §3.6. Raw public keys come from the owner, so certificates of a peer are not read.
export const cert = struct('CERT', { encoding: u8, data: rest });

// RFC 7296 §3.7
export const certRequest = struct('CERTREQ', { encoding: u8, data: rest });

// RFC 7296 §3.15
export const configuration = struct('CP', { data: rest });

// RFC 7296 §3.16
export const eap = struct('EAP', { data: rest });

// RFC 7296 §3.14: initialization vector, ciphertext and integrity value, see `protect.ts`.
export const encrypted = struct('SK', { data: rest });

// RFC 7383 §2.5: fragments count from 1. What follows is as in SK.
export const encryptedFragment = struct('SKF', { number: u16, total: u16, data: rest });
