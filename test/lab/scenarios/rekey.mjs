// New keys while fifty packets a second pass: for the tunnel and for the IKE SA, from either end, from
// both at once, and because the kernel counted enough packets. Nothing is lost, and nothing is clear.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { isEsp } from '../net/capture.mjs';
import { eventually } from '../net/machine.mjs';

/** Packets in one direction: about thirty seconds. */
const softPackets = 1500;

const steps = [
  ['a tunnel, by the one that called', [['sga', 'bob']]],
  ['a tunnel, by the one that was called', [['sgb', 'alice']]],
  ['the IKE SA, by the one that called', [['sga', 'bob', '--ike']]],
  ['the IKE SA, by the one that was called', [['sgb', 'alice', '--ike']]],
  [
    'a tunnel, by both',
    [
      ['sga', 'bob'],
      ['sgb', 'alice'],
    ],
  ],
  [
    'the IKE SA, by both',
    [
      ['sga', 'bob', '--ike'],
      ['sgb', 'alice', '--ike'],
    ],
  ],
  [
    'a tunnel here, the IKE SA there',
    [
      ['sga', 'bob'],
      ['sgb', 'alice', '--ike'],
    ],
  ],
];

export default {
  name: 'rekey',
  requirements: ['OE-49', 'OE-131', 'OE-132', 'SP-4'],
  topology: {},
  // An emulated machine takes seconds for each command.
  seconds: 400,
  async run(lab) {
    const wan = await lab.capture();
    const limits = { sa_soft_packets: softPackets, sa_hard_packets: 1_000_000 };
    await Promise.all([lab.start('sga', { main: limits }), lab.start('sgb')]);
    await lab.ping('alice', 'bob', { waitSeconds: 20 });
    const stopTraffic = startTraffic(lab);
    for (const [what, commands] of steps) await rekey(lab, what, commands);
    const { spiOut } = await keys(lab, 'sga', 'bob');
    const isRenewed = async () => (await keys(lab, 'sga', 'bob')).spiOut !== spiOut;
    const renewed = await eventually(isRenewed, 60_000);
    lab.check('OE-49 new keys when the kernel has counted enough packets', renewed);
    const { sent, received } = await stopTraffic();
    lab.check('OE-49 no packet is lost', received === sent && sent > 0, `${received} of ${sent}`);
    await lab.settle();
    lab.assertNoClearPacket('SP-4 no clear packet', wan, lab.pair('alice', 'bob'));
    for (const end of ['sga', 'sgb']) checkSpis(lab, wan, end);
    await checkStates(lab);
  },
};

/** Fifty packets a second, without a pause, until `stop`; that gives what was sent and received. */
function startTraffic(lab) {
  const flag = path.join(lab.machine.folder, 'enough');
  const loop = 'until [ -e "$1" ]; do ping -q -n -i 0.02 -c 250 -W 5 "$2"; done';
  const argv = ['sh', '-c', loop, 'sh', flag, lab.address('bob')];
  const running = lab.machine.exec('alice', argv, { timeoutMs: 400_000 });
  return async () => {
    writeFileSync(flag, '');
    const { stdout } = await running;
    const rounds = [...stdout.matchAll(/(\d+) packets transmitted, (\d+) received/g)];
    const sum = (at) => rounds.reduce((total, round) => total + Number(round[at]), 0);
    return { sent: sum(1), received: sum(2) };
  };
}

/** What status tells of a tunnel. */
async function keys(lab, router, peer) {
  const { connections } = await lab.status(router);
  return connections.find((each) => each.destination === lab.address(peer))?.peer ?? {};
}

async function rekey(lab, what, commands) {
  const before = await keys(lab, 'sga', 'bob');
  const asked = await Promise.all(
    commands.map(([router, peer, ...words]) =>
      lab.routers[router].ask('rekey', lab.address(peer), ...words),
    ),
  );
  const said = asked.map(({ status, stdout, stderr }) => `${status} ${stdout}${stderr}`).join();
  const ofIke = commands.some((words) => words.includes('--ike'));
  const ofTunnel = commands.some((words) => !words.includes('--ike'));
  let after = {};
  const agree = await eventually(async () => {
    after = await keys(lab, 'sga', 'bob');
    const other = await keys(lab, 'sgb', 'alice');
    return (
      after.spiOut === other.spiIn &&
      after.spiIn === other.spiOut &&
      after.ikeSpiInitiator === other.ikeSpiInitiator &&
      (!ofIke || after.ikeSpiInitiator !== before.ikeSpiInitiator) &&
      (!ofTunnel || after.spiOut !== before.spiOut)
    );
  }, 20_000);
  const text = `${said} ${JSON.stringify({ before, after })}`;
  lab.check(`OE-49 new keys for ${what}, the same at both ends`, agree, text);
  lab.check(
    `the command for ${what} says so`,
    asked.every(({ status }) => status === 0),
    text,
  );
}

/** Each end turns to the younger SA at once, and never back. */
function checkSpis(lab, wan, end) {
  const spis = wan
    .packets()
    .filter((packet) => isEsp(packet) && packet.source === lab.address(end))
    .map(({ spi }) => spi);
  const runs = spis.filter((spi, at) => spi !== spis[at - 1]);
  const text = runs.join(' ');
  lab.check(
    `OE-131 ${end} sends with one SA after the other`,
    new Set(runs).size === runs.length,
    text,
  );
  lab.check(`SPIs of ${end} change`, runs.length >= 5, text);
}

/** OE-132: of all those SAs one pair is left, and no policy too many. */
async function checkStates(lab) {
  for (const end of ['sga', 'sgb']) {
    const count = async () => (await lab.routers[end].xfrmStates()).split('proto esp').length - 1;
    const isOne = await eventually(async () => (await count()) === 2);
    lab.check(
      `OE-132 one pair of SAs is left at ${end}`,
      isOne,
      await lab.routers[end].xfrmStates(),
    );
  }
}
