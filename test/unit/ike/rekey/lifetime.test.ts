import { limitsFor, softLimit } from '../../../../src/core/ike/lifetime.js';
import { assert, test } from '../../../support/test.js';

const byte = (value: number) => () => Uint8Array.of(value);

test('soft limits: the end that has made an SA is up to a tenth early, the other one late', () => {
  for (const chance of [0, 100, 255]) {
    const first = softLimit(3240, 3600, 'initiator', byte(chance));
    const second = softLimit(3240, 3600, 'responder', byte(chance));
    assert.ok(first >= 2916 && first <= 3240, String(first));
    assert.ok(second >= 3360 && second <= 3480, String(second));
  }
  assert.is.not(
    softLimit(3240, 3600, 'initiator', byte(0)),
    softLimit(3240, 3600, 'initiator', byte(200)),
  );
});

test('limits for the kernel: bytes and packets are spread as well, and none where there is none', () => {
  const time = { softSeconds: 1000, hardSeconds: 2000 };
  assert.equal(limitsFor(time, 'initiator', byte(0)), time);
  assert.equal(limitsFor({ ...time, softBytes: 0, hardBytes: 0 }, 'initiator', byte(0)), time);
  const counted = { softBytes: 900, hardBytes: 1200, softPackets: 90, hardPackets: 0 };
  assert.equal(limitsFor({ ...time, ...counted }, 'responder', byte(0)), {
    ...{ softSeconds: 1333, hardSeconds: 2000, softBytes: 1000, hardBytes: 1200 },
    softPackets: 90,
  });
});
