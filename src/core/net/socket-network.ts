/** The real `Network`: UDP, TCP, local and netlink sockets on the platform's raw sockets. */
import type { Platform, RawSocket } from '../platform/platform.js';
import { familyOf } from './address.js';
import type {
  LocalServer,
  NetlinkSocket,
  Network,
  RawIpv4Options,
  RawIpv4Socket,
  StreamEvents,
  TcpConnection,
  TcpOptions,
  UdpOptions,
  UdpSocket,
} from './network.js';
import { inetAddress, netlinkAddress, unixAddress } from './sockaddr.js';
import { hostInteger, type SocketCounters } from './socket-options.js';
import { openRawIpv4 } from './socket-raw.js';
import { SocketStream } from './socket-stream.js';
import { openUdp } from './socket-udp.js';

const LOCAL_BACKLOG = 8;
/** Room for a burst of held packets or events: beyond the machine's default. */
const NETLINK_RECEIVE_BUFFER = 1 << 20;

/** Runs `use`; when it fails the socket is closed and the error's message starts with `what`. */
async function orClose<T>(what: string, raw: RawSocket, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    raw.close();
    throw new Error(`${what}: ${(error as Error).message}`);
  }
}

export class SocketNetwork implements Network {
  readonly counters: SocketCounters = { refusedSends: 0, netlinkOverruns: 0 };

  constructor(private readonly platform: Pick<Platform, 'sockets' | 'files' | 'isBigEndian'>) {}

  udp(options: UdpOptions): Promise<UdpSocket> {
    return openUdp(this.platform, this.counters, options);
  }

  rawIpv4(options: RawIpv4Options): Promise<RawIpv4Socket> {
    return openRawIpv4(this.platform, this.counters, options);
  }

  async tcp({ to, mark, events }: TcpOptions): Promise<TcpConnection> {
    const { sockets, isBigEndian } = this.platform;
    const raw = await sockets.open(familyOf(to.address) === 4 ? 'inet' : 'inet6', 'stream', 0);
    return orClose(`tcp to ${to.address} port ${to.port}`, raw, async () => {
      const { SOL_SOCKET, SO_MARK } = await sockets.constants();
      if (mark !== undefined)
        await raw.setOption(SOL_SOCKET, SO_MARK, hostInteger(mark, isBigEndian));
      await raw.connect(inetAddress(to));
      const stream = new SocketStream(raw);
      stream.start(events);
      return stream;
    });
  }

  async listenLocal(
    path: string,
    accept: (connection: TcpConnection) => StreamEvents,
  ): Promise<LocalServer> {
    await this.#removeStale(path);
    const raw = await this.platform.sockets.open('unix', 'stream', 0);
    await orClose(path, raw, async () => {
      await raw.bind(unixAddress(path));
      raw.listenTo({
        accept: (socket) => {
          const stream = new SocketStream(socket);
          stream.start(accept(stream));
        },
      });
      await raw.listen(LOCAL_BACKLOG);
    });
    return {
      close: () => {
        raw.close();
        this.platform.files.remove(path);
      },
    };
  }

  async connectLocal(path: string, events: StreamEvents): Promise<TcpConnection> {
    const raw = await this.platform.sockets.open('unix', 'stream', 0);
    return orClose(path, raw, async () => {
      await raw.connect(unixAddress(path));
      const stream = new SocketStream(raw);
      stream.start(events);
      return stream;
    });
  }

  async netlink(
    protocol: number,
    groups: number,
    receive: (message: Uint8Array) => void,
    overrun: () => void = () => undefined,
  ): Promise<NetlinkSocket> {
    const { sockets, isBigEndian } = this.platform;
    const raw = await sockets.open('netlink', 'raw', protocol);
    return orClose(`netlink protocol ${protocol}`, raw, async () => {
      const { SOL_SOCKET, SO_RCVBUFFORCE } = await sockets.constants();
      const room = hostInteger(NETLINK_RECEIVE_BUFFER, isBigEndian);
      await raw.setOption(SOL_SOCKET, SO_RCVBUFFORCE, room).catch(() => undefined); // without root
      await raw.bind(netlinkAddress(groups, isBigEndian));
      raw.listenTo({
        message: ({ bytes }) => receive(bytes),
        error: () => {
          this.counters.netlinkOverruns++;
          overrun();
        },
      });
      const kernel = netlinkAddress(0, isBigEndian);
      return {
        send: (message) =>
          void raw.send(message, kernel).catch(() => {
            this.counters.refusedSends++;
          }),
        close: () => raw.close(),
      };
    });
  }

  /** Removes the socket of a daemon that is gone; one that answers keeps it. */
  async #removeStale(path: string): Promise<void> {
    const isInUse = await this.connectLocal(path, { data: () => undefined, close: () => undefined })
      .then((connection) => {
        connection.close();
        return true;
      })
      .catch(() => false);
    if (isInUse) throw new Error(`${path}: another daemon is listening there`);
    this.platform.files.remove(path);
  }
}
