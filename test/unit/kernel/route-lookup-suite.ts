/** Routes as the kernel of this machine tells them through the real broker, for every engine. */
import { isOwnSide } from '../../../src/core/kernel/own-side.js';
import { type Route, routeTypes } from '../../../src/core/kernel/route-codec.js';
import { RouteLookup } from '../../../src/core/kernel/route-lookup.js';
import { address } from '../../../src/core/net/address.js';
import { SocketNetwork } from '../../../src/core/net/socket-network.js';
import type { Platform } from '../../../src/core/platform/platform.js';
import { assert, skip, test } from '../../support/test.js';

export function routeLookupSuite(name: string, makePlatform: () => Platform): void {
  const title = `${name} route look-up: what this machine's kernel says about addresses of its own`;
  if (!makePlatform().environment('AUTOIPSEC_BROKER')) {
    skip(title, 'AUTOIPSEC_BROKER is not set');
    return;
  }
  test(title, async () => {
    const platform = makePlatform();
    const { timers, isBigEndian } = platform;
    const routes = new RouteLookup({ timers, isBigEndian, network: new SocketNetwork(platform) });
    try {
      await routes.open();
      const hosts = ['127.0.0.1', '127.9.9.9', '::1', '255.255.255.255'].map(address);
      const found = await Promise.all(hosts.map((host) => routes.routeTo(host)));
      const local = (prefixLength: number): Route => ({
        type: routeTypes.local,
        prefixLength,
        interfaces: [1], // the loopback device has this index in every namespace
      });
      assert.equal(found.slice(0, 3), [local(32), local(8), local(128)]);
      assert.equal(
        hosts.map((host, i) => isOwnSide(found[i], host, [])),
        [true, true, true, false],
      );
    } finally {
      routes.close();
      platform.sockets.stop();
    }
  });
}
