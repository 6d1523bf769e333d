/**
 * One running socket broker: requests with their replies, events to their sockets, and its end.
 * After the end every request fails and every socket is closed.
 */
import { fromUtf8, printable } from '../../bytes/text.js';
import type { Guard } from '../guard.js';
import type { Child, Processes } from '../platform.js';
import { SocketError } from '../platform.js';
import {
  type BrokerFrame,
  type Hello,
  Operation,
  PROTOCOL_VERSION,
  parseFrame,
  requestFrame,
} from './broker-frames.js';
import { BrokerSocket } from './broker-socket.js';
import { ByteReader, type ByteWriter } from './byte-cursor.js';
import { FrameReader } from './frame-reader.js';

interface Waiting {
  call: string;
  /** Takes the body of OK at once, before the frames behind it are read. */
  answer(body: Uint8Array): void;
  reject(error: Error): void;
}

export interface SessionOptions {
  processes: Processes;
  path: string;
  guard: Guard;
  /** Not called after `stop`. */
  onEnd(reason: string): void;
}

/** A socket's error when its broker is gone: EPIPE, the same number on every Linux. */
const EPIPE = 32;
const LARGEST_TAG = 0x7fff_ffff;

export class BrokerSession {
  /** The broker's first frame. Rejects when it does not start, or speaks another version. */
  readonly hello: Promise<Hello>;
  /** Why the broker is gone; `undefined` while it runs. */
  ended: string | undefined;
  readonly #child: Child;
  readonly #options: SessionOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #sockets = new Map<number, BrokerSocket>();
  #greeted!: (hello: Hello) => void;
  #refused!: (error: SocketError) => void;
  #nextTag = 1;
  #lastWords = '';

  constructor(options: SessionOptions) {
    this.#options = options;
    this.hello = new Promise<Hello>((resolve, reject) => {
      this.#greeted = resolve;
      this.#refused = reject;
    });
    this.hello.catch(() => undefined); // told by whoever asks for a socket
    const reader = new FrameReader((frame) => this.#receive(parseFrame(frame)));
    this.#child = options.processes.spawn([options.path], {
      output: (bytes) => this.#read(reader, bytes),
      errorOutput: (bytes) => {
        this.#lastWords = printable(fromUtf8(bytes).trim());
      },
      exit: (status) => this.#end(this.#describeExit(status)),
    });
  }

  /** Bytes on their way to the broker. */
  get pendingBytes(): number {
    return this.#child.pendingBytes;
  }

  /** Runs an owner's callback: what it throws is its bug, not the broker's. */
  get guard(): Guard {
    return this.#options.guard;
  }

  /**
   * Sends a request and gives what `read` makes of its OK. `read` runs before the next frame is
   * looked at. Rejects with a `SocketError` that names `call`.
   */
  request<T>(
    operation: number,
    call: string,
    body: (out: ByteWriter) => void,
    read: (from: ByteReader) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) {
        reject(new SocketError(call, EPIPE, this.ended));
        return;
      }
      const tag = this.#takeTag();
      const answer = (bytes: Uint8Array) => resolve(read(new ByteReader(bytes, 'broker frame')));
      this.#waiting.set(tag, { call, answer, reject });
      this.#child.write(requestFrame(operation, tag, body));
    });
  }

  /** Events of this handle go to `socket` from now on. */
  adopt(handle: number): BrokerSocket {
    const socket = new BrokerSocket(this, handle);
    this.#sockets.set(handle, socket);
    return socket;
  }

  /** Closes a handle; its events are ignored from now on. */
  closeHandle(handle: number): void {
    this.#sockets.delete(handle);
    const write = (out: ByteWriter) => out.u32(handle);
    this.request(Operation.CLOSE, 'close', write, () => undefined).catch(() => undefined);
  }

  stop(): void {
    this.#end('stopped');
  }

  #takeTag(): number {
    do this.#nextTag = this.#nextTag === LARGEST_TAG ? 1 : this.#nextTag + 1;
    while (this.#waiting.has(this.#nextTag));
    return this.#nextTag;
  }

  #read(reader: FrameReader, bytes: Uint8Array): void {
    if (this.ended !== undefined) return;
    try {
      reader.push(bytes);
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #receive(frame: BrokerFrame): void {
    if (this.ended !== undefined) return;
    switch (frame.kind) {
      case 'hello':
        if (frame.protocol === PROTOCOL_VERSION) this.#greeted(frame);
        else this.#end(`it speaks version ${frame.protocol}, not ${PROTOCOL_VERSION}`);
        break;
      case 'ok':
        this.#answered(frame.tag)?.answer(frame.body);
        break;
      case 'error':
        this.#failed(frame.tag, frame.errno, frame.reason);
        break;
      case 'accept':
        this.#accepted(frame);
        break;
      default:
        this.#sockets.get(frame.handle)?.receive(frame);
    }
  }

  #answered(tag: number): Waiting | undefined {
    const waiting = this.#waiting.get(tag);
    this.#waiting.delete(tag);
    return waiting;
  }

  #failed(tag: number, errno: number, reason: string): void {
    const waiting = this.#answered(tag);
    if (waiting) waiting.reject(new SocketError(waiting.call, errno, reason));
    else throw new Error(`it refused a frame: ${printable(reason)}`);
  }

  /** A connection to a listener that was closed meanwhile is closed, not forgotten. */
  #accepted(frame: BrokerFrame & { kind: 'accept' }): void {
    const listener = this.#sockets.get(frame.handle);
    if (listener) listener.accepted(this.adopt(frame.accepted), frame.peer);
    else this.closeHandle(frame.accepted);
  }

  #describeExit(status: number): string {
    if (status === 127) return `${this.#options.path} can not be started`;
    const how = status < 0 ? `killed by signal ${-status}` : `exit status ${status}`;
    return `${this.#options.path}: ${how}${this.#lastWords && `: ${this.#lastWords}`}`;
  }

  #end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = `socket broker: ${reason}`;
    this.#child.closeInput();
    this.#child.kill('SIGTERM');
    this.#refused(new SocketError('start', EPIPE, this.ended));
    for (const waiting of this.#waiting.values())
      waiting.reject(new SocketError(waiting.call, EPIPE, this.ended));
    this.#waiting.clear();
    for (const [handle, socket] of this.#sockets)
      socket.receive({ kind: 'closed', handle, errno: EPIPE });
    this.#sockets.clear();
    if (reason !== 'stopped') this.#options.onEnd(this.ended);
  }
}
