/** What the guard drops, and what it lets pass. */
import type { IpFamily } from '../../../src/core/net/address.js';
import { addresses, attempt, capture, fetchPage, sendDatagram, setMasquerade, sh } from './site.js';
import { check, decideOnce, freshBob, type Proof } from './stage.js';

/** A verdict that wants encryption, and no tunnel: nothing may pass. */
export const guarded =
  (from: 'alice' | 'gwa', family: IpFamily, masquerade: boolean, predictsWrong: boolean): Proof =>
  async (stage) => {
    const n = freshBob();
    const { alice, gwa, lanA, bob } = addresses[family];
    const source = from === 'alice' ? alice : gwa;
    await setMasquerade(masquerade);
    await stage.kernel.remember({
      wan: 'wan',
      source,
      destination: bob(n),
      translatedSource: predictsWrong ? lanA : masquerade ? gwa : source,
      verdict: 'encrypt',
      lifespanSeconds: 60,
    });
    const before = await leaks();
    const wan = await capture('wan', `host ${bob(n)}`);
    await attempt(from, `ping -c 3 -i 0.2 -W 1 ${bob(n)}`);
    const seen = await wan.stop();
    check(seen.length === 0, `on the WAN: ${seen[0]}`);
    check((await leaks()) > before, 'the guard did not count them');
    check(!stage.witness.seen.some((line) => line.startsWith('held')), 'held');
    return undefined;
  };

export const leaks = async (): Promise<number> =>
  Number(/packets (\d+)/.exec(await sh('gwa', 'nft list counter inet autoipsec leaks'))?.[1]);

/** The router's errands are never in the way of its own verdicts, and nobody else can borrow that. */
export const errands =
  (family: IpFamily): Proof =>
  async ({ kernel, witness }) => {
    await setMasquerade(false);
    const n = freshBob();
    const { alice, gwa, bob } = addresses[family];
    const verdict = {
      wan: 'wan',
      destination: bob(n),
      verdict: 'encrypt',
      lifespanSeconds: 60,
    } as const;
    await kernel.remember({ ...verdict, source: gwa, translatedSource: gwa });
    await kernel.remember({ ...verdict, source: alice, translatedSource: alice });
    const wan = await capture('wan', `udp and host ${bob(n)}`);
    const send = (from: 'alice' | 'gwa', port: number, to: number) =>
      sendDatagram(from, family, port, { host: bob(n), port: to });
    await send('gwa', 500, 500);
    await send('gwa', 4500, 4500);
    await send('gwa', 3333, 53);
    const allowed = (await wan.stop()).length;
    const other = await capture('wan', `udp and host ${bob(n)}`);
    await send('gwa', 3333, 3334);
    await send('alice', 500, 500);
    await send('alice', 3333, 53);
    const leaked = await other.stop();
    check(allowed === 3, `${allowed} of 3 errands on the WAN`);
    check(leaked.length === 0, `leaked: ${leaked[0]}`);
    check(!witness.seen.some((line) => line.startsWith('held')), 'held');
    return undefined;
  };

/** No packet leaves the router with our mark on it. */
export const unmarked: Proof = async (stage) => {
  await setMasquerade(false);
  const counter = `table inet witness { chain c { type filter hook postrouting priority 300; oifname "wan" meta mark & 0x20000000 != 0 counter; }; }`;
  await sh('gwa', `echo '${counter}' | nft -f -`);
  for (const verdict of ['pass', 'encrypt'] as const) {
    decideOnce(stage, 4, verdict);
    const page = await fetchPage('gwa', 4, freshBob());
    check(page.said.startsWith('200'), page.said);
  }
  const counted = await sh('gwa', 'nft list table inet witness');
  await sh('gwa', 'nft delete table inet witness');
  check(/packets 0 /.test(counted), counted);
  return undefined;
};
