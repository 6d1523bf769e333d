// Section 25.2 of the requirements, event by event, on routed LANs with the key in the TXT record.
import { captureAll, recordQuestions } from '../first-packet.mjs';
import { reverseName } from '../net/addresses.mjs';
import { clearPackets, isBetween, isEsp, isIke, isQuestion } from '../net/capture.mjs';

export default {
  name: 'packet walk-through, section 25',
  requirements: ['OE-11', 'OE-12', 'OE-18', 'OE-20', 'OE-33', 'OE-39', 'OE-59', 'OE-63', 'SP-3'],
  topology: {},
  async run(lab) {
    const captures = await captureAll(lab);
    await Promise.all([lab.start('sga'), lab.start('sgb')]);
    const first = await lab.ping('alice', 'bob', { waitSeconds: 20 });
    await lab.settle();
    lab.check('OE-12 event 7: the kept first packet is delivered', first.received === 1);
    const wan = captures.wan.packets();
    checkQuestions(lab, captures.dns);
    checkOrder(lab, captures.dns.packets(), wan);
    const delivered = echoes(lab, captures.bob.packets(), 'alice', 'bob').length;
    lab.check('OE-12 event 7: it is delivered once', delivered === 1, `${delivered} times`);
    const clear = clearPackets(wan, lab.pair('alice', 'bob'));
    lab.check('OE-11 SP-4 not one clear packet of the pair', clear.length === 0, clear.length);
    await checkSecond(lab, captures);
  },
};

/** Echo requests (and replies) from one host to another. */
const echoes = (lab, packets, from, to) =>
  packets.filter(
    (each) =>
      each.protocol === 'icmp' &&
      each.source === lab.address(from) &&
      each.destination === lab.address(to),
  );

function checkQuestions(lab, dns) {
  const only = (router, type) =>
    recordQuestions(lab, dns, router).filter((q) => q.startsWith(type));
  const txtOfBob = [`TXT ${reverseName(lab.address('bob'))}`];
  const txtOfAlice = [`TXT ${reverseName(lab.address('alice'))}`];
  const keyOfA = [`KEY ${reverseName(lab.address('sga'))}`];
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const say = (name, got, wanted) => lab.check(name, same(got, wanted), `asked: ${got.join(', ')}`);
  say('OE-33 event 5B: SG-A asks for the TXT of Bob, once', only('sga', 'TXT'), txtOfBob);
  say('SP-13 event 5C: SG-A asks for no KEY, it is inline', only('sga', 'KEY'), []);
  say('OE-59 event 5F1: SG-B asks for the KEY of SG-A, once', only('sgb', 'KEY'), keyOfA);
  say('OE-63 event 5H1: SG-B asks for the TXT of Alice, once', only('sgb', 'TXT'), txtOfAlice);
}

function checkOrder(lab, dns, wan) {
  const ike = wan.filter(isIke);
  const of = (exchange, isResponse) =>
    ike.find((each) => each.ike.exchange === exchange && each.ike.isResponse === isResponse)?.time;
  const asked = (type, host) =>
    dns.find(
      (each) =>
        isQuestion(each) &&
        each.dns.type === type &&
        each.dns.name === reverseName(lab.address(host)),
    )?.time;
  const answered = wan.find((each) => each.dns?.isResponse && each.dns.type === 'TXT')?.time;
  const esp = wan.find(isEsp)?.time;
  const inOrder = (...times) => times.every((time, at) => time > (times[at - 1] ?? 0));
  const story = (name, ...times) =>
    lab.check(name, inOrder(...times), `times: ${times.map((t) => t?.toFixed(1)).join(' ')}`);
  story('OE-39 event 5D: IKE starts after the answer', answered, of('IKE_SA_INIT', false));
  const [request, response] = [of('IKE_AUTH', false), of('IKE_AUTH', true)];
  story(
    'OE-59 event 5F: the KEY is asked for before SG-B proves itself',
    asked('KEY', 'sga'),
    response,
  );
  story(
    'OE-63 event 5H: the TXT is asked for within IKE_AUTH',
    request,
    asked('TXT', 'alice'),
    response,
  );
  story('OE-18 event 6: ESP follows', response, esp);
  const gateways = lab.pair('sga', 'sgb');
  const strange = ike.filter((each) => !isBetween(each, gateways) || each.destinationPort !== 500);
  lab.check('OE-103 event 5D: IKE from gateway to gateway, port 500', strange.length === 0);
}

/** Events 8 to 12: nothing is asked and nothing negotiated any more. */
async function checkSecond(lab, captures) {
  const before = { ike: captures.wan.packets().filter(isIke).length, dns: countOf(lab, captures) };
  const spis = () =>
    new Set(
      captures.wan
        .packets()
        .filter(isEsp)
        .map((each) => each.spi),
    ).size;
  lab.check(
    'OE-20 event 9: the answer uses the tunnel that is there',
    spis() === 2,
    `${spis()} SPIs`,
  );
  const second = await lab.ping('bob', 'alice', { count: 3 });
  const third = await lab.ping('alice', 'bob', { count: 3 });
  await lab.settle();
  lab.check('OE-4 event 11: later packets pass', second.received === 3 && third.received === 3);
  const ike = captures.wan.packets().filter(isIke).length - before.ike;
  const dns = countOf(lab, captures) - before.dns;
  const told = `${ike} IKE packets, ${dns} questions, ${spis()} SPIs`;
  lab.check(
    'OE-4 event 12: same SPI, no IKE, no DNS',
    ike === 0 && dns === 0 && spis() === 2,
    told,
  );
}

const countOf = (lab, { dns }) =>
  recordQuestions(lab, dns, 'sga').length + recordQuestions(lab, dns, 'sgb').length;
