// The router that called is switched off and on: it knows nothing any more, and its peer still has the
// tunnel. The latest negotiation wins.
import { checkFirstPacket } from '../first-packet.mjs';
import { isEsp } from '../net/capture.mjs';
import { eventually } from '../net/machine.mjs';

export default {
  name: 'reboot of the initiator',
  requirements: ['OE-62'],
  topology: {},
  async run(lab) {
    const { wan } = await checkFirstPacket(lab);
    const { sga, sgb } = lab.routers;
    const before = wan.packets().length;
    const old = spisOf(wan.packets());
    await sga.crash();
    await lab.start('sga');
    const ping = await lab.ping('alice', 'bob', { waitSeconds: 20 });
    lab.check('OE-62 the first packet afterwards is answered', ping.received === 1);
    const more = await lab.ping('alice', 'bob', { count: 3 });
    lab.check('OE-62 and the next ones', more.received === 3, more.received);
    const ofAlice = async () =>
      (await sgb.status()).connections.filter(
        (each) => each.destination === lab.address('alice') && each.state === 'keyed',
      );
    const found = await ofAlice();
    lab.check('OE-62 the peer has one connection for alice', found.length === 1, found.length);
    await lab.settle();
    const fresh = spisOf(wan.packets().slice(before));
    const reused = fresh.filter((spi) => old.includes(spi));
    lab.check(
      'OE-62 it is the new one: other SPIs both ways',
      fresh.length === 2 && reused.length === 0,
      `${fresh} after ${old}`,
    );
    const states = async () => (await sgb.xfrmStates()).match(/proto esp/g)?.length ?? 0;
    const isOldGone = await eventually(async () => (await states()) === 2, 30_000);
    lab.check('OE-62 the old instance is deleted', isOldGone, `${await states()} SAs`);
    lab.assertNoClearPacket('SP-4 not one packet in clear', wan, lab.pair('alice', 'bob'));
  },
};

const spisOf = (packets) => [...new Set(packets.filter(isEsp).map((each) => each.spi))];
