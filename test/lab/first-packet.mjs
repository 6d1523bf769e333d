// What every scenario with a tunnel observes: one first packet, from hold to delivery.
import { isBetween, isIke, isSyn, questions } from './net/capture.mjs';

/**
 * Starts both routers (with the UCI options of `configuration`, by router), lets alice send one
 * packet and then fetch a page, and checks what the wire showed. Gives the captures. `gatewayIds`:
 * requirements shown by ESP between these gateways.
 */
export async function checkFirstPacket(lab, { gatewayIds = 'OE-18', configuration = {} } = {}) {
  const captures = await captureAll(lab);
  await Promise.all(['sga', 'sgb'].map((name) => lab.start(name, configuration[name])));
  const { received } = await lab.ping('alice', 'bob', { waitSeconds: 20 });
  lab.check(
    'OE-12 the very first packet is answered, without a second one',
    received === 1,
    'no answer',
  );
  const page = await lab.connect('alice', 'bob');
  await lab.settle();
  lab.check('OE-9 alice reads the page of bob', page.body === 'Hello from bob', page.error);
  checkWire(lab, captures, gatewayIds);
  return captures;
}

export async function captureAll(lab) {
  const [wan, alice, bob, dns] = await Promise.all([
    lab.capture('internet', 'wan-a'),
    lab.capture('alice'),
    lab.capture('bob'),
    lab.capture('dns'),
  ]);
  return { wan, alice, bob, dns };
}

function checkWire(lab, { wan, alice, bob }, gatewayIds) {
  lab.assertNoClearPacket('SP-4 no clear packet of the pair', wan, lab.pair('alice', 'bob'));
  lab.assertEsp(
    `${gatewayIds} ESP both ways between the gateways of the records`,
    wan,
    lab.pair('sga', 'sgb'),
  );
  const ike = wan.packets().filter(isIke);
  const strange = ike.filter(
    (each) => !isBetween(each, lab.pair('sga', 'sgb')) || each.destinationPort !== 500,
  );
  lab.check(
    'OE-103 IKE between the gateways alone, to port 500',
    strange.length === 0,
    strange.length,
  );
  const count = (capture) => capture.packets().filter(isSyn).length;
  lab.check(
    'OE-4 the next flow waits for nothing: one SYN sent, one delivered',
    count(alice) === 1 && count(bob) === 1,
    `${count(alice)} sent, ${count(bob)} delivered`,
  );
}

/** Questions about TXT, KEY and IPSECKEY that reached the name server from this router. */
export function recordQuestions(lab, capture, router) {
  const sources = [lab.address(router, 4), lab.address(router, 6)];
  const packets = capture.packets().filter((each) => sources.includes(each.source));
  return questions(packets).filter((text) => /^(TXT|KEY|IPSECKEY) /.test(text));
}
