/**
 * Sockets through the socket broker, a small C program that is our child: QuickJS has none. The
 * broker starts with the first socket, and again with the first one after it died.
 */
import type { Guard } from '../guard.js';
import type {
  Processes,
  RawSocket,
  SocketConstants,
  SocketFamily,
  Sockets,
  SocketType,
} from '../platform.js';
import { familyCode, Operation, typeCode } from './broker-frames.js';
import { BrokerSession } from './broker-session.js';
import type { ByteWriter } from './byte-cursor.js';

const INSTALLED_PATH = '/usr/sbin/autoipsec-broker';

/** Where the broker is: the package's place, or for tests what AUTOIPSEC_BROKER says. */
export const brokerPath = (environment: (name: string) => string | undefined): string =>
  environment('AUTOIPSEC_BROKER') || INSTALLED_PATH;

export class BrokerSockets implements Sockets {
  #session: BrokerSession | undefined;
  readonly #failureListeners: ((reason: string) => void)[] = [];

  constructor(
    private readonly processes: Processes,
    private readonly path: string,
    private readonly guard: Guard,
  ) {}

  async open(family: SocketFamily, type: SocketType, protocol: number): Promise<RawSocket> {
    const session = this.#running();
    await session.hello;
    const call = `open ${family} ${type} socket`;
    const body = (out: ByteWriter) => {
      out.u8(familyCode(family));
      out.u8(typeCode(type));
      out.u32(protocol);
    };
    // adopted at once: the socket's first message may stand right behind the OK
    return session.request(Operation.OPEN, call, body, (from) => session.adopt(from.u32('handle')));
  }

  async constants(): Promise<SocketConstants> {
    return (await this.#running().hello).constants;
  }

  onFailure(run: (reason: string) => void): void {
    this.#failureListeners.push(run);
  }

  stop(): void {
    this.#session?.stop();
    this.#session = undefined;
  }

  #running(): BrokerSession {
    if (!this.#session || this.#session.ended !== undefined)
      this.#session = new BrokerSession({
        processes: this.processes,
        path: this.path,
        guard: this.guard,
        onEnd: (reason) => {
          for (const listener of this.#failureListeners) this.guard(() => listener(reason));
        },
      });
    return this.#session;
  }
}
