// AutoVPN, scenario A: two routers that have the plugin ticked and nothing else. Alice opens a connection
// to bob in clear; the routers find each other, and the same connection goes on inside ESP.
import {
  autovpn,
  between,
  bothEncrypt,
  probeCounts,
  probeName,
  probeStory,
  talk,
} from '../autovpn.mjs';
import { isEsp, isIke, isSyn } from '../net/capture.mjs';

export default {
  name: 'AutoVPN between two routed LANs',
  requirements: ['AV-1', 'AV-5', 'AV-9', 'AV-18', 'AV-25', 'AV-27', 'AV-30', 'AV-31'],
  topology: {},
  async run(lab) {
    const [wan, atAlice, atBob] = await Promise.all([
      lab.capture('internet', 'wan-a'),
      lab.capture('alice'),
      lab.capture('bob'),
    ]);
    await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
    const call = await talk(lab, 'alice', 'bob');
    const keyed = await bothEncrypt(lab);
    lab.check('AV-1 AV-5 AV-9 AV-125 both routers list a tunnel for the pair', keyed);
    await lab.settle(2000);
    const keyedAt = Date.now();
    const goesOn = await call.goesOn(20);
    await lab.settle();
    lab.check(
      'AV-30 the connection from before goes on',
      goesOn && call.errors().length === 0,
      call.errors(),
    );
    checkStory(lab, wan.packets());
    const late = wan.packets().filter(({ time }) => time > keyedAt);
    const pair = lab.pair('alice', 'bob');
    lab.check(
      'AV-30 AV-101 only ESP for the pair between the gateways',
      late.some(isEsp) && between(late, pair).length === 0,
      `${late.filter(isEsp).length} ESP, ${between(late, pair).length} clear`,
    );
    checkHosts(lab, atAlice, atBob);
    const before = probeCounts(wan.packets());
    const page = await lab.connect('alice', 'bob');
    await lab.settle();
    lab.check('AV-29 another flow of the pair has the same tunnel', page.body === 'Hello from bob');
    const again = probeCounts(wan.packets());
    lab.check(
      'AV-93 no further probe while the tunnel stands',
      JSON.stringify(before) === JSON.stringify(again),
      JSON.stringify(again),
    );
    await call.stop();
  },
};

function checkStory(lab, packets) {
  const [alice, bob] = lab.pair('alice', 'bob');
  const [sga, sgb] = lab.pair('sga', 'sgb');
  const story = probeStory(packets).slice(0, 4);
  const expected = [
    `Probe Request ${sgb} > ${alice}`,
    `Probe Response ${sga} > ${bob}`,
    `Probe Complete ${sgb} > ${sga}`,
    `IKE_SA_INIT ${sga} > ${sgb}`,
  ];
  lab.check(
    'AV-13 AV-18 AV-21 AV-24 AV-28 AV-31 the probes, then IKE, from and to whom they should',
    story.join() === expected.join(),
    story.join('; '),
  );
  const of = (name) => packets.find((each) => probeName(each) === name)?.probe.payloads ?? {};
  const [request, response, complete] = ['Request', 'Response', 'Complete'].map((name) =>
    of(`Probe ${name}`),
  );
  lab.check(
    'AV-33 AV-36 AV-38 each has its payloads, with the nonces of the others',
    Object.keys(request).join() === '1,3,4' &&
      Object.keys(response).join() === '1,2,3' &&
      response[3] === request[3] &&
      complete[3] === request[3] &&
      complete[2] === response[2],
    JSON.stringify([request, response, complete]),
  );
  const init = packets.find(isIke);
  lab.check(
    'AV-A19 IKE begins on port 4500',
    init?.destinationPort === 4500,
    init?.destinationPort,
  );
  lab.check(
    'AV-40 AV-109 IKE_SA_INIT has the octets of Nonce-R',
    init?.ike.bytes.includes(request[3]),
  );
  const synAck = packets.find((each) => each.flags?.includes('syn') && each.flags.includes('ack'));
  const first = packets.find((each) => probeName(each));
  lab.check('AV-24 bob had answered before', synAck && first && synAck.time < first.time);
}

/** Neither host sees anything of it, and nothing of theirs was held. */
function checkHosts(lab, alice, bob) {
  const strange = [...alice.packets(), ...bob.packets()].filter(
    (each) => probeName(each) || each.icmp?.type === 12 || isIke(each) || isEsp(each),
  );
  lab.check('AV-7 AV-25 AV-27 no probe reaches a host', strange.length === 0, strange.length);
  const count = (capture) => capture.packets().filter(isSyn).length;
  lab.check(
    'AV-22 AV-23 one SYN sent and one delivered',
    count(alice) >= 1 && count(alice) === count(bob),
    `${count(alice)} sent, ${count(bob)} delivered`,
  );
}
