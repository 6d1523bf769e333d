/** Answers of rtnetlink, little-endian: see route-codec.test.ts for their source. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';

const word = (value: number): Uint8Array =>
  Uint8Array.of(value, value >> 8, value >> 16, value >> 24);

/** 198.18.1.0/24 by the interface with index 2. */
export const lanRoute = (sequence: number): Uint8Array =>
  concat(
    fromHex('3c000000 1800 0000'),
    word(sequence),
    fromHex(`86720000 02 18 00 00 fe 02 fd 01 00000000
             0800 0f00 fe000000 0800 0100 c6120100 0800 0700 c6120101 0800 0400 02000000`),
  );

export const routeRefusal = (sequence: number, errno: number): Uint8Array =>
  concat(
    fromHex('38000000 0200 0000'),
    word(sequence),
    fromHex('86720000'),
    word(-errno),
    fromHex('24000000 1a00 0100'),
    word(sequence),
    fromHex('00000000 02 20 00 00 00 00 00 00 00200000 0800 0100 09090909'),
  );
