// tcpdump on one device, and questions to what it saw.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readCapture } from './pcap.mjs';

let count = 0;

export class Capture {
  /** Resolves when packets are being written. */
  static async start(machine, namespace, device) {
    count += 1;
    const name = `capture-${count}-${namespace}-${device}`;
    const file = path.join(machine.folder, `${name}.pcap`);
    const argv = ['tcpdump', '-i', device, '-n', '-p', '-s', '0', '-Z', 'root'];
    const program = machine.start(namespace, name, [...argv, '--immediate-mode', '-U', '-w', file]);
    await program.says(/listening on/);
    return new Capture(file, program, machine);
  }

  constructor(file, program, machine) {
    this.file = file;
    this.program = program;
    this.machine = machine;
  }

  /** All packets so far. What arrived in the last milliseconds may be missing: settle before. */
  packets() {
    return readCapture(readFileSync(this.file));
  }

  /** Lines as tcpdump prints them, without neighbours and names; times in ms since `zero`. */
  async lines(limit, zero) {
    const filter = '(ip or ip6) and not icmp6 and not port 53';
    const argv = ['tcpdump', '-n', '-tt', '-r', this.file, filter];
    const text = await this.machine.run(undefined, argv);
    return text
      .split('\n')
      .filter((line) => line !== '' && Number.parseFloat(line) * 1000 >= zero)
      .slice(0, limit)
      .map((line) => line.replace(/^([\d.]+)/, (stamp) => elapsed(Number(stamp) * 1000 - zero)));
  }

  stop() {
    return this.program.stop('SIGINT');
  }
}

const elapsed = (ms) => `${ms.toFixed(1).padStart(7)} ms`;

/** Whether the packet is between the two addresses, either way. */
export const isBetween = (packet, [one, other]) =>
  (packet.source === one && packet.destination === other) ||
  (packet.source === other && packet.destination === one);

export const isEsp = (packet) => packet.spi !== undefined;
export const isIke = (packet) => packet.ike !== undefined;
export const isQuestion = (packet) => packet.dns !== undefined && !packet.dns.isResponse;
export const isSyn = (packet) => packet.flags?.includes('syn') && !packet.flags.includes('ack');

/** Packets of the pair that anybody can read: neither ESP nor IKE. */
export function clearPackets(packets, pair) {
  return packets.filter((packet) => isBetween(packet, pair) && !isEsp(packet) && !isIke(packet));
}

/** `TXT 66.2.18.198.in-addr.arpa`, each question once per time it was asked. */
export function questions(packets) {
  return packets.filter(isQuestion).map((packet) => `${packet.dns.type} ${packet.dns.name}`);
}

/** One packet in words. */
export function describe(packet) {
  const { source, destination, protocol } = packet;
  const what = packet.dns
    ? `DNS ${packet.dns.isResponse ? 'answer' : 'question'} ${packet.dns.type} ${packet.dns.name}`
    : packet.ike
      ? `${packet.ike.exchange} ${packet.ike.isResponse ? 'response' : 'request'}`
      : packet.spi
        ? `ESP spi ${packet.spi} sequence ${packet.sequence}`
        : [protocol, ...(packet.flags ?? [])].join(' ');
  return `${source} > ${destination} ${what}`;
}
