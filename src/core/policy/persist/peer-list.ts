/**
 * The gateways we have tunnels with, in a file that outlives a reboot (OE-150), each with a pair that
 * the tunnel is for. A daemon that has lost all else calls them (OE-151): they hear that their earlier
 * tunnels are gone, and need not find out by silence. Flash wears: the file is written now and then.
 *
 *     GATEWAY WAN SOURCE DESTINATION
 */
import { fromUtf8, utf8 } from '../../bytes/text.js';
import type { Logger } from '../../log.js';
import { type IpAddress, parseAddress } from '../../net/address.js';
import type { Files, Timer, Timers } from '../../platform/platform.js';
import type { Connection, Pair } from '../connection.js';

const firstDelayMs = 5000;
const pauseMs = 600_000;
/** More would be called at once after a reboot. */
const mostPeers = 256;
const longestFile = 65_536;

export interface Peer extends Pair {
  gateway: IpAddress;
}

export interface PeerListParts {
  files: Files;
  path: string;
  timers: Timers;
  log: Logger;
}

function parseLine(line: string): Peer | undefined {
  const [gatewayText, wan, sourceText, destinationText, ...more] = line.split(' ');
  const [gateway, source, destination] = [gatewayText, sourceText, destinationText].map((text) =>
    parseAddress(text ?? ''),
  );
  if (!gateway || !wan || !source || !destination || more.length > 0) return undefined;
  return { gateway, wan, source, destination };
}

/** One pair for each gateway. */
function listOf(connections: Iterable<Connection>): string {
  const lines = new Map<IpAddress, string>();
  for (const { tunnel, wan, source, destination } of connections) {
    const gateway = tunnel?.peer.address;
    if (!gateway || lines.has(gateway) || lines.size >= mostPeers) continue;
    lines.set(gateway, `${gateway} ${wan} ${source} ${destination}\n`);
  }
  return [...lines.values()].sort().join('');
}

export class PeerList {
  #timer: Timer | undefined;
  #written = '';
  #delayMs = firstDelayMs;

  constructor(private readonly parts: PeerListParts) {}

  /** What an earlier run has left. Lines that make no sense are passed over. */
  read(): Peer[] {
    const content = this.parts.files.read(this.parts.path);
    if (!content || content.length > longestFile) return [];
    this.#written = fromUtf8(content);
    const peers = this.#written.split('\n').flatMap((line) => parseLine(line) ?? []);
    return peers.slice(0, mostPeers);
  }

  /** Tunnels came or went. */
  changed(connections: () => Iterable<Connection>): void {
    this.#timer ??= this.parts.timers.after(this.#delayMs, () => {
      this.#timer = undefined;
      const text = listOf(connections());
      if (text === this.#written) return;
      this.#delayMs = pauseMs;
      this.#write(text);
    });
  }

  /** All have been told that we go. */
  stop(): void {
    this.#timer?.cancel();
    if (this.#written !== '') this.#write('');
  }

  #write(text: string): void {
    const { files, path, log } = this.parts;
    try {
      if (text === '') files.remove(path);
      else files.writeAtomic(path, utf8(text), 0o600);
      this.#written = text;
    } catch (error) {
      log.warning(`${path}: ${String(error)}`);
    }
  }
}
