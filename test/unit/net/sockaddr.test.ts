import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { address } from '../../../src/core/net/address.js';
import {
  endpointOf,
  inetAddress,
  netlinkAddress,
  unixAddress,
} from '../../../src/core/net/sockaddr.js';
import { bypassPolicy } from '../../../src/core/net/xfrm-bypass.js';
import { assert, test } from '../../support/test.js';

// layouts: struct sockaddr_in and sockaddr_in6 of POSIX, sockaddr_nl of netlink(7)
const vectors = [
  ['192.0.2.1', 500, 'inet', `01f4 c0000201 ${'00'.repeat(8)}`],
  ['2001:db8::1', 4500, 'inet6', '1194 00000000 20010db8000000000000000000000001 00000000'],
] as const;

for (const [text, port, family, wire] of vectors) {
  test(`sockaddr: writes and reads ${family}`, () => {
    const raw = inetAddress({ address: address(text), port });
    assert.is(raw.family, family);
    assert.is(toHex(raw.bytes), toHex(fromHex(wire)));
    assert.equal(endpointOf(raw), { address: text, port });
  });
}

test('sockaddr: short or foreign addresses are no endpoint', () => {
  assert.is(endpointOf(undefined), undefined);
  assert.is(endpointOf({ family: 'inet', bytes: fromHex('01f4c00002') }), undefined);
  assert.is(endpointOf({ family: 'inet6', bytes: new Uint8Array(21) }), undefined);
  assert.is(endpointOf({ family: 'netlink', bytes: new Uint8Array(26) }), undefined);
});

test('sockaddr: netlink groups are in the byte order of the host', () => {
  assert.is(toHex(netlinkAddress(0x11, false).bytes), '00000000000011000000');
  assert.is(toHex(netlinkAddress(0x11, true).bytes), '00000000000000000011');
});

test('sockaddr: a path that the kernel would cut is refused', () => {
  assert.is(unixAddress('/run/x').bytes.length, 6);
  assert.throws(() => unixAddress(`/${'x'.repeat(107)}`), /at most 107 bytes/);
});

// made by hand after struct xfrm_userpolicy_info (linux/xfrm.h): family at 40, direction at 160
test('xfrm bypass: an allow policy for all of a family', () => {
  const wire = (family: string, direction: string) =>
    `${'00'.repeat(40)}${family}${'00'.repeat(118)}${direction}${'00'.repeat(7)}`;
  assert.is(toHex(bypassPolicy(4, 1, false)), wire('0200', '01'));
  assert.is(toHex(bypassPolicy(6, 0, false)), wire('0a00', '00'));
  assert.is(toHex(bypassPolicy(4, 1, true)), wire('0002', '01'));
});
