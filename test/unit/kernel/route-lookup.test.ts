import { RouteLookup } from '../../../src/core/kernel/route-lookup.js';
import { address } from '../../../src/core/net/address.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { lanRoute, routeRefusal } from './route-samples.js';

async function lookup() {
  const clock = new SteppedClock();
  const sent: number[] = [];
  const opened: number[][] = [];
  const socket = { receive(_: Uint8Array): void {}, isOpen: false };
  const routes = new RouteLookup({
    timers: clock,
    isBigEndian: false,
    network: {
      netlink: async (protocol, groups, receive) => {
        opened.push([protocol, groups]);
        Object.assign(socket, { receive, isOpen: true });
        return {
          send: (message) => void sent.push(message[8]! | (message[9]! << 8)),
          close: () => {
            socket.isOpen = false;
          },
        };
      },
    },
  });
  await routes.open();
  return { clock, sent, opened, socket, routes };
}

const host = address('198.18.1.10');
const found = { type: 1, prefixLength: 24, interfaces: [2] };

test('route look-up: answers find their questions in any order', async () => {
  const { clock, sent, opened, socket, routes } = await lookup();
  assert.equal(opened, [[0, 0]]);
  const [first, second] = [routes.routeTo(host), routes.routeTo(address('198.18.9.9'))];
  assert.equal(sent, [1, 2]);
  socket.receive(routeRefusal(2, 101));
  socket.receive(lanRoute(7)); // nobody asked
  socket.receive(lanRoute(1));
  assert.equal(await first, found);
  assert.is(await second, undefined);
  assert.is(clock.pendingTimers, 0);
});

for (const errno of [13, 22, 101, 113, 128, 148])
  test(`route look-up: errno ${errno} is "no route"`, async () => {
    const { socket, routes } = await lookup();
    const answer = routes.routeTo(host);
    socket.receive(routeRefusal(1, errno));
    assert.is(await answer, undefined);
  });

for (const errno of [0, 1, 12, 105, 132])
  test(`route look-up: errno ${errno} is a failure`, async () => {
    const { socket, routes } = await lookup();
    const answer = routes.routeTo(host).catch(String);
    socket.receive(routeRefusal(1, errno));
    assert.is(await answer, `Error: route to 198.18.1.10: the kernel refuses with errno ${errno}`);
  });

test('route look-up: no answer is an error after ten seconds, and a late one is nothing', async () => {
  const { clock, socket, routes } = await lookup();
  const answer = routes.routeTo(host).catch(String);
  await clock.advance(9999);
  assert.is(clock.pendingTimers, 1);
  await clock.advance(1);
  assert.is(await answer, 'Error: route to 198.18.1.10: no answer within 10000 ms');
  socket.receive(lanRoute(1));
});

test('route look-up: at most 256 questions wait', async () => {
  const { sent, socket, routes } = await lookup();
  const waiting = Array.from({ length: 256 }, () => routes.routeTo(host));
  const refused = await routes.routeTo(host).catch(String);
  assert.is(refused, 'Error: route to 198.18.1.10: 256 questions wait for an answer already');
  assert.is(sent.length, 256);
  socket.receive(lanRoute(1));
  assert.equal(await waiting[0], found);
  waiting.push(routes.routeTo(host));
  assert.is(sent.length, 257);
  for (const sequence of sent) socket.receive(lanRoute(sequence));
  assert.is((await Promise.all(waiting)).length, 257);
});

test('route look-up: closing rejects what waits and leaves no timer', async () => {
  const { clock, socket, routes } = await lookup();
  const answer = routes.routeTo(host).catch(String);
  routes.close();
  assert.is(await answer, 'Error: route to 198.18.1.10: the kernel room is stopped');
  assert.is(socket.isOpen, false);
  assert.is(clock.pendingTimers, 0);
  const later = await routes.routeTo(host).catch(String);
  assert.is(later, 'Error: route to 198.18.1.10: the kernel room is not started');
});
