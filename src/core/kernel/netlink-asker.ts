/** One socket to netfilter: questions with their answers, by sequence number, and what comes unasked. */
import type { NetlinkSocket, Network } from '../net/network.js';
import type { Timers } from '../platform/platform.js';
import { NetlinkCodec, type NetlinkMessage, NLMSG_ERROR } from './netlink.js';
import { NETLINK_NETFILTER } from './nfqueue-codec.js';
import { Questions } from './questions.js';

/** `errno` 0 is an acknowledgement, -1 one that is cut short. */
export type NetlinkAnswer =
  | { kind: 'message'; message: NetlinkMessage }
  | { kind: 'errno'; errno: number };

export interface AskerParts {
  network: Pick<Network, 'netlink'>;
  timers: Timers;
  isBigEndian: boolean;
}

export class NetlinkAsker {
  readonly codec: NetlinkCodec;
  readonly #questions: Questions<NetlinkAnswer>;
  #socket: NetlinkSocket | undefined;

  constructor(
    private readonly parts: AskerParts,
    /** For errors: who asks. */
    private readonly name: string,
    private readonly unasked: (message: NetlinkMessage) => void = () => undefined,
  ) {
    this.codec = new NetlinkCodec(parts.isBigEndian);
    this.#questions = new Questions(parts.timers);
  }

  /** Rejects when the kernel refuses. */
  async open(): Promise<void> {
    this.#socket ??= await this.parts.network.netlink(NETLINK_NETFILTER, 0, (datagram) => {
      for (const message of this.codec.messages(datagram)) this.#receive(message);
    });
  }

  /** Rejects when nothing comes back. `message` gets the sequence number. */
  async ask(message: (sequence: number) => Uint8Array): Promise<NetlinkAnswer> {
    const socket = this.#socket;
    if (!socket) throw new Error(`${this.name}: not open`);
    const answer = this.#questions.ask((sequence) => socket.send(message(sequence)));
    return answer.catch((error: Error) => {
      throw new Error(`${this.name}: ${error.message}`);
    });
  }

  /** What waits is rejected. */
  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#questions.end('closed');
  }

  #receive(message: NetlinkMessage): void {
    const answer: NetlinkAnswer =
      message.type === NLMSG_ERROR
        ? { kind: 'errno', errno: this.codec.errno(message) ?? -1 }
        : { kind: 'message', message };
    if (!this.#questions.answer(message.sequence, answer)) this.unasked(message);
  }
}
