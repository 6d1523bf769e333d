// Packets to a denied destination: silence, or an ICMP message where the administrator wants one.
const refusals = (capture) =>
  capture.packets().filter(({ icmp }) => icmp?.type === 3 && icmp.code === 13);

export default {
  name: 'denied packets, silent or refused',
  requirements: ['OE-17', 'OE-21'],
  topology: {},
  async run(lab) {
    const [wan, alice] = await Promise.all([lab.capture(), lab.capture('alice')]);
    const policies = [{ class: 'deny', destination: [lab.address('carol')] }];
    await lab.start('sga', { policies });
    // the first packet is held and dropped in silence; the next ones meet the verdict
    await lab.ping('alice', 'carol', { count: 3, waitSeconds: 1 });
    await lab.settle();
    lab.check('OE-17 off: silence', refusals(alice).length === 0);
    await lab.stop('sga');
    await lab.start('sga', { policies, main: { reject_denied: '1' } });
    await lab.ping('alice', 'carol', { count: 3, waitSeconds: 1 });
    await lab.settle();
    lab.check('OE-17 on: the sender is told', refusals(alice).length > 0);
    lab.assertNoClearPacket('OE-21 nothing to a denied address', wan, lab.pair('alice', 'carol'));
    lab.check('OE-17 the message stays inside', refusals(wan).length === 0);
  },
};
