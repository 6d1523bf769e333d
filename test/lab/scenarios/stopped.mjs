// The service stops: the peer is told, and nothing of ours is left in either kernel.
import { checkFirstPacket } from '../first-packet.mjs';
import { isIke } from '../net/capture.mjs';
import { eventually } from '../net/machine.mjs';

export default {
  name: 'daemon stopped',
  requirements: ['OE-48', 'OE-148', 'OE-164'],
  topology: {},
  async run(lab) {
    const { wan } = await checkFirstPacket(lab);
    await checkCounts(lab);
    const anew = await lab.ping('alice', 'bob', { waitSeconds: 20 });
    lab.check('a forgotten pair is keyed anew', anew.received === 1);
    const status = await lab.stop('sga');
    lab.check('OE-148 the daemon ends well', status === 0, `exit status ${status}`);
    await lab.settle();
    const told = wan
      .packets()
      .some((each) => isIke(each) && each.ike.exchange === 'INFORMATIONAL' && !each.ike.isResponse);
    lab.check('OE-148 a delete goes to the peer', told);
    await checkEmpty(lab, 'sga');
    const { sgb } = lab.routers;
    const isGone = async () => !/proto esp/.test(await sgb.xfrmStates());
    lab.check('OE-48 the peer removes its SAs', await eventually(isGone), await sgb.xfrmStates());
    await lab.stop('sgb');
    await checkEmpty(lab, 'sgb');
    const page = await lab.connect('alice', 'bob', { timeoutSeconds: 5 });
    lab.check('afterwards the pair talks in clear', page.ok, page.error);
  },
};

/** What the log tells of a tunnel that goes is what the kernel has counted. */
async function checkCounts(lab) {
  const { sga } = lab.routers;
  const [alice, bob] = lab.pair('alice', 'bob');
  // counts may be told a second late
  await lab.settle(2000);
  const text = await lab.machine.run('sga', ['ip', '-s', 'xfrm', 'state']);
  const counted = (source) => {
    const state = text.split(/\n(?=src )/).find((each) => each.startsWith(`src ${source} `));
    return /current:\s+(\d+)\(bytes\), (\d+)\(packets\)/.exec(state)?.slice(1) ?? [];
  };
  const [came, went] = ['sgb', 'sga'].map((name) => counted(lab.address(name)));
  await sga.ask('forget', bob);
  const line = new RegExp(
    `${alice} ↔ ${bob}: (\\d+) bytes in (\\d+) packets came in, (\\d+) bytes in (\\d+) packets went`,
  );
  await eventually(() => line.test(sga.daemon.log()));
  const told = line.exec(sga.daemon.log())?.slice(1) ?? [];
  lab.check(
    'OE-164 the final counts in the log are those of the kernel',
    told.length === 4 && told.join() === [...came, ...went].join() && Number(came[1]) > 0,
    `${told.join()} told, ${[...came, ...went].join()} counted`,
  );
}

async function checkEmpty(lab, name) {
  const router = lab.routers[name];
  const left = [await router.xfrmStates(), await router.xfrmPolicies(), await router.tables()]
    .join('\n')
    .split('\n')
    .filter((line) => /proto esp|^src|autoipsec/.test(line));
  lab.check(`nothing of ours is left at ${name}`, left.length === 0, left.join('\n'));
}
