// A destination that publishes nothing goes clear after one question, and stays clear without more.
import { recordQuestions } from '../first-packet.mjs';
import { reverseName } from '../net/addresses.mjs';
import { isIke, isSyn } from '../net/capture.mjs';

export default {
  name: 'clear fallback at once',
  requirements: ['OE-5', 'OE-15', 'OE-36', 'SP-2'],
  topology: {},
  async run(lab) {
    const [wan, dns, alice] = await Promise.all([
      lab.capture(),
      lab.capture('dns'),
      lab.capture('alice'),
    ]);
    await lab.start('sga');
    const page = await lab.connect('alice', 'carol');
    await lab.settle();
    lab.check(
      'OE-36 OE-15 the page of carol comes in clear',
      page.body === 'Hello from carol',
      page.error,
    );
    const syns = alice.packets().filter(isSyn).length;
    lab.check('SP-2 the first SYN is the only one', syns === 1, `${syns} SYNs`);
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
