// The service stops: the peer is told, and nothing of ours is left in either kernel.
import { checkFirstPacket } from '../first-packet.mjs';
import { isIke } from '../net/capture.mjs';
import { eventually } from '../net/machine.mjs';

export default {
  name: 'daemon stopped',
  requirements: ['OE-48', 'OE-148'],
  topology: {},
  async run(lab) {
    const { wan } = await checkFirstPacket(lab);
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

async function checkEmpty(lab, name) {
  const router = lab.routers[name];
  const left = [await router.xfrmStates(), await router.xfrmPolicies(), await router.tables()]
    .join('\n')
    .split('\n')
    .filter((line) => /proto esp|^src|autoipsec/.test(line));
  lab.check(`nothing of ours is left at ${name}`, left.length === 0, left.join('\n'));
}
