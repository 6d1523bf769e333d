/**
 * Memory of the IKE daemon: both ends in this process over the memory network, with a stepped clock.
 *
 *     memory cycles 10000      set-ups and teardowns of a whole IKE SA, RSS after each tenth
 *     memory tunnels 1000      tunnels at once, each with another peer; bytes for each and end
 */
import type { FullIkeDaemon } from '../../../src/core/ike/ike-daemon.js';
import { address, hostPrefix } from '../../../src/core/net/address.js';
import { type IkeEnd, IkeWorld } from '../../support/ike-end.js';
import { ed25519Key } from '../../support/keys.js';
import { report } from './report.js';

/** What the test's own bookkeeping keeps would count as the daemon's. */
function forgetBookkeeping(world: IkeWorld): void {
  world.network.captured.length = 0;
  for (const end of world.ends)
    for (const list of [end.lines, end.events, end.established, end.ended]) list.length = 0;
}

async function makeWorld(rightAddresses: readonly string[]): Promise<[IkeWorld, IkeEnd, IkeEnd]> {
  const world = new IkeWorld();
  const key = ed25519Key(1);
  const limits = { lingerMs: 1000, idleMs: 1000 };
  const left = await world.add('192.0.2.1', { limits }, key);
  world.network.host(...rightAddresses);
  const right = await world.add(rightAddresses[0]!, { limits }, key);
  left.keysFor = right.keysFor = async () => ({ ok: true, keys: [left.publicKey] });
  return [world, left, right];
}

const sum = (ends: readonly IkeEnd[], name: string): number =>
  ends.reduce((total, { daemon }) => total + ((daemon as FullIkeDaemon).counters()[name] ?? 0), 0);

async function cycles(count: number): Promise<void> {
  const [world, left, right] = await makeWorld(['198.51.100.1']);
  for (let done = 1; done <= count; done++) {
    const result = await world.until(left.daemon.connect(left.wish(right)));
    if (!result.ok) throw new Error(`memory: ${result.failure.why}`);
    await world.until(left.daemon.close(result.tunnel));
    await world.clock.advance(5000);
    forgetBookkeeping(world);
    if (done % Math.ceil(count / 10) > 0) continue;
    const left_ = sum(world.ends, 'IKE SAs') + sum(world.ends, 'tunnels');
    report({ what: 'cycles', done, residentKilobytes: residentKilobytes(), stay: left_ });
  }
}

async function tunnels(count: number): Promise<void> {
  const addresses = Array.from({ length: count }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
  const [world, left] = await makeWorld(addresses);
  const before = residentKilobytes();
  for (const [index, text] of addresses.entries()) {
    const remote = address(text);
    const wish = { ...left.wish(left), remote, theirs: hostPrefix(remote) };
    const result = await world.until(left.daemon.connect(wish));
    if (!result.ok) throw new Error(`memory: ${result.failure.why}`);
    forgetBookkeeping(world);
    const done = index + 1;
    if (done % Math.ceil(count / 10) > 0) continue;
    const now = residentKilobytes();
    const bytesEach = Math.round(((now - before) * 1024) / (2 * done));
    report({ what: 'tunnels', done, residentKilobytes: now, bytesEach });
  }
}

// The words behind the script's name, as Node and as QuickJS give them.
const scope = globalThis as { scriptArgs?: string[]; process?: { argv?: string[] } };
const [what = 'cycles', count] = scope.scriptArgs?.slice(1) ?? scope.process?.argv?.slice(2) ?? [];
const run = what === 'tunnels' ? tunnels : cycles;
// Not awaited here: see handshake.ts.
run(Number(count ?? 0) || 100).catch((error) => report({ error: String(error) }));
