/** States and policies: kinds, renewal, expiry, configured ones, and the end. */

import type { ChildSa, EspSa, SaLimits } from '../../../src/core/kernel/child-sa.js';
import type { IpFamily } from '../../../src/core/net/address.js';
import { hostPrefix, prefix } from '../../../src/core/net/address.js';
import { addresses, attempt, capture, platform, setMasquerade, sh, sleep } from './site.js';
import { check, freshBob, isClear, type Proof, type Stage } from './stage.js';
import { childSa, installAtPeer } from './tunnel.js';

export const crossFamily =
  (outer: IpFamily, inner: IpFamily): Proof =>
  async ({ kernel }) => {
    const n = freshBob();
    await setMasquerade(false);
    const { gwa, gwb } = addresses[outer];
    const { alice, bob } = addresses[inner];
    const sa = childSa({ local: gwa, remote: gwb, ours: alice, theirs: bob(n) });
    await installAtPeer(sa);
    const installed = await kernel.install(sa);
    const pair = { wan: 'wan', source: alice, destination: bob(n), translatedSource: alice };
    await kernel.remember({ ...pair, verdict: 'encrypt', lifespanSeconds: 60 });
    const wan = await capture('wan', '');
    await sh('alice', `ping -c 2 -i 0.2 -W 2 ${bob(n)}`);
    const clearLines = (await wan.stop()).filter(isClear);
    check(clearLines.length === 0, `clear: ${clearLines[0]}`);
    await kernel.remove(installed);
    return undefined;
  };

/** The pings of both directions go through ESP of this kind, and the kernel counts them. */
export const carries =
  (family: IpFamily, more: Partial<ChildSa>): Proof =>
  async ({ kernel }) => {
    await setMasquerade(false);
    const { gwa, gwb, alice, bob } = addresses[family];
    const isTransport = more.mode === 'transport';
    const inner = isTransport
      ? { ours: gwa, theirs: gwb }
      : { ours: alice, theirs: bob(freshBob()) };
    const sa = childSa({ local: gwa, remote: gwb, ...inner }, more);
    await installAtPeer(sa);
    const installed = await kernel.install(sa);
    const pair = { source: inner.ours, destination: inner.theirs, translatedSource: inner.ours };
    await kernel.remember({ wan: 'wan', ...pair, verdict: 'encrypt', lifespanSeconds: 60 });
    const states = await sh('gwa', 'ip xfrm state');
    const wan = await capture('wan', '');
    await sh(isTransport ? 'gwa' : 'alice', `ping -c 3 -i 0.2 -W 2 ${inner.theirs}`);
    const clearLines = (await wan.stop()).filter(isClear);
    check(clearLines.length === 0, `clear: ${clearLines[0]}`);
    const { packetsIn, packetsOut } = await kernel.use(installed);
    check(packetsIn === 3 && packetsOut === 3, `${packetsIn} packets in, ${packetsOut} out`);
    await kernel.remove(installed);
    await sh('gwb', 'ip xfrm policy flush; ip xfrm state flush');
    const flags = states.match(/ flag .*| mode transport/g)?.join();
    if (more.extendedSequence) check(states.includes(' esn'), `no esn: ${states}`);
    if (isTransport) check(states.includes('mode transport'), `no transport: ${states}`);
    return flags;
  };

/** One SA for two subnets and for one type of ICMP only: the kernel takes it, and looks at each packet. */
export const shapes: Proof = async ({ kernel }) => {
  await setMasquerade(false);
  const { gwa, gwb, alice, bob } = addresses[4];
  const [one, other, third] = [freshBob(), freshBob(), freshBob()];
  const base = childSa({ local: gwa, remote: gwb, ours: alice, theirs: bob(one) });
  const echo = { protocol: 1, startPort: 0x0800, endPort: 0x08ff };
  const reply = { protocol: 1, startPort: 0, endPort: 0 };
  const host = (n: number) => ({ ...base.theirs, prefix: hostPrefix(bob(n)) });
  const sa: ChildSa = {
    ...base,
    extendedSequence: true,
    furtherTraffic: [
      { ours: base.ours, theirs: host(other) },
      { ours: { ...base.ours, ...echo }, theirs: { ...host(third), ...echo } },
      { ours: { ...base.ours, ...reply }, theirs: { ...host(third), ...reply } },
    ],
  };
  await installAtPeer(sa);
  const installed = await kernel.install(sa);
  const remembered = { wan: 'wan', source: alice, translatedSource: alice } as const;
  for (const n of [one, other, third])
    await kernel.remember({
      ...remembered,
      destination: bob(n),
      verdict: 'encrypt',
      lifespanSeconds: 60,
    });
  const wan = await capture('wan', '');
  for (const n of [one, other, third]) await sh('alice', `ping -c 2 -i 0.2 -W 2 ${bob(n)}`);
  const clearLines = (await wan.stop()).filter(isClear);
  check(clearLines.length === 0, `clear: ${clearLines[0]}`);
  const { packetsIn, packetsOut } = await kernel.use(installed);
  check(packetsIn === 6 && packetsOut === 6, `${packetsIn} packets in, ${packetsOut} out`);
  const policies = await sh('gwa', 'ip xfrm policy');
  check(policies.includes('type 8'), policies);
  await kernel.remove(installed);
  const left = await sh('gwa', 'ip xfrm policy');
  check(!left.includes(bob(other)) && !left.includes(bob(third)), left);
  await sh('gwb', 'ip xfrm policy flush; ip xfrm state flush');
  return undefined;
};

/** Encrypt-then-MAC of both directions. */
export function cbcStates(hash: string, icvBits: number, keyLength: number) {
  const one = (spi: number): EspSa => ({
    spi,
    keys: {
      kind: 'encrypt-then-mac',
      encryption: 'cbc(aes)',
      encryptionKey: platform.random(32),
      integrity: `hmac(${hash})`,
      integrityKey: platform.random(keyLength),
      icvBits,
    },
  });
  const first = 0x9100 + 2 * icvBits;
  return { inbound: one(first), outbound: one(first + 1) };
}

/** Two tunnels for the same traffic, then the older one goes: no answer is missed. */
export const renewal: Proof = async ({ kernel }) => {
  const n = freshBob();
  await setMasquerade(false);
  const { gwa, gwb, alice, bob } = addresses[4];
  const ends = { local: gwa, remote: gwb, ours: alice, theirs: bob(n) };
  const pair = { wan: 'wan', source: alice, destination: bob(n), translatedSource: alice };
  const first = childSa(ends);
  await installAtPeer(first);
  const old = await kernel.install(first);
  await kernel.remember({ ...pair, verdict: 'encrypt', lifespanSeconds: 60 });
  const ping = attempt('alice', `ping -i 0.05 -c 60 -W 2 ${bob(n)}`);
  await sleep(700);
  const second = childSa(ends);
  // Each end can receive before the other one sends; IKE has its order for that.
  await installAtPeer(second, 'inbound');
  const fresh = await kernel.install(second);
  await installAtPeer(second, 'outbound');
  check(fresh.reqid === old.reqid, 'another reqid');
  await sleep(700);
  await kernel.remove(old);
  const { said } = await ping;
  check(said.includes(' 60 received'), said.slice(-120));
  const use = await kernel.use(fresh);
  check(use.packetsOut > 0 && use.packetsIn > 0 && use.bytesOut > 0, JSON.stringify(use));
  check(Math.abs(use.lastUseSeconds - Date.now() / 1000) < 4, `last use ${use.lastUseSeconds}`);
  await kernel.remove(fresh);
  return JSON.stringify(use);
};

export const foreign: Proof = async ({ kernel, witness }) => {
  const n = freshBob();
  const { gwa, gwb, alice, bob } = addresses[4];
  check(!(await kernel.isConfigured(alice, bob(n))), 'configured before');
  await sh(
    'gwa',
    `ip xfrm policy add src ${alice}/32 dst ${bob(n)}/32 dir out priority 10 tmpl src ${gwa} dst ${gwb} proto esp reqid 1 mode tunnel`,
  );
  await sleep(200);
  check(await kernel.isConfigured(alice, bob(n)), 'not seen as configured');
  await attempt('alice', `ping -c 1 -W 1 ${bob(n)}`);
  check(!witness.seen.some((line) => line.startsWith('held')), 'held in spite of its own tunnel');
  const sa = childSa({ local: gwa, remote: gwb, ours: alice, theirs: bob(n) });
  const refused = await kernel.install(sa).then(
    () => 'installed',
    (error) => String(error),
  );
  check(/exists/.test(refused), refused);
  check(!/0x[0-9a-f]{20}/.test(refused), 'a key in the error');
  const states = await sh('gwa', 'ip xfrm state list nokeys');
  const spi = sa.inbound.spi.toString(16).padStart(8, '0');
  check(!states.includes(`spi 0x${spi}`), 'state left over');
  const policies = await sh('gwa', 'ip xfrm policy');
  check(policies.split(`${bob(n)}/32`).length === 2, policies);
  return refused;
};

/** A peer that speaks for more than it was granted is not heard; for what it was granted it is. */
export const ingress: Proof = async ({ kernel }) => {
  const [granted, other] = [freshBob(), freshBob()];
  await setMasquerade(false);
  const { gwa, gwb, alice, bob } = addresses[4];
  const sa = childSa({ local: gwa, remote: gwb, ours: alice, theirs: bob(granted) });
  await installAtPeer(sa, 'all', prefix('198.18.2.0/24'));
  const installed = await kernel.install(sa);
  const mismatches = async () =>
    Number(/XfrmInStateMismatch\s+(\d+)/.exec(await sh('gwa', 'cat /proc/net/xfrm_stat'))?.[1]);
  const before = await mismatches();
  const lan = await capture('lan', `icmp and dst ${alice}`);
  await attempt('bob', `ping -c 2 -i 0.2 -W 1 -I ${bob(granted)} ${alice}`);
  await attempt('bob', `ping -c 2 -i 0.2 -W 1 -I ${bob(other)} ${alice}`);
  const seen = await lan.stop();
  const from = (n: number) => seen.filter((line) => line.includes(`${bob(n)} > `)).length;
  check(from(granted) === 2, `${from(granted)} of 2 granted packets`);
  check(from(other) === 0, `${from(other)} packets from elsewhere`);
  check((await mismatches()) === before + 2, 'the kernel did not count them');
  await kernel.remove(installed);
  // its greedy policy would take the answers of later proofs
  await sh('gwb', 'ip xfrm policy flush; ip xfrm state flush');
  return undefined;
};

/** The kernel takes every kind of state that IKE may ask for. */
export const kinds: Proof = async ({ kernel }) => {
  const n = freshBob();
  const { gwa, gwb, alice, bob } = addresses[4];
  const ends = { local: gwa, remote: gwb, ours: alice, theirs: bob(n) };
  const six = { local: addresses[6].gwa, remote: addresses[6].gwb, ours: alice, theirs: bob(n) };
  const encapsulation = { localPort: 4500, remotePort: 61000 };
  const chacha = (spi: number): EspSa => ({
    spi,
    keys: {
      kind: 'aead',
      name: 'rfc7539esp(chacha20,poly1305)',
      key: platform.random(36),
      icvBits: 128,
    },
  });
  const cbc = (spi: number): EspSa => ({
    spi,
    keys: {
      kind: 'encrypt-then-mac',
      encryption: 'cbc(aes)',
      encryptionKey: platform.random(16),
      integrity: 'hmac(sha256)',
      integrityKey: platform.random(32),
      icvBits: 128,
    },
  });
  const all = [
    childSa(ends, { encapsulation }),
    childSa(six, { encapsulation }),
    childSa(ends, { inbound: chacha(0x9001), outbound: chacha(0x9002) }),
    childSa(ends, { inbound: cbc(0x9003), outbound: cbc(0x9004) }),
    childSa({ ...ends, ours: gwa, theirs: gwb }, { mode: 'transport' }),
  ];
  for (const sa of all) await kernel.remove(await kernel.install(sa));
  const left = await sh('gwa', 'ip xfrm state');
  check(!left.includes('0x00009001') && !left.includes('0x00009003'), left);
  return undefined;
};

export const stop: Proof = async ({ kernel }) => {
  const { gwa, gwb, alice, bob } = addresses[4];
  await kernel.install(childSa({ local: gwa, remote: gwb, ours: alice, theirs: bob(freshBob()) }));
  await sh('gwa', `ip xfrm policy add src 10.3.0.0/16 dst 10.4.0.0/16 dir fwd`);
  await kernel.stop();
  const all = await sh('gwa', 'ip xfrm state; ip xfrm policy; nft list tables');
  // What an acquire made has no SPI yet and no name to delete it by; it goes by itself in 30 s.
  const left = all.replace(/src \S+ dst \S+\n\tproto esp spi 0x00000000[^\n]*\n(\t[^\n]*\n)*/g, '');
  check(!left.includes(String(0x4149)) && !/reqid 109/.test(left), left);
  check(left.includes('10.3.0.0/16') && left.includes('reqid 1 '), `foreign gone: ${left}`);
  check(!left.includes('autoipsec'), left);
  return undefined;
};

/**
 * A rekey as the responder of it does it, and then as its initiator: each packet that leaves has the
 * SPI of the SA that it should have, and none is lost.
 */
export const rekey: Proof = async ({ kernel }) => {
  const n = freshBob();
  await setMasquerade(false);
  const { gwa, gwb, alice, bob } = addresses[4];
  const ends = { local: gwa, remote: gwb, ours: alice, theirs: bob(n) };
  const pair = { wan: 'wan', source: alice, destination: bob(n), translatedSource: alice };
  const [first, second, third] = [childSa(ends), childSa(ends), childSa(ends)];
  await installAtPeer(first);
  const old = await kernel.install(first);
  await kernel.remember({ ...pair, verdict: 'encrypt', lifespanSeconds: 60 });
  const wan = await capture('wan', `src ${gwa}`);
  const ping = attempt('alice', `ping -i 0.02 -c 500 -W 2 ${bob(n)}`);
  await sleep(700);
  const fresh = await kernel.stage(second);
  check(fresh.reqid === old.reqid, 'another reqid');
  await installAtPeer(second, 'inbound');
  await installAtPeer(second, 'outbound');
  await sleep(500);
  const used = await kernel.use(fresh);
  check(used.packetsIn > 0 && used.packetsOut === 0, `staged: ${JSON.stringify(used)}`);
  await kernel.activate(fresh);
  await kernel.remove(old);
  await sleep(500);
  await installAtPeer(third, 'inbound');
  const last = await kernel.install(third);
  await installAtPeer(third, 'outbound');
  await kernel.remove(fresh);
  const { said } = await ping;
  check(said.includes(' 500 received'), said.slice(-120));
  const spis = (await wan.stop()).flatMap((line) => /spi=0x([0-9a-f]+)/.exec(line)?.[1] ?? []);
  const runs = spis
    .filter((spi, at) => spi !== spis[at - 1])
    .map((spi) => Number.parseInt(spi, 16));
  const wanted = [first, second, third].map(({ outbound }) => outbound.spi);
  check(String(runs) === String(wanted), `SPIs ${runs}, not ${wanted}`);
  await kernel.remove(last);
  return `${spis.length} packets`;
};

/** How often it was told of this tunnel since the proof began. */
const told = ({ seen }: Stage['witness'], reqid: number, kind: 'soft' | 'hard'): number =>
  seen.filter((line) => line === `expired ${reqid} ${kind}`).length;

async function waitFor(what: string, holds: () => boolean): Promise<void> {
  for (let round = 0; round < 150 && !holds(); round++) await sleep(100);
  check(holds(), `not told: ${what}`);
}

/**
 * The kernel counts packets, bytes or time: at the soft limit it tells and goes on, at the hard one it
 * tells once for each state, and what comes behind asks for new keys and does not leave.
 */
export const limited =
  (limits: Partial<SaLimits>): Proof =>
  async ({ kernel, witness }) => {
    await setMasquerade(false);
    const { gwa, gwb, alice, bob } = addresses[4];
    const n = freshBob();
    const sa = childSa({ local: gwa, remote: gwb, ours: alice, theirs: bob(n) });
    await installAtPeer(sa);
    const installed = await kernel.install({ ...sa, ...limits });
    const { reqid } = installed;
    const pair = { wan: 'wan', source: alice, destination: bob(n), translatedSource: alice };
    await kernel.remember({ ...pair, verdict: 'encrypt', lifespanSeconds: 60 });
    const wan = await capture('wan', `host ${bob(n)}`);
    const ping = (count: number) => attempt('alice', `ping -c ${count} -i 0.1 -W 1 ${bob(n)}`);
    await ping(6);
    await waitFor('soft limit', () => told(witness, reqid, 'soft') > 0);
    if (limits.hardSeconds === undefined) await ping(20);
    await waitFor('hard limit', () => told(witness, reqid, 'hard') > 0);
    const at = (kind: string) => witness.seen.indexOf(`expired ${reqid} ${kind}`);
    check(at('soft') < at('hard'), 'the hard limit came first');
    await ping(2);
    await waitFor('acquire', () => witness.seen.includes(`acquire ${alice} ${bob(n)}`));
    const times = told(witness, reqid, 'hard');
    check(times <= 2, `${times} times told of the hard limit of two states`);
    const leaked = (await wan.stop()).filter(isClear);
    check(leaked.length === 0, `clear on the WAN: ${leaked[0]}`);
    await kernel.remove(installed);
    return undefined;
  };
