// What scenarios of autovpn share: routers that have nothing but the plugin ticked, the probes in a
// capture, and a host's TCP connection that goes on for as long as one likes.
import { isBetween, isEsp, isIke, isSyn } from './net/capture.mjs';
import { tcpdumpObjects, tsharkFields } from './net/dissectors.mjs';
import { eventually } from './net/machine.mjs';

/** UCI options of the WAN. */
export const autovpn = (options = {}) => ({ wan: { plugin: ['autovpn'], ...options } });

/** ICMP Parameter Problem, "required option missing". */
export const isIcmpProbe = ({ icmp }) => icmp?.type === 12 && icmp.code === 1;
export const isProbeResponse = ({ probe }) => probe !== undefined;

const messageNames = { 1: 'Probe Request', 2: 'Probe Response', 3: 'Probe Complete' };

/** `Probe Request` and so on; `undefined` for all else. */
export const probeName = (packet) => messageNames[packet.probe?.messageType];

/** Probes and IKE in the order of the wire, each kind once: `Probe Request 198.19.2.5 > 198.18.1.65`. */
export const probeStory = (packets) =>
  packets.flatMap((packet) => {
    const what = probeName(packet) ?? (packet.ike && `${packet.ike.exchange}`);
    return what ? [`${what} ${packet.source} > ${packet.destination}`] : [];
  });

/** How often each kind of probe is there. */
export function probeCounts(packets) {
  const counts = { 'Probe Request': 0, 'Probe Response': 0, 'Probe Complete': 0 };
  for (const packet of packets) {
    const name = probeName(packet);
    if (name) counts[name]++;
  }
  return counts;
}

/** The router's counters of the plugin. */
export async function countersOf(lab, router) {
  const { wans } = await lab.status(router);
  return wans[0]?.plugins.find(({ name }) => name === 'autovpn')?.counters ?? {};
}

/** Resolves with true once the counter is at least `least`. */
export const counted = (lab, router, name, least = 1) =>
  eventually(async () => ((await countersOf(lab, router))[name] ?? 0) >= least, 60_000);

/** Each talk has a port of its own: several may go on at a time. */
let nextPort = 7000;

const server = (
  port,
) => `require('net').createServer((c) => { c.on('error', () => {}); c.pipe(c); })
  .listen(${port}, () => console.log('listening'))`;

/** Sends a line a second and prints what comes back; the count of lines and errors at the end. */
const client = (address, port, localAddress = '') => `const c = require('net').connect({
    port: ${port}, host: '${address}', localAddress: '${localAddress}' || undefined });
  let n = 0; c.on('connect', () => console.log('connected'));
  c.on('data', (d) => console.log('echo ' + d)); c.on('error', (e) => console.log('error ' + e.code));
  setInterval(() => c.write('line' + ++n + '\\n'), 100);`;

/** A TCP connection between two hosts that never rests; `localAddress`: which of its own the first one uses. */
export async function talk(lab, from, to, localAddress) {
  const address = lab.address(to);
  const { machine } = lab;
  const port = nextPort++;
  const echo = machine.start(to, `echo-${to}-${port}`, [process.execPath, '-e', server(port)]);
  await echo.says(/listening/);
  const caller = machine.start(from, `talk-${from}-${port}`, [
    process.execPath,
    '-e',
    client(address, port, localAddress),
  ]);
  await caller.says(/connected/, 60_000);
  const lines = () => (caller.log().match(/echo /g) ?? []).length;
  return {
    lines,
    errors: () => caller.log().match(/error \w+/g) ?? [],
    /** True when so many more lines come back. */
    goesOn: async (more = 5) => {
      const before = lines();
      return eventually(async () => lines() >= before + more, 60_000);
    },
    stop: () => Promise.all([caller.stop(), echo.stop()]),
  };
}

/** Its connections that are encrypted. */
export const tunnelsOf = async (lab, router) =>
  (await lab.status(router)).connections.filter(({ state }) => state === 'keyed');

/** Whether neither router has a tunnel any more; waits for it. */
export const noTunnels = (lab) =>
  eventually(async () => {
    const all = await Promise.all(['sga', 'sgb'].map((router) => tunnelsOf(lab, router)));
    return all.flat().length === 0;
  }, 60_000);

/** Whether both routers have a tunnel for the pair; waits for it. */
export async function bothEncrypt(lab, [one, other] = ['alice', 'bob'], routers = ['sga', 'sgb']) {
  const found = await Promise.all([
    lab.routers[routers[0]].connection(lab.address(other), 'keyed', 90_000),
    lab.routers[routers[1]].connection(lab.address(one), 'keyed', 90_000),
  ]);
  return found.every((each) => each?.state === 'keyed' && each.foundBy === 'autovpn');
}

/** Packets between two hosts behind the moment when both ends have the tunnel. */
export const after = (capture, time) => capture.packets().filter((each) => each.time > time);

export const between = (packets, pair) => packets.filter((each) => isBetween(each, pair));

/** Probes and IKE as scenario A and B have them, and what is in them. */
export function checkStory(lab, packets) {
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

/** tshark and tcpdump find in the ICMP messages what we find there, and all checksums right. */
export async function checkDissectors(lab, capture) {
  const probes = capture.packets().filter((each) => each.probe && isIcmpProbe(each));
  const types = probes.map((each) => Object.keys(each.probe.payloads).join());
  const fields = ['ip.src', 'icmp.code', 'icmp.checksum.status', 'icmp.length.original_datagram'];
  const extension = ['version', 'checksum.status', 'class', 'ctype', 'data'];
  const found = await tsharkFields(lab.machine, capture, 'icmp.type == 12', [
    ...fields,
    ...extension.map((each) => `icmp.ext.${each}`),
    '_ws.malformed',
  ]);
  const good = '1';
  const isRight = (each, index) => {
    const payloads = Object.values(probes[index]?.probe.payloads ?? {});
    return (
      each['icmp.code'] === '1' &&
      each['icmp.checksum.status'] === good &&
      each['icmp.length.original_datagram'] === '128' &&
      each['icmp.ext.version'] === '2' &&
      each['icmp.ext.checksum.status'] === good &&
      each['icmp.ext.class'] === payloads.map(() => '251').join() &&
      each['icmp.ext.ctype'] === types[index] &&
      each['icmp.ext.data'] === payloads.join() &&
      each['_ws.malformed'] === ''
    );
  };
  lab.check(
    'AV-44 AV-46 AV-47 AV-48 AV-49 AV-51 AV-52 tshark lists the payloads as objects of RFC 4884',
    found.length >= 2 && found.length === probes.length && found.every(isRight),
    JSON.stringify(found),
  );
  const printed = await tcpdumpObjects(lab.machine, capture, 'icmp[0] == 12');
  lab.check(
    'AV-44 AV-51 AV-52 and so does tcpdump',
    printed.length === probes.length &&
      printed.every(
        ({ isRight: isWhole, objects }, index) =>
          isWhole && objects.map((each) => /\/(\d+)/.exec(each)[1]).join() === types[index],
      ),
    JSON.stringify(printed),
  );
}

/** Neither host sees anything of it, and nothing of theirs was held. */
export function checkHosts(lab, alice, bob) {
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

/** Software flow offloading, as fw4 has it: of a bridge it takes the ports. */
export const offload = (lab, router, devices = ['lan', 'wan']) =>
  lab.machine.run(router, ['nft', '-f', '-'], {
    input: `table inet fastpath {
      flowtable fast { hook ingress priority 0; devices = { ${devices.map((each) => `"${each}"`).join()} }; }
      chain forward { type filter hook forward priority filter; policy accept;
        meta l4proto { tcp, udp } flow offload @fast; }
    }`,
  });
