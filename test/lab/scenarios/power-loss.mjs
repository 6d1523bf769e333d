// The power of a router fails: when it is back, it calls the gateways of its list by itself, and they
// drop what they had with it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkFirstPacket } from '../first-packet.mjs';
import { isEsp } from '../net/capture.mjs';
import { eventually } from '../net/machine.mjs';

const spisOf = (packets) => [...new Set(packets.filter(isEsp).map((each) => each.spi))];

export default {
  name: 'power loss',
  requirements: ['OE-150', 'OE-151'],
  topology: {},
  async run(lab) {
    const { wan } = await checkFirstPacket(lab);
    const { sga, sgb } = lab.routers;
    const old = spisOf(wan.packets());
    const list = () => {
      try {
        return readFileSync(path.join(sga.folder, 'state', 'peers'), 'utf8');
      } catch {
        return '';
      }
    };
    const isListed = () => list().startsWith(`${lab.address('sgb')} wan ${lab.address('alice')} `);
    lab.check('OE-150 the gateway is in the list on the disk', await eventually(isListed, 20_000));
    await sga.crash();
    lab.check('OE-150 also after the crash', isListed(), list());
    await lab.start('sga');
    const states = () => sgb.xfrmStates();
    const isFresh = async () => {
      const text = await states();
      return /proto esp/.test(text) && !old.some((spi) => text.includes(spi));
    };
    lab.check(
      'OE-151 the peer drops the old SAs',
      await eventually(isFresh, 20_000),
      await states(),
    );
    const told = /has begun anew, its earlier IKE SA is gone/.test(sgb.daemon.log());
    lab.check('OE-151 because of INITIAL_CONTACT', told, sgb.daemon.log());
    const ping = await lab.ping('bob', 'alice', { waitSeconds: 10 });
    lab.check('the peer reaches alice, who has said nothing', ping.received === 1);
    await lab.settle();
    lab.assertNoClearPacket('no clear packet of the pair', wan, lab.pair('alice', 'bob'));
  },
};
