// Alice calls Bob while Bob calls Alice.
import { captureAll } from '../first-packet.mjs';

export default {
  name: 'both ends start at once',
  requirements: ['OE-12', 'SP-4'],
  topology: {},
  async run(lab) {
    const { wan } = await captureAll(lab);
    await Promise.all([lab.start('sga'), lab.start('sgb')]);
    const [there, back] = await Promise.all([
      lab.ping('alice', 'bob', { waitSeconds: 20 }),
      lab.ping('bob', 'alice', { waitSeconds: 20 }),
    ]);
    lab.check('OE-12 both first packets are answered', there.received + back.received === 2);
    const [page, other] = await Promise.all([
      lab.connect('alice', 'bob'),
      lab.connect('bob', 'alice'),
    ]);
    await lab.settle();
    lab.check('both go on afterwards', page.ok && other.ok, page.error + other.error);
    lab.assertNoClearPacket('SP-4 no clear packet', wan, lab.pair('alice', 'bob'));
    for (const [name, peer] of [
      ['sga', 'bob'],
      ['sgb', 'alice'],
    ]) {
      const { connections } = await lab.status(name);
      const keyed = connections.filter((each) => each.destination === lab.address(peer));
      const text = JSON.stringify(keyed.map((each) => each.state));
      lab.check(`one instance at ${name}`, keyed.length === 1 && keyed[0].state === 'keyed', text);
    }
  },
};
