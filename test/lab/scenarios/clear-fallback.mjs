// A destination that publishes nothing goes clear after one question, and stays clear without more.
import { recordQuestions } from '../first-packet.mjs';
import { reverseName } from '../net/addresses.mjs';
import { clearPackets, isIke } from '../net/capture.mjs';

/** A machine that is emulated and busy has this long for what takes a router some milliseconds. */
const mostMs = 1000;

export default {
  name: 'clear fallback at once',
  requirements: ['OE-5', 'OE-15', 'OE-36', 'SP-2'],
  topology: {},
  async run(lab) {
    const [wan, dns] = await Promise.all([lab.capture(), lab.capture('dns')]);
    await lab.start('sga');
    const page = await lab.connect('alice', 'carol');
    await lab.settle();
    lab.check(
      'OE-36 OE-15 the page of carol comes in clear',
      page.body === 'Hello from carol',
      page.error,
    );
    const waited = releasedAfter(lab, wan.packets());
    lab.check('SP-2 released right after the DNS answer', waited < mostMs, `${waited} ms after it`);
    lab.check('OE-36 no IKE packet leaves', !wan.packets().some(isIke));
    const asked = () => recordQuestions(lab, dns, 'sga');
    const name = reverseName(lab.address('carol'));
    const once = asked().filter((each) => each === `TXT ${name}`).length;
    lab.check('OE-2 one TXT question, at the reverse name', once === 1, asked().join(', '));
    const found = await lab.routers.sga.connection(lab.address('carol'), 'clear');
    lab.check(
      'OE-5 status tells: clear, until a time',
      found?.state === 'clear' && found.until > 0,
    );
    const before = asked().length;
    const again = await lab.connect('alice', 'carol');
    await lab.settle();
    lab.check('OE-5 the next connection asks nobody', again.ok && asked().length === before);
  },
};

/** Milliseconds from the last answer about records to the first packet that passes the WAN. */
function releasedAfter(lab, packets) {
  const passed = clearPackets(packets, lab.pair('alice', 'carol'))[0]?.time;
  const answers = packets.filter(
    (each) => each.dns?.isResponse && ['TXT', 'IPSECKEY'].includes(each.dns.type),
  );
  return passed - Math.max(...answers.map((each) => each.time));
}
