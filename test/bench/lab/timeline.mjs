// Where the milliseconds between SYN and SYN-ACK go, from captures of the places that packets pass:
// alice's and both routers' links, and the routers' loopback, where their resolvers are asked.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isEsp, isSyn } from '../../lab/net/capture.mjs';
import { sleep } from '../../lab/net/machine.mjs';
import { readCapture } from '../../lab/net/pcap.mjs';

const places = {
  alice: ['alice', 'eth0'],
  wanA: ['internet', 'wan-a'],
  wanB: ['internet', 'wan-b'],
  dnsA: ['sga', 'lo'],
  dnsB: ['sgb', 'lo'],
};

/** tcpdump gets what it sees in batches of up to a second, so that it disturbs less. */
const batchMs = 1200;

/** Starts all captures; gives functions to read what came since a time, and to end them. */
export async function startCaptures(machine) {
  const captures = await Promise.all(
    Object.entries(places).map(async ([name, [namespace, device]]) => {
      const file = path.join(machine.folder, `steps-${name}.pcap`);
      const argv = ['tcpdump', '-i', device, '-n', '-p', '-s', '0', '-Z', 'root', '-U', '-w', file];
      const program = machine.start(namespace, `steps-${name}`, argv);
      await program.says(/listening on/);
      return { name, file, program };
    }),
  );
  const read = async (since) => {
    await sleep(batchMs);
    return Object.fromEntries(
      captures.map(({ name, file }) => [
        name,
        readCapture(readFileSync(file)).filter((packet) => packet.time >= since),
      ]),
    );
  };
  const stop = () => Promise.all(captures.map(({ program }) => program.stop('SIGINT')));
  return { read, stop };
}

/**
 * Steps of a new tunnel to `destination` in milliseconds, in order; `undefined` where a packet is
 * missing. `path` is what lies outside of both routers: four IKE messages, the SYN and its answer.
 */
export function stepsOf({ alice, wanA, wanB, dnsA, dnsB }, destination) {
  const first = (packets, fits) => packets.find(fits)?.time;
  const last = (packets, fits) => packets.findLast(fits)?.time;
  const ike = (packets, exchange, isResponse) =>
    first(packets, (each) => each.ike?.exchange === exchange && each.ike.isResponse === isResponse);
  const message = (exchange, isResponse) => [wanA, wanB].map((at) => ike(at, exchange, isResponse));
  const syn = first(alice, (each) => isSyn(each) && each.destination === destination);
  const [initA, initB] = message('IKE_SA_INIT', false);
  const [initAnswerA, initAnswerB] = message('IKE_SA_INIT', true);
  const [authA, authB] = message('IKE_AUTH', false);
  const [authAnswerA, authAnswerB] = message('IKE_AUTH', true);
  const esp = first(wanA, (each) => isEsp(each) && each.time > authAnswerA);
  const answer = first(alice, (each) => isSynAck(each) && each.source === destination);
  const question = first(dnsA, (each) => each.dns && each.time > syn);
  const answered = last(dnsA, (each) => each.dns?.isResponse && each.time < initA);
  const asked = dnsB.filter((each) => each.dns && each.time > authB && each.time < authAnswerB);
  const path = [
    [initA, initB],
    [initAnswerB, initAnswerA],
    [authA, authB],
    [authAnswerB, authAnswerA],
    [esp, answer],
  ];
  return {
    'SYN held, to the first DNS question': question - syn,
    'DNS at the initiator': answered - question,
    'to the IKE_SA_INIT request': initA - answered,
    'IKE_SA_INIT at the responder': initAnswerB - initB,
    'to the IKE_AUTH request': authA - initAnswerA,
    'IKE_AUTH at the responder': authAnswerB - authB,
    'of it with questions open in the DNS': openTime(asked),
    'to the first ESP packet': esp - authAnswerA,
    'on the path outside of both routers': path.reduce((sum, [out, at]) => sum + at - out, 0),
  };
}

const isSynAck = (packet) => packet.flags?.includes('syn') && packet.flags.includes('ack');

/** Milliseconds in which at least one question waited for its answer. */
function openTime(packets) {
  let open = 0;
  let since = 0;
  let total = 0;
  for (const { dns, time } of packets) {
    if (!dns.isResponse) {
      if (open === 0) since = time;
      open += 1;
    } else if (open > 0) {
      open -= 1;
      if (open === 0) total += time - since;
    }
  }
  return total;
}
