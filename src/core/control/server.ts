/**
 * The daemon's end of the control channel: a local stream socket in a folder that only root can
 * enter. It serves a few clients at a time, each with one request under way, and lets go of those
 * that stay silent. Nothing a client sends throws past it.
 */
import { printable } from '../bytes/text.js';
import type { Logger } from '../log.js';
import type { LocalServer, Network, StreamEvents, TcpConnection } from '../net/network.js';
import type { Files, Timers } from '../platform/platform.js';
import { jsonLine, LineReader, maxRequestBytes, parseJsonLine } from './lines.js';
import {
  asControlRequest,
  ControlRefusal,
  type ControlRequest,
  type ControlResponse,
} from './protocol.js';

/** Clients served at the same time; one more is turned away. */
export const maxControlClients = 8;
/** Silence after which a client is let go. */
export const clientPatienceMs = 10_000;

/** Answers one command; throws `ControlRefusal` for what can not be done. */
export type ControlHandler = (request: ControlRequest) => unknown;
export type ControlHandlers = Readonly<Record<string, ControlHandler>>;

export interface ControlServerParts {
  network: Pick<Network, 'listenLocal'>;
  files: Pick<Files, 'makeFolder'>;
  timers: Timers;
  log: Logger;
}

/** Runs the handler; every outcome is a response. */
async function answer(
  handlers: ControlHandlers,
  line: string,
  log: Logger,
): Promise<ControlResponse> {
  const request = asControlRequest(parseJsonLine(line));
  if (!request) return { ok: false, error: 'the request is no JSON object with a command' };
  const { command } = request;
  const handler = Object.hasOwn(handlers, command) ? handlers[command] : undefined;
  if (!handler) return { ok: false, error: `no command '${printable(command, 40)}'` };
  try {
    return { ok: true, result: (await handler(request)) ?? null };
  } catch (error) {
    if (error instanceof ControlRefusal) return { ok: false, error: error.message };
    log.error(`command ${command}: ${String((error as Error).stack ?? error)}`);
    return { ok: false, error: 'an internal error, see the log of the daemon' };
  }
}

/** One connected client: lines wait their turn, so that one command runs at a time. */
class Client {
  private readonly reader = new LineReader(maxRequestBytes);
  private readonly waiting: string[] = [];
  private isBusy = false;
  private isOpen = true;
  private patience;

  constructor(
    private readonly connection: TcpConnection,
    private readonly parts: ControlServerParts,
    private readonly handlers: ControlHandlers,
    private readonly gone: () => void,
  ) {
    this.patience = this.startPatience();
  }

  readonly events: StreamEvents = {
    data: (bytes) => {
      const lines = this.isOpen ? this.reader.push(bytes) : [];
      // More than a handful of requests ahead of the answers is no client of ours
      if (!lines || this.waiting.length + lines.length > 16) return this.close();
      this.waiting.push(...lines);
      if (!this.isBusy) void this.serve();
    },
    close: () => this.leave(),
  };

  close(): void {
    if (this.isOpen) this.connection.close();
    this.leave();
  }

  private async serve(): Promise<void> {
    this.isBusy = true;
    for (let line = this.waiting.shift(); line !== undefined; line = this.waiting.shift()) {
      this.patience.cancel();
      const response = await answer(this.handlers, line, this.parts.log);
      if (!this.isOpen) return;
      this.connection.send(jsonLine(response));
      this.patience = this.startPatience();
    }
    this.isBusy = false;
  }

  private startPatience() {
    return this.parts.timers.after(clientPatienceMs, () => this.close());
  }

  private leave(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.waiting.length = 0;
    this.patience.cancel();
    this.gone();
  }
}

export interface ControlServer {
  /** Lets go of every client and stops listening. */
  close(): void;
}

/** Listens at `path`. Rejects when another daemon does, or when the kernel refuses. */
export async function createControlServer(
  parts: ControlServerParts,
  path: string,
  handlers: ControlHandlers,
): Promise<ControlServer> {
  parts.files.makeFolder(path.slice(0, path.lastIndexOf('/')), 0o700);
  const clients = new Set<Client>();
  const turnedAway: StreamEvents = { data: () => undefined, close: () => undefined };
  const accept = (connection: TcpConnection): StreamEvents => {
    if (clients.size >= maxControlClients) {
      parts.log.debug('a client was turned away: too many at the same time');
      connection.close();
      return turnedAway;
    }
    const client = new Client(connection, parts, handlers, () => clients.delete(client));
    clients.add(client);
    return client.events;
  };
  const server: LocalServer = await parts.network.listenLocal(path, accept);
  return {
    close: () => {
      for (const client of [...clients]) client.close();
      server.close();
    },
  };
}
