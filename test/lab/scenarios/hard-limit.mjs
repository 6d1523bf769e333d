// A tunnel ends at a hard limit, because nobody renews it: the other end's daemon is dead. The pair goes
// back to hold, told by the kernel, and not one packet of it leaves until there are new keys.
import { eventually } from '../net/machine.mjs';

const hardPackets = 20;

export default {
  name: 'hard limit',
  requirements: ['OE-19'],
  isRare: true,
  topology: {},
  async run(lab) {
    const { sga, sgb } = lab.routers;
    const bob = lab.address('bob');
    const wan = await lab.capture();
    const limits = { sa_soft_packets: 0, sa_hard_packets: hardPackets };
    await Promise.all([
      lab.start('sga', {
        main: { ...limits, patience: 60 },
        wan: { default_class: 'oe-paranoid' },
      }),
      lab.start('sgb'),
    ]);
    const first = await lab.ping('alice', 'bob', { waitSeconds: 20 });
    lab.check('a tunnel comes', first.received === 1, first.received);
    const before = await sga.connection(bob, 'keyed');
    await sgb.daemon.stop('SIGKILL');
    const { received } = await lab.ping('alice', 'bob', { count: 2 * hardPackets, waitSeconds: 2 });
    lab.check('it carries packets up to the limit', received >= hardPackets / 2, received);
    lab.check('OE-19 and none beyond', received < hardPackets, received);
    const held = await eventually(async () => {
      const { state } = (await sga.connection(bob)) ?? {};
      return state !== undefined && state !== 'keyed';
    });
    lab.check('OE-19 the pair is held again', held, sga.daemon.log());
    lab.check('OE-19 no state is left', !(await sga.xfrmStates()).includes(before.peer.spiOut));
    lab.assertNoClearPacket('OE-19 not one packet leaves', wan, lab.pair('alice', 'bob'));
    await lab.start('sgb');
    const talks = async () => (await lab.ping('alice', 'bob', { waitSeconds: 2 })).received === 1;
    lab.check('OE-19 new keys end the hold', await eventually(talks, 60_000), sga.daemon.log());
    const after = await sga.connection(bob, 'keyed');
    lab.check('OE-19 and they are new', after?.peer?.spiOut !== before.peer.spiOut);
    lab.assertNoClearPacket('nothing went clear', wan, lab.pair('alice', 'bob'));
  },
};
