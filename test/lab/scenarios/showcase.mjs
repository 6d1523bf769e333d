// For people: what happens when alice asks bob for a page, what others see of it, and what becomes of
// destinations that publish nothing.
import { captureAll } from '../first-packet.mjs';
import { describe, isEsp, isIke, isSyn } from '../net/capture.mjs';

const print = (text = '') => console.log(text);
const title = (text) => print(`\n${text}\n${'-'.repeat(text.length)}`);
const indent = (text) => text.trimEnd().replaceAll(/^/gm, '  ');

export default {
  name: 'showcase',
  requirements: ['OE-9', 'OE-12', 'OE-36', 'SP-2', 'SP-4'],
  isShow: true,
  topology: { extra: { carol: 1 } },
  async run(lab) {
    const secret = lab.extraAddress('carol', 0);
    const policies = [{ class: 'oe-paranoid', destination: [secret] }];
    const captures = await captureAll(lab);
    captures.wanB = await lab.capture('internet', 'wan-b');
    await Promise.all([lab.start('sga', { policies }), lab.start('sgb')]);
    await showTunnel(lab, captures);
    await showClear(lab, captures);
    await showDrop(lab, captures, secret);
    print();
  },
};

async function showTunnel(lab, captures) {
  const [alice, bob] = lab.pair('alice', 'bob');
  title(`alice (${alice}) asks bob (${bob}) for a page`);
  const page = await lab.connect('alice', 'bob');
  await lab.settle();
  print(`  "${page.body}", after ${page.totalMs.toFixed(0)} ms\n`);
  const start = captures.alice.packets().find(isSyn)?.time ?? 0;
  for (const { time, text } of timeLine(lab, captures)) print(`${stamp(time - start)}  ${text}`);
  const syns = captures.alice.packets().filter(isSyn).length;
  const delivered = captures.bob.packets().filter(isSyn).length;
  lab.check('OE-9 alice reads the page of bob', page.body === 'Hello from bob', page.error);
  lab.check('OE-12 the first SYN is delivered', delivered >= 1, 'none');
  print(`  SYNs sent by alice: ${syns}, delivered to bob: ${delivered}`);
  title('What an eavesdropper between the routers saw');
  for (const line of await captures.wan.lines(10, start)) print(`  ${line.slice(0, 98)}`);
  lab.assertEsp('OE-18 ESP both ways', captures.wan, lab.pair('sga', 'sgb'));
  lab.assertNoClearPacket('SP-4 no clear packet of the pair', captures.wan, [alice, bob]);
  for (const name of ['sga', 'sgb']) {
    title(`autoipsec status at ${name} (${lab.address(name)})`);
    print(indent(await lab.routers[name].statusText()));
  }
}

/** What happened, in order: `{ time, text }`. */
function timeLine(lab, { wan, wanB, alice, bob }) {
  const names = new Map(
    ['alice', 'bob', 'sga', 'sgb', 'dns'].map((name) => [lab.address(name), name]),
  );
  const named = (packet) => {
    const [from, to] = [packet.source, packet.destination].map((each) => names.get(each) ?? each);
    const place = isEsp(packet) || isIke(packet) || packet.dns ? '' : ' (in clear, on the LAN)';
    return `${from.padEnd(5)} → ${to.padEnd(5)}  ${describe(packet).split(' ').slice(3).join(' ')}${place}`;
  };
  const isRecord = ({ dns }) => dns && ['TXT', 'KEY', 'IPSECKEY'].includes(dns.type);
  const atA = wan.packets();
  const picked = [
    ...alice.packets().filter((each) => each.flags?.includes('syn')),
    ...atA.filter((each) => isIke(each) || isRecord(each)),
    ...wanB.packets().filter((each) => isRecord(each)),
    ...[...firstOfEachSpi(atA)],
    ...bob.packets().filter(isSyn),
  ];
  return picked
    .sort((one, other) => one.time - other.time)
    .map((packet) => ({ time: packet.time, text: named(packet) }));
}

function firstOfEachSpi(packets) {
  const first = new Map();
  for (const packet of packets.filter(isEsp))
    if (!first.has(packet.spi)) first.set(packet.spi, packet);
  return first.values();
}

async function showClear(lab, captures) {
  title(`alice asks carol (${lab.address('carol')}), who publishes no records`);
  const page = await lab.connect('alice', 'carol');
  const sent = captures.alice
    .packets()
    .filter((each) => isSyn(each) && each.destination === lab.address('carol')).length;
  print(`  "${page.body}" in clear, connected after ${page.connectMs.toFixed(0)} ms, ${sent} SYN`);
  lab.check('OE-36 carol is reached in clear', page.body === 'Hello from carol', page.error);
  const again = await lab.connect('alice', 'carol');
  print(`  the next time: connected after ${again.connectMs.toFixed(0)} ms (20 ms round trip)`);
}

async function showDrop(lab, captures, address) {
  title(`alice asks ${address}, which is in class oe-paranoid and publishes no records`);
  const page = await lab.connect('alice', 'carol', { address, timeoutSeconds: 3 });
  await lab.settle();
  const pair = [lab.address('alice'), address];
  const name = 'OE-36 not one clear packet to the paranoid destination';
  const isDropped = lab.assertNoClearPacket(name, captures.wan, pair);
  const found = await lab.routers.sga.connection(address, 'deny');
  lab.check('OE-24 it is denied', !page.ok && found?.state === 'deny', JSON.stringify(found));
  print(`  ${page.error}; ${isDropped ? 'not one packet' : 'PACKETS'} left in clear`);
  print(`  why: ${found?.why}`);
}

const stamp = (ms) => `${ms.toFixed(1).padStart(9)} ms`;
