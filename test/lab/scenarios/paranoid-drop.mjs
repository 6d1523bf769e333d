// Class OE-paranoid and a destination without records: dropped, with not one clear packet.
import { isBetween } from '../net/capture.mjs';

export default {
  name: 'paranoid drop',
  requirements: ['OE-16', 'OE-24', 'OE-36'],
  topology: {},
  async run(lab) {
    const [wan, carol] = await Promise.all([lab.capture(), lab.capture('carol')]);
    await lab.start('sga', { wan: { default_class: 'oe-paranoid' } });
    const page = await lab.connect('alice', 'carol', { timeoutSeconds: 4 });
    const own = await lab.ping('sga', 'carol', { count: 3, waitSeconds: 1 });
    await lab.settle();
    lab.check('OE-24 no connection', !page.ok && own.received === 0, page.body);
    for (const from of ['alice', 'sga']) {
      const pair = lab.pair(from, 'carol');
      lab.assertNoClearPacket(`OE-36 not one clear packet from ${from}`, wan, pair);
      const arrived = carol.packets().filter((each) => isBetween(each, pair)).length;
      lab.check(`OE-16 nothing from ${from} arrives`, arrived === 0, `${arrived} packets`);
    }
    const found = await lab.routers.sga.connection(lab.address('carol'), 'deny');
    lab.check('OE-31 status tells: deny', found?.state === 'deny', JSON.stringify(found));
  },
};
