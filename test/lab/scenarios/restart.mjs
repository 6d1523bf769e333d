// The daemon is killed and starts again: tunnels, verdicts and the IKE SA go on, and no packet is lost.
import { checkFirstPacket } from '../first-packet.mjs';
import { isEsp, isIke } from '../net/capture.mjs';
import {
  changes,
  connectionsOf,
  keepPinging,
  killAndRespawn,
  repeatedIvs,
  repeatedSequences,
} from '../restart.mjs';

const turns = [['sga'], ['sgb'], ['sga', 'sgb']];
const spisOf = (packets) => [...new Set(packets.filter(isEsp).map((each) => each.spi))].sort();

export default {
  name: 'restart without a loss',
  requirements: ['OE-6'],
  topology: {},
  async run(lab) {
    const { wan } = await checkFirstPacket(lab);
    await lab.connect('alice', 'carol');
    const before = await Promise.all(['sga', 'sgb'].map((name) => connectionsOf(lab, name)));
    const known = wan.packets().length;
    const spis = spisOf(wan.packets());
    const pings = [keepPinging(lab, 'alice', 'bob'), keepPinging(lab, 'bob', 'alice')];
    await lab.settle(500);
    for (const names of turns) {
      const milliseconds = await killAndRespawn(lab, names);
      lab.tell(`${names.join(' and ')} ready again after ${milliseconds} ms`);
      await lab.settle(500);
    }
    const [there, back] = await Promise.all(pings.map((ping) => ping.stop()));
    for (const { answered, lost } of [there, back])
      lab.check(
        'OE-6 not one ping is lost',
        answered > 50 && lost.length === 0,
        `${answered} answered, lost ${lost}`,
      );
    await lab.settle();
    checkWire(lab, wan, known, spis);
    const after = await Promise.all(['sga', 'sgb'].map((name) => connectionsOf(lab, name)));
    const differs = before.flatMap((each, at) => changes(each, after[at]));
    lab.check('status is the same as before', differs.length === 0, differs.join('\n'));
    await checkStillManaged(lab, wan);
  },
};

function checkWire(lab, wan, known, spis) {
  const packets = wan.packets();
  const since = packets.slice(known);
  lab.check(
    'the same SAs are in use',
    spisOf(since).join() === spis.join(),
    `${spisOf(since)}, before ${spis}`,
  );
  const sequences = repeatedSequences(packets);
  lab.check('no ESP sequence number comes twice', sequences.length === 0, sequences[0]);
  const handshakes = since.filter((each) => isIke(each) && each.ike.exchange === 'IKE_SA_INIT');
  lab.check('nobody keys anew', handshakes.length === 0, handshakes.length);
  lab.assertNoClearPacket('no clear packet of the pair', wan, lab.pair('alice', 'bob'));
}

/** The IKE SA is alive: a delete of one end is understood and answered by the other. */
async function checkStillManaged(lab, wan) {
  const known = wan.packets().length;
  await lab.routers.sga.ask('forget', lab.address('bob'));
  await lab.settle(1000);
  const messages = wan.packets().slice(known).filter(isIke);
  const of = (isResponse) => messages.filter((each) => each.ike.isResponse === isResponse).length;
  lab.check(
    'the IKE SA goes on: a delete is answered',
    of(false) > 0 && of(true) > 0,
    messages.length,
  );
  const ivs = repeatedIvs(wan.packets());
  lab.check('no IV of IKE comes twice', ivs.length === 0, ivs[0]);
  const states = await lab.routers.sgb.xfrmStates();
  lab.check('and takes the tunnel away', !/proto esp/.test(states), states);
  const again = await lab.ping('alice', 'bob', { waitSeconds: 20 });
  lab.check('a fresh one comes with the next packet', again.received === 1);
}
