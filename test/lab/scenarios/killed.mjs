// The daemon dies without a word and stays dead for a while: tunnels go on, unknown pairs wait, and the
// next one goes on with what there was.
import { checkFirstPacket } from '../first-packet.mjs';

export default {
  name: 'daemon killed',
  requirements: ['OE-6', 'OE-11'],
  topology: {},
  async run(lab) {
    const { wan } = await checkFirstPacket(lab);
    await lab.routers.sga.daemon.stop('SIGKILL');
    const settled = await lab.ping('alice', 'bob', { count: 3 });
    lab.check('OE-6 settled pairs keep forwarding', settled.received === 3, settled.received);
    const fresh = await lab.ping('alice', 'carol', { waitSeconds: 2 });
    lab.check('OE-6 OE-11 new pairs stay held', fresh.received === 0);
    lab.assertNoClearPacket('OE-11 not one packet of them leaves', wan, lab.pair('alice', 'carol'));
    lab.assertNoClearPacket('OE-6 no clear packet meanwhile', wan, lab.pair('alice', 'bob'));
    await lab.start('sga');
    const again = await lab.ping('alice', 'carol', { waitSeconds: 20 });
    lab.check('OE-6 a fresh daemon decides again', again.received === 1);
    const bob = await lab.ping('alice', 'bob', { waitSeconds: 20 });
    await lab.settle();
    lab.check('OE-6 the tunnel goes on', bob.received === 1);
    const { state } = await lab.routers.sga.connection(lab.address('bob'));
    lab.check('OE-6 under the fresh daemon', state === 'keyed', state);
    lab.assertNoClearPacket('OE-6 without a clear packet', wan, lab.pair('alice', 'bob'));
  },
};
