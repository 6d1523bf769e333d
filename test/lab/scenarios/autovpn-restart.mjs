// AutoVPN and daemons that end: one that is killed takes its tunnel over; one that is stopped and started
// finds its way back with new probes, and knows the peer again.
import { autovpn, bothEncrypt, talk } from '../autovpn.mjs';
import { eventually } from '../net/machine.mjs';

export default {
  name: 'AutoVPN across restarts',
  requirements: ['AV-2', 'AV-94'],
  topology: {},
  isRare: true,
  async run(lab) {
    const { sga, sgb } = lab.routers;
    await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
    const call = await talk(lab, 'alice', 'bob');
    lab.check('AV-1 a tunnel', await bothEncrypt(lab));
    await sga.daemon.stop('SIGKILL');
    lab.check('the connection goes on without a daemon', await call.goesOn(10));
    await lab.start('sga', autovpn());
    lab.check('the next daemon has the tunnel', await bothEncrypt(lab));
    lab.check('and the connection goes on', (await call.goesOn(10)) && !call.errors().length);
    await sgb.stop();
    await lab.start('sgb', autovpn());
    const isBack = await eventually(async () => {
      await lab.connect('alice', 'bob');
      const { connections } = await lab.status('sgb');
      return connections.some(({ state, foundBy }) => state === 'keyed' && foundBy === 'autovpn');
    }, 60_000);
    lab.check('AV-2 behind a stop and a start there is a tunnel again, with the same peer', isBack);
    lab.check(
      'the connection of before has seen all that',
      (await call.goesOn(10)) && !call.errors().length,
    );
    await call.stop();
  },
};
