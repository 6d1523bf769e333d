/** Messages of section 5 of the requirements: scenario B with our numbers. */
import { fromHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import type { Numbers } from '../../../src/plugins/autovpn/probing/numbers.js';

export const numbers: Numbers = {
  icmpClass: 251,
  spiMarker: 253,
  markerLength: 16,
  accepts: 'both',
  vendorId: utf8('autovpn.qjs/1'),
  padsObjects: false,
};

const zeros = (count: number): string => '00'.repeat(count);

const quotedSyn = `4500002c 01014000 4006d33f c6336407 cb007150 ee4801bb 10203040 00000000 6002faf0
  06460000 020405b4`;
const quotedField = `${quotedSyn} ${zeros(84)}`;

/** The 44 octets of the embedded SYN. */
export const syn = fromHex(quotedSyn);

/** §5.3 */
export const requestVector = fromHex(`450000d2 00010000 400113ee cb007101 c6336407
  0c015a89 00200000 ${quotedField}
  20007422 0014fb01 01010061 75746f76 706e2e71 6a732f31
  0014fb03 20212223 24252627 28292a2b 2c2d2e2f 000afb04 c93c6b08 ee48`);

/** §5.4 */
export const responseVector = fromHex(`45000068 00020000 401113f8 c6336407 cb007150
  11941194 0054dc03 000000fd 00000000 00000000 00000000
  01000014 01020061 75746f76 706e2e71 6a732f31
  02000014 40414243 44454647 48494a4b 4c4d4e4f
  03000014 20212223 24252627 28292a2b 2c2d2e2f`);

/** §5.5 */
export const completeVector = fromHex(`450000dc 00030000 400113e2 cb007101 c6336407
  0c015a89 00200000 ${quotedField}
  20005c64 0014fb01 01030061 75746f76 706e2e71 6a732f31
  0014fb02 40414243 44454647 48494a4b 4c4d4e4f
  0014fb03 20212223 24252627 28292a2b 2c2d2e2f`);

export const nonceR = fromHex('202122232425262728292a2b2c2d2e2f');
export const nonceI = fromHex('404142434445464748494a4b4c4d4e4f');
