/** Held packets: none lost, none in clear too early, none in disorder. */
import type { IpFamily } from '../../../src/core/net/address.js';
import { addresses, attempt, capture, fetchPage, setMasquerade, sh } from './site.js';
import {
  check,
  decideOnce,
  freshBob,
  isClear,
  lastDecision,
  type Proof,
  patienceMs,
  type Stage,
  tooSlow,
} from './stage.js';

/** Tries until a decision was quicker than TCP's second SYN. */
const triesOnBusyMachine = 4;

/** First SYN waits, goes out once, encrypted; the second connection does not wait. */
export const firstPacket =
  (from: 'alice' | 'gwa', family: IpFamily, masquerade: boolean): Proof =>
  async (stage) => {
    await setMasquerade(masquerade);
    for (let left = triesOnBusyMachine; left > 0; left--) {
      const note = await firstConnection(stage, from, family);
      if (note !== tooSlow) return note;
    }
    return tooSlow;
  };

/** TCPSynRetrans of a namespace: the counters come in a line below the line of their names. */
async function synsRepeated(namespace: string): Promise<number> {
  const [names = '', values = ''] = (await sh(namespace, 'grep ^TcpExt /proc/net/netstat')).split(
    '\n',
  );
  return Number(values.split(' ')[names.split(' ').indexOf('TCPSynRetrans')]);
}

async function firstConnection(
  stage: Stage,
  from: 'alice' | 'gwa',
  family: IpFamily,
): Promise<string> {
  const n = freshBob();
  const before = await synsRepeated(from);
  decideOnce(stage, family, 'encrypt');
  const wan = await capture('wan', '');
  const lan = await capture('lan', `host ${addresses[family].bob(n)}`, 'in');
  const first = await fetchPage(from, family, n);
  const { tookMs, waited } = lastDecision;
  const second = await fetchPage(from, family, n);
  const onLan = await lan.stop();
  const leaked = (await wan.stop()).filter(isClear);
  check(first.said.startsWith('200'), `first connection: ${first.said}`);
  check(second.said.startsWith('200'), `second connection: ${second.said}`);
  check(waited > 0, 'nothing was held');
  check(leaked.length === 0, `clear on the WAN:\n${leaked.slice(0, 5).join('\n')}`);
  if (tookMs > patienceMs) return tooSlow;
  const syns = onLan.filter((line) => /Flags \[S\]/.test(line));
  check(waited === 1, `${waited} packets waited for one connection`);
  check(from === 'gwa' || syns.length === 2, `${syns.length} SYNs for two connections`);
  // The SYN that was let go is the one that arrived
  const repeated = (await synsRepeated(from)) - before;
  check(repeated === 0, `${repeated} SYNs were repeated`);
  return `decided in ${tookMs} ms, connected in ${first.said.split(' ')[1]} s`;
}

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
    if (lastDecision.tookMs > patienceMs) return tooSlow;
    const connected = Number(first.said.split(' ')[1]);
    check(connected < 0.98, `SYN was sent again: ${first.said}`);
    return `connect ${first.said.split(' ')[1]} s`;
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
    const lan = await capture('lan', 'icmp or icmp6', 'out');
    const second = await fetchPage(from, family, n, 3);
    const told = (await lan.stop()).join('\n');
    const seen = await wan.stop();
    check(seen.length === 0, `on the WAN: ${seen[0]}`);
    check(/connect to|refused/i.test(second.said), `rejected? ${second.said}`);
    // tcpdump's words for type 3 code 13 (code 10 lacks 'filter'), and for type 1 code 1 of ICMPv6
    const words = family === 4 ? /admin prohibited filter/ : /unreachable prohibited/;
    check(from === 'gwa' || words.test(told), `ICMP to the sender: ${told}`);
    return second.said;
  };
