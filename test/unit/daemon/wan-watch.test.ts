import { silentLogger } from '../../../src/core/log.js';
import { address, type IpAddress } from '../../../src/core/net/address.js';
import type { PolicyWan } from '../../../src/core/policy/wan.js';
import { watchAddresses } from '../../../src/daemon/wan-watch.js';
import { SteppedClock, settle } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

function set() {
  const clock = new SteppedClock();
  const now: { addresses: IpAddress[] } = { addresses: [address('192.0.2.1')] };
  const wan = { name: 'wan', device: 'eth1', addresses: now.addresses } as unknown as PolicyWan;
  const kernel = { deviceAddresses: async () => now.addresses };
  const told: string[] = [];
  const changed = () => told.push(wan.addresses.join());
  return { clock, now, told, watch: watchAddresses([wan], kernel, clock, silentLogger, changed) };
}

test('WAN addresses: a change is told when the kernel has news, after the WAN knows it', async () => {
  const { now, told, watch } = set();
  watch.look();
  await settle();
  assert.equal(told, []);
  now.addresses = [address('192.0.2.2')];
  watch.look();
  await settle();
  assert.equal(told, ['192.0.2.2']);
});

test('WAN addresses: without news they are looked at now and then, until the stop', async () => {
  const { clock, now, told, watch } = set();
  now.addresses = [];
  await clock.advance(60_000);
  assert.equal(told, ['']);
  now.addresses = [address('192.0.2.3')];
  await clock.advance(60_000);
  assert.equal(told, ['', '192.0.2.3']);
  watch.stop();
  now.addresses = [];
  watch.look();
  await clock.advance(600_000);
  assert.is(told.length, 2);
  assert.is(clock.pendingTimers, 0);
});
