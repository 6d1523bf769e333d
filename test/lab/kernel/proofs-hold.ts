/** Held packets: none lost, none in clear too early, none in disorder. */
import type { IpFamily } from '../../../src/core/net/address.js';
import { addresses, attempt, capture, fetchPage, setMasquerade } from './site.js';
import {
  check,
  decideOnce,
  decisionTook,
  freshBob,
  isClear,
  type Proof,
  patienceMs,
} from './stage.js';

/** First SYN waits, goes out once, encrypted; the second connection does not wait. */
export const firstPacket =
  (from: 'alice' | 'gwa', family: IpFamily, masquerade: boolean): Proof =>
  async (stage) => {
    const n = freshBob();
    const bob = addresses[family].bob(n);
    await setMasquerade(masquerade);
    decideOnce(stage, family, 'encrypt');
    const wan = await capture('wan', '');
    const lan = await capture('lan', `host ${bob}`, 'in');
    const first = await fetchPage(from, family, n);
    const held = stage.witness.seen.filter((line) => line.startsWith('held')).length;
    const second = await fetchPage(from, family, n);
    const onLan = await lan.stop();
    const onWan = await wan.stop();
    check(first.said.startsWith('200'), `first connection: ${first.said}`);
    check(second.said.startsWith('200'), `second connection: ${second.said}`);
    check(held > 0, 'nothing held');
    const leaked = onWan.filter(isClear);
    check(leaked.length === 0, `clear on the WAN:\n${leaked.slice(0, 5).join('\n')}`);
    check(
      onWan.some((line) => line.includes('ESP(')),
      'no ESP on the WAN',
    );
    const syns = onLan.filter((line) => /Flags \[S\]/.test(line) && line.includes(` > ${bob}`));
    const isSlow = decisionTook > patienceMs;
    check(from === 'gwa' || isSlow || syns.length === 2, `${syns.length} SYNs for two connections`);
    return `${isSlow ? 'SLOW ' : ''}decided in ${decisionTook} ms, connect ${first.said.split(' ')[1]} s, then ${second.said.split(' ')[1]} s`;
  };

export const burst =
  (from: 'alice' | 'gwa', family: IpFamily, masquerade: boolean): Proof =>
  async (stage) => {
    const n = freshBob();
    await setMasquerade(masquerade);
    decideOnce(stage, family, 'encrypt');
    const wan = await capture('wan', '');
    const result = await attempt(
      from,
      `ping -i 0.02 -c 60 -W 2 ${addresses[family].bob(n)} | grep -E 'icmp_seq|transmitted'`,
    );
    const leaked = (await wan.stop()).filter(isClear);
    const numbers = [...result.said.matchAll(/icmp_seq=(\d+)/g)].map((match) => Number(match[1]));
    check(numbers.length === 60, `${numbers.length} of 60 answered: ${result.said.slice(-100)}`);
    // Own packets made between tunnel and release have the policy already, and may overtake.
    const inOrder = numbers.every((value, index) => value === index + 1);
    check(inOrder || from === 'gwa', `order ${numbers.join(' ')}`);
    check(leaked.length === 0, `clear on the WAN:\n${leaked.slice(0, 5).join('\n')}`);
    return `${stage.witness.seen.filter((line) => line.startsWith('held')).length} held`;
  };

export const clear =
  (from: 'alice' | 'gwa', family: IpFamily): Proof =>
  async (stage) => {
    const n = freshBob();
    await setMasquerade(false);
    decideOnce(stage, family, 'pass');
    const first = await fetchPage(from, family, n);
    const held = stage.witness.seen.filter((line) => line.startsWith('held')).length;
    check(first.said.startsWith('200'), `connection: ${first.said}`);
    check(held > 0, 'nothing held');
    const isSlow = decisionTook > patienceMs;
    const connected = Number(first.said.split(' ')[1]);
    check(isSlow || connected < 0.98, `SYN was sent again: ${first.said}`);
    return `${isSlow ? 'SLOW ' : ''}connect ${first.said.split(' ')[1]} s`;
  };

export const deny =
  (from: 'alice' | 'gwa', family: IpFamily): Proof =>
  async (stage) => {
    const n = freshBob();
    const bob = addresses[family].bob(n);
    await setMasquerade(false);
    decideOnce(stage, family, 'deny');
    const wan = await capture('wan', `host ${bob}`);
    await fetchPage(from, family, n, 1);
    const second = await fetchPage(from, family, n, 3);
    const seen = await wan.stop();
    check(seen.length === 0, `on the WAN: ${seen[0]}`);
    check(/connect to|refused/i.test(second.said), `rejected? ${second.said}`);
    return second.said;
  };
