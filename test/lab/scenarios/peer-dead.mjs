// The records promise a gateway, and nothing answers there: the class decides after our patience,
// not when the first ICMP says that the port is closed, since anybody can send that.
import { clearPackets, isIke } from '../net/capture.mjs';

const patienceSeconds = 3;

export default {
  name: 'peer dead',
  requirements: ['OE-24', 'OE-42', 'OE-146', 'OE-147', 'SP-39', 'SP-40'],
  topology: {},
  async run(lab) {
    const wan = await lab.capture();
    await lab.start('sga', { main: { patience: patienceSeconds, silent_lifespan: 77 } });
    const page = await lab.connect('alice', 'bob', { timeoutSeconds: 40 });
    await lab.settle();
    lab.check('OE-42 OE-24 permissive goes clear', page.body === 'Hello from bob', page.error);
    const packets = wan.packets();
    const started = packets.find(isIke)?.time;
    const passed = clearPackets(packets, lab.pair('alice', 'bob'))[0]?.time;
    const waited = (passed - started) / 1000;
    lab.check(
      'SP-40 SP-39 OE-147 the verdict comes after our patience, whatever ICMP says',
      waited > patienceSeconds * 0.9 && waited < patienceSeconds + 3,
      `${waited.toFixed(1)} s`,
    );
    const found = await lab.routers.sga.connection(lab.address('bob'), 'clear');
    const left = found?.until - Date.now() / 1000;
    lab.check('OE-42 with the lifespan of silent peers', left > 30 && left < 78, `${left} s`);
    const log = lab.routers.sga.daemon.log();
    const said = `${lab.address('bob')}: clear, gateway ${lab.address('sgb')}: no answer`;
    lab.check('OE-146 the log names peer and reason', log.includes(said), log);
  },
};
