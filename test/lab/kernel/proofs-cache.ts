/** The forwarding cache: many verdicts, new rules, and a table that vanishes. */
import type { Verdict } from '../../../src/core/kernel/kernel.js';
import type { IpAddress } from '../../../src/core/net/address.js';
import { addresses, sh, sleep } from './site.js';
import { check, freshBob, type Proof } from './stage.js';

export const lost: Proof = async ({ kernel, witness }) => {
  await sh('gwa', 'nft flush ruleset');
  for (let i = 0; i < 40 && !witness.seen.includes('cacheLost'); i++) await sleep(100);
  check(witness.seen.includes('cacheLost'), 'not told');
  await sh('gwa', 'nft list table inet autoipsec');
  check(await kernel.isConfigured(addresses[4].alice, addresses[4].bob(1)).then(() => true), '');
  return undefined;
};

/** 100 verdicts at once, over an existing one, and forgotten again. */
export const manyPairs: Proof = async ({ kernel }) => {
  const { alice } = addresses[4];
  const at = Date.now();
  const pair = (i: number) => ({
    wan: 'wan',
    source: alice,
    destination: `203.0.113.${i}` as IpAddress,
    translatedSource: addresses[4].gwa,
  });
  const all = Array.from({ length: 100 }, (_, i) => i);
  const remember = (verdict: Verdict) =>
    Promise.all(all.map((i) => kernel.remember({ ...pair(i), verdict, lifespanSeconds: 600 })));
  await remember('encrypt');
  await remember('pass');
  const took = Date.now() - at;
  const count = async (set: string) =>
    ((await sh('gwa', `nft list set inet autoipsec ${set}`)).match(/203\.0/g) ?? []).length;
  check((await count('pass4_0')) === 100, 'not all pass');
  check((await count('encrypt4_0')) === 0, 'some still encrypt');
  await Promise.all(all.map((i) => kernel.forget(pair(i))));
  check((await count('pass4_0')) === 0, 'not forgotten');
  return `200 verdicts in ${took} ms`;
};

export const update: Proof = async ({ kernel, witness, rules }) => {
  const { alice, bob } = addresses[4];
  const n = freshBob();
  const pair = { wan: 'wan', source: alice, destination: bob(n), translatedSource: alice };
  await kernel.remember({ ...pair, verdict: 'pass', lifespanSeconds: 600 });
  const wans = [...rules.wans, { name: 'wan6', device: 'wan6', index: 1 }];
  await kernel.update({
    ...rules,
    wans,
    exemptDestinations: [{ address: bob(n + 1), length: 32 }],
  });
  await kernel.update({ ...rules, exemptDestinations: [{ address: bob(n + 1), length: 32 }] });
  freshBob();
  await sh('alice', `ping -c 1 -W 2 ${bob(n)}`);
  await sh('alice', `ping -c 1 -W 2 ${bob(n + 1)}`);
  check(!witness.seen.some((line) => line.startsWith('held')), 'held');
  await kernel.update(rules);
  return undefined;
};
