/** One socket that the broker holds for us. */
import {
  type RawAddress,
  type RawLocal,
  type RawSocket,
  SocketError,
  type SocketEvents,
} from '../platform.js';
import {
  type BrokerFrame,
  LONGEST_FRAME,
  Operation,
  readAddress,
  writeAddress,
  writeLocal,
} from './broker-frames.js';
import type { BrokerSession } from './broker-session.js';
import type { ByteWriter } from './byte-cursor.js';

/** Events before the owner listens are kept, so nothing is lost between `open` and `listenTo`. */
const EARLY_EVENTS = 1024;
/** Beyond this many bytes on their way to the broker, sends are refused: it does not keep up. */
export const SEND_BACKLOG = 1 << 20;
/** Of most machines; MIPS has other numbers, but these two refusals are our own, with a text. */
const ENOBUFS = 105;
const EMSGSIZE = 90;
/** A SEND's operation, tag, handle, address and local, at most. */
const SEND_OVERHEAD = 5 + 4 + 2 + 126 + 1 + 16 + 4;
/** The largest payload that fits a frame; no datagram is larger. */
const LARGEST_PAYLOAD = LONGEST_FRAME - SEND_OVERHEAD;

type SocketFrame = BrokerFrame & { kind: 'message' | 'socket error' | 'closed' };

export class BrokerSocket implements RawSocket {
  #events: SocketEvents | undefined;
  #early: ((events: SocketEvents) => void)[] = [];
  #isOpen = true;

  constructor(
    private readonly session: BrokerSession,
    private readonly handle: number,
  ) {}

  listenTo(events: SocketEvents): void {
    this.#events = events;
    for (const event of this.#early.splice(0)) this.#tell(event);
  }

  bind(address: RawAddress): Promise<void> {
    return this.#call(Operation.BIND, 'bind', (out) => writeAddress(out, address));
  }

  bindToDevice(device: string): Promise<void> {
    const name = Uint8Array.from(device, (char) => char.charCodeAt(0));
    return this.#call(Operation.BIND_DEVICE, `bind to device ${device}`, (out) => out.bytes(name));
  }

  connect(address: RawAddress): Promise<void> {
    return this.#call(Operation.CONNECT, 'connect', (out) => writeAddress(out, address));
  }

  listen(backlog: number): Promise<void> {
    return this.#call(Operation.LISTEN, 'listen', (out) => out.u32(backlog));
  }

  setOption(level: number, name: number, value: Uint8Array): Promise<void> {
    return this.#call(Operation.SET_OPTION, `set option ${level}/${name}`, (out) => {
      out.u32(level);
      out.u32(name);
      out.bytes(value);
    });
  }

  async send(bytes: Uint8Array, to?: RawAddress, from?: RawLocal): Promise<void> {
    if (this.session.pendingBytes > SEND_BACKLOG)
      throw new SocketError('send', ENOBUFS, 'the socket broker does not keep up');
    if (bytes.length > LARGEST_PAYLOAD)
      throw new SocketError('send', EMSGSIZE, `${bytes.length} bytes are too many at once`);
    await this.#call(Operation.SEND, 'send', (out) => {
      writeAddress(out, to);
      writeLocal(out, from);
      out.bytes(bytes);
    });
  }

  async localAddress(): Promise<RawAddress> {
    const call = 'local address';
    const body = (out: ByteWriter) => out.u32(this.handle);
    const address = await this.session.request(Operation.LOCAL_ADDRESS, call, body, readAddress);
    if (!address) throw new SocketError(call, 0, 'there is none');
    return address;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#early = [];
    this.session.closeHandle(this.handle);
  }

  /** An event from the broker. */
  receive(frame: SocketFrame): void {
    if (frame.kind === 'message') {
      const { bytes, peer, local } = frame;
      this.#tell((events) =>
        events.message?.({ bytes, ...(peer && { peer }), ...(local && { local }) }),
      );
    } else if (frame.kind === 'closed') this.#tell((events) => events.close?.(frame.errno));
    else {
      const { errno, origin, icmpType, icmpCode, peer } = frame;
      this.#tell((events) =>
        events.error?.({ errno, origin, icmpType, icmpCode, ...(peer && { peer }) }),
      );
    }
  }

  /** A new connection on this listener. */
  accepted(socket: BrokerSocket, peer: RawAddress | undefined): void {
    const from = peer ?? { family: 'unix', bytes: new Uint8Array(0) };
    if (this.#events && !this.#events.accept) socket.close();
    else this.#tell((events) => events.accept?.(socket, from));
  }

  #call(operation: number, call: string, body: (out: ByteWriter) => void): Promise<void> {
    const withHandle = (out: ByteWriter) => {
      out.u32(this.handle);
      body(out);
    };
    return this.session.request(operation, call, withHandle, () => undefined);
  }

  #tell(event: (events: SocketEvents) => void): void {
    if (!this.#isOpen) return;
    const events = this.#events;
    if (events) this.session.guard(() => event(events));
    else if (this.#early.length < EARLY_EVENTS) this.#early.push(event);
  }
}
