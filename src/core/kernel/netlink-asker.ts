/** One socket to netfilter: questions with their answers, by sequence number, and what comes unasked. */
import type { NetlinkSocket, Network } from '../net/network.js';
import type { Timer, Timers } from '../platform/platform.js';
import { NetlinkCodec, type NetlinkMessage, NLMSG_ERROR } from './netlink.js';
import { NETLINK_NETFILTER } from './nfqueue-codec.js';

/** The kernel answers at once; a loop that is busy reads it late. */
const answerMs = 10_000;
const maxWaiting = 256;

/** `errno` 0 is an acknowledgement. */
export type NetlinkAnswer =
  | { kind: 'message'; message: NetlinkMessage }
  | { kind: 'errno'; errno: number };

interface Waiting {
  timer: Timer;
  resolve(answer: NetlinkAnswer): void;
  reject(error: Error): void;
}

export interface AskerParts {
  network: Pick<Network, 'netlink'>;
  timers: Timers;
  isBigEndian: boolean;
}

export class NetlinkAsker {
  readonly codec: NetlinkCodec;
  readonly #waiting = new Map<number, Waiting>();
  #socket: NetlinkSocket | undefined;
  #sequence = 0;

  constructor(
    private readonly parts: AskerParts,
    /** For errors: who asks. */
    private readonly name: string,
    private readonly unasked: (message: NetlinkMessage) => void = () => undefined,
  ) {
    this.codec = new NetlinkCodec(parts.isBigEndian);
  }

  /** Rejects when the kernel refuses. */
  async open(): Promise<void> {
    this.#socket ??= await this.parts.network.netlink(NETLINK_NETFILTER, 0, (datagram) => {
      for (const message of this.codec.messages(datagram)) this.#receive(message);
    });
  }

  /** Rejects when nothing comes back. `message` gets the sequence number. */
  ask(message: (sequence: number) => Uint8Array): Promise<NetlinkAnswer> {
    return new Promise((resolve, reject) => {
      if (!this.#socket) throw new Error(`${this.name}: not open`);
      if (this.#waiting.size >= maxWaiting)
        throw new Error(`${this.name}: ${maxWaiting} questions wait for an answer already`);
      this.#sequence = (this.#sequence + 1) >>> 0;
      const sequence = this.#sequence;
      const timer = this.parts.timers.after(answerMs, () =>
        this.#takeOff(sequence)?.reject(new Error(`${this.name}: the kernel does not answer`)),
      );
      this.#waiting.set(sequence, { timer, resolve, reject });
      this.#socket.send(message(sequence));
    });
  }

  /** What waits is rejected. */
  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    for (const sequence of [...this.#waiting.keys()])
      this.#takeOff(sequence)?.reject(new Error(`${this.name}: closed`));
  }

  #receive(message: NetlinkMessage): void {
    const waiting = this.#takeOff(message.sequence);
    if (!waiting) this.unasked(message);
    else if (message.type !== NLMSG_ERROR) waiting.resolve({ kind: 'message', message });
    else waiting.resolve({ kind: 'errno', errno: this.codec.errno(message) ?? 22 });
  }

  #takeOff(sequence: number): Waiting | undefined {
    const waiting = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    waiting?.timer.cancel();
    return waiting;
  }
}
