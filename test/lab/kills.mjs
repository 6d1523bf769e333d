// Many kills at random moments, of one router or both, while tunnels are made, used, and deleted. After
// each the pair talks again, both routers agree about their tunnels, and nothing is left over.

import { isIke } from './net/capture.mjs';
import { eventually, sleep } from './net/machine.mjs';
import { repeatedIvs, repeatedSequences } from './restart.mjs';

const victims = [['sga'], ['sgb'], ['sga', 'sgb']];

/** What is going on when the daemons die; nobody waits for its end. */
const doings = {
  'a packet each way': (lab) => Promise.all([ask(lab, 'alice', 'bob'), ask(lab, 'bob', 'alice')]),
  'a tunnel is deleted': (lab) => lab.routers.sga.ask('forget', lab.address('bob')),
  'a tunnel is deleted at the other end': (lab) =>
    lab.routers.sgb.ask('forget', lab.address('alice')),
  'a tunnel is deleted and made anew': async (lab) => {
    await lab.routers.sga.ask('forget', lab.address('bob'));
    await ask(lab, 'alice', 'bob');
  },
  'a tunnel is rekeyed': (lab) => rekey(lab, 'sga', 'bob'),
  'a tunnel is rekeyed from the other end': (lab) => rekey(lab, 'sgb', 'alice'),
  'the IKE SA is rekeyed': (lab) => rekey(lab, 'sga', 'bob', '--ike'),
  'the IKE SA is rekeyed from the other end': (lab) => rekey(lab, 'sgb', 'alice', '--ike'),
  'both ends rekey a tunnel': (lab) =>
    Promise.all([rekey(lab, 'sga', 'bob'), rekey(lab, 'sgb', 'alice')]),
  'both ends rekey the IKE SA': (lab) =>
    Promise.all([rekey(lab, 'sga', 'bob', '--ike'), rekey(lab, 'sgb', 'alice', '--ike')]),
};

const rekey = (lab, router, host, ...options) =>
  lab.routers[router].ask('rekey', ...options, lab.address(host));

const ask = (lab, from, to) => lab.ping(from, to, { count: 3, waitSeconds: 1 });

/** Numbers 0 to 1 from a seed, so that a bad run can be repeated. */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Kills `count` times; `LAB_SEED` repeats a run. */
export async function kills(lab, count) {
  const seed = Number(process.env.LAB_SEED ?? Date.now() % 1_000_000);
  console.log(`# LAB_SEED=${seed}`);
  const random = randomFrom(seed);
  const one = (list) => list[Math.floor(random() * list.length)];
  const wan = await lab.capture();
  const configuration = {
    main: { patience: '120' },
    wan: { default_class: 'oe-paranoid' },
    // A closed port of a dead daemon is told by ICMP; the routers need no tunnel for that.
    policies: [{ class: 'always-clear', destination: gateways(lab) }],
  };
  await Promise.all(['sga', 'sgb'].map((name) => lab.start(name, configuration)));
  await eventually(async () => (await ask(lab, 'alice', 'bob')).received > 0, 120_000);
  for (let round = 1; round <= count; round += 1) {
    const names = one(victims);
    const doing = one(Object.keys(doings));
    const delayMs = Math.floor(random() * 600);
    const what = `kill ${round}: ${names.join(' and ')} ${delayMs} ms into '${doing}'`;
    lab.tell(what);
    const done = doings[doing](lab).catch(() => undefined);
    await sleep(delayMs);
    await Promise.all(names.map((name) => respawn(lab, name, configuration)));
    await done;
    if (!(await checkAfter(lab, what))) return;
  }
  await lab.settle();
  const packets = wan.packets();
  const sequences = repeatedSequences(packets);
  lab.check('no ESP sequence number comes twice', sequences.length === 0, sequences[0]);
  const ivs = repeatedIvs(packets);
  lab.check('no IV of IKE comes twice', ivs.length === 0, ivs[0]);
  lab.check('IKE was seen at all', packets.some(isIke));
  lab.assertNoClearPacket('no clear packet of the pair', wan, lab.pair('alice', 'bob'));
}

const gateways = (lab) => ['sga', 'sgb'].map((name) => lab.address(name));

async function respawn(lab, name, configuration) {
  await lab.routers[name].daemon.stop('SIGKILL');
  await lab.start(name, configuration);
}

/** Quiet when all is well: a hundred kills would fill the page. */
async function checkAfter(lab, what) {
  const problems = [];
  const talks = async (from, to) => (await lab.ping(from, to, { waitSeconds: 2 })).received === 1;
  for (const [from, to] of [
    ['alice', 'bob'],
    ['bob', 'alice'],
  ])
    if (!(await eventually(() => talks(from, to), 120_000)))
      problems.push(`${from} can not reach ${to}`);
  // two tunnels that came at once are one after two seconds
  let left = '';
  const agree = async () => {
    // a tunnel that nobody uses goes at the end of its lifespan
    await talks('alice', 'bob');
    left = await disagreement(lab);
    return left === '';
  };
  if (!(await eventually(agree, 60_000))) problems.push(left);
  return lab.check(what, problems.length === 0, problems.join('\n'));
}

const spisIn = (text) =>
  [...text.matchAll(/proto esp spi (0x[0-9a-f]+)/g)].map((match) => match[1]);

/** Empty when both routers have one and the same tunnel, and nothing of ours beside it. */
async function disagreement(lab) {
  const { sga, sgb } = lab.routers;
  const [atA, atB] = await Promise.all([sga.xfrmStates(), sgb.xfrmStates()]);
  const [spisA, spisB] = [atA, atB].map((text) => spisIn(text).sort().join(' '));
  if (spisA !== spisB) return `states of sga ${spisA}, of sgb ${spisB}`;
  if (spisIn(atA).length !== 2) return `${spisIn(atA).length} states, 2 expected`;
  for (const router of [sga, sgb]) {
    const policies = (await router.xfrmPolicies()).match(/^\s+dir (in|out|fwd)/gm) ?? [];
    if (policies.length !== 3) return `${router.name} has ${policies.length} policies, 3 expected`;
    const { connections } = await router.status();
    const keyed = connections.filter((each) => each.state === 'keyed');
    if (keyed.length !== 1) return `${router.name} has ${keyed.length} keyed connections`;
    const pairs = await encryptedPairs(lab, router);
    if (pairs !== 1) return `${router.name} has ${pairs} pairs to encrypt in nftables`;
  }
  return '';
}

async function encryptedPairs(lab, router) {
  const argv = ['nft', '-j', 'list', 'set', 'inet', 'autoipsec', 'encrypt4_0'];
  const { nftables } = JSON.parse(await lab.machine.run(router.name, argv));
  return nftables.find((each) => each.set).set.elem?.length ?? 0;
}
