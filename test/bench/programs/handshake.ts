/**
 * Time that an engine needs for IKE_SA_INIT and IKE_AUTH, both roles in this process over the memory
 * network. Its clock is stepped, so no time is waited; what passes between two messages is the work
 * of the end that got the first one. Key pairs for the key exchange are made on the way, too.
 */
import type { PrivateKey } from '../../../src/core/pki/private-key.js';
import { IkeWorld } from '../../support/ike-end.js';
import { ecdsaKey, ed25519Key, rsaKey } from '../../support/keys.js';
import { now, report } from './report.js';

const keys: Record<string, () => PrivateKey> = {
  'RSA-2048': rsaKey,
  'P-256': () => ecdsaKey(1),
  Ed25519: () => ed25519Key(1),
};

async function handshake(key: PrivateKey): Promise<{ initiatorMs: number; responderMs: number }> {
  const world = new IkeWorld();
  const left = await world.add('192.0.2.1', {}, key);
  const right = await world.add('198.51.100.1', {}, key);
  const times = [now()];
  world.network.path.rewrites = (packet) => {
    times.push(now());
    return packet;
  };
  const result = await world.until(left.daemon.connect(left.wish(right)));
  times.push(now());
  if (!result.ok) throw new Error(`handshake: ${result.failure.why}`);
  // two requests and two responses; anything else would be a retransmission
  if (times.length !== 6) throw new Error(`handshake: ${times.length - 2} messages, not 4`);
  await world.stop();
  const steps = times.slice(1).map((time, index) => time - times[index]!);
  const sum = (parity: number) =>
    steps.reduce((total, step, index) => (index % 2 === parity ? total + step : total), 0);
  return { initiatorMs: sum(0), responderMs: sum(1) };
}

const times = Number(globalThis.process?.argv?.[2] ?? 0) || 15;

async function main(): Promise<void> {
  for (const [name, make] of Object.entries(keys)) {
    const key = make();
    await handshake(key); // builds the tables of the curves
    for (let i = 0; i < times; i++) report({ name, ...(await handshake(key)) });
  }
}

// Not awaited here: before a module has ended QuickJS polls its timers after every single job, and
// the stepped clock relies on all jobs being done.
main().catch((error) => report({ error: String(error) }));
