/** New keys for a tunnel in use, when something stands in the way of the first try. */
import type { Tunnel } from '../../../src/core/ike/daemon.js';
import type { InstalledSa } from '../../../src/core/kernel/child-sa.js';
import { createLogger } from '../../../src/core/log.js';
import { address, hostPrefix } from '../../../src/core/net/address.js';
import type { Connection } from '../../../src/core/policy/connection.js';
import { Renewal } from '../../../src/core/policy/renewal.js';
import type { PolicyWan } from '../../../src/core/policy/wan.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';

/** A tunnel that the peer has asked for; `use` is what the kernel says of it. */
function world(use: () => Promise<number>) {
  const clock = new SteppedClock();
  const prefix = hostPrefix(address('192.0.2.1'));
  const sa = { local: prefix.address, ours: { prefix }, theirs: { prefix } };
  const installed = { reqid: 1, sa } as unknown as InstalledSa;
  const tunnel = { role: 'responder', installed, peer: {} } as unknown as Tunnel;
  const connection = { wan: 'wan', destination: '192.0.2.1', tunnel } as unknown as Connection;
  let rekeys = 0;
  const renewal = new Renewal({
    kernel: { use: async () => ({ lastUseSeconds: await use() }) as never },
    clock,
    timers: clock,
    log: createLogger({ write: () => undefined }, () => 'debug'),
    ike: () => ({
      rekey: async () => {
        rekeys++;
        connection.tunnel = undefined;
        return { ok: true };
      },
    }),
    wanNamed: () => ({}) as PolicyWan,
    authorize: async () => ({ ok: true }),
    replace: async () => ({ ok: true }),
  });
  return { clock, renewal, connection, rekeys: () => rekeys };
}

test('renewal: a kernel that does not answer once is asked again, and the tunnel has new keys', async () => {
  let asked = 0;
  const { clock, renewal, connection, rekeys } = world(async () => {
    if (++asked === 1) throw new Error('ip has died');
    return clock.wallSeconds();
  });
  renewal.begin(connection);
  await clock.advance(60_000);
  assert.is(asked, 2);
  assert.is(rekeys(), 1);
  assert.is(clock.pendingTimers, 0);
});

test('renewal: stopped while it waits for the kernel, it leaves no timer', async () => {
  let answer: (seconds: number) => void = () => undefined;
  const { clock, renewal, connection, rekeys } = world(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  renewal.begin(connection);
  renewal.stop();
  answer(0);
  await clock.advance(1);
  assert.is(clock.pendingTimers, 0);
  assert.is(rekeys(), 0);
});
