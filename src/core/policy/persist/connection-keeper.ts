/**
 * Keeps settled connections in state files. Each file has those of one in 64 pairs: a change writes
 * little, and a router with thousands of verdicts has no thousands of files. Tunnels are written at
 * once, other verdicts a moment later: one that is lost is only asked for again.
 */
import type { Timer, Timers } from '../../platform/platform.js';
import type { StateFiles } from '../../platform/state-files.js';
import { type Connection, pairKey } from '../connection.js';
import { type SavedConnection, savedConnection, toSavedConnection } from './saved-connection.js';

const prefix = 'pairs-';
const fileCount = 64;
const delayMs = 1000;

/** Spreads pairs over the files. */
function fileOf(connection: Connection): string {
  let sum = 0;
  const key = pairKey(connection);
  for (let at = 0; at < key.length; at++) sum = (sum * 31 + key.charCodeAt(at)) % 65_521;
  return `${prefix}${sum % fileCount}`;
}

export class ConnectionKeeper {
  readonly #byFile = new Map<string, Set<Connection>>();
  readonly #changed = new Set<string>();
  #timer: Timer | undefined;

  /** Without `files` nothing is kept. */
  constructor(
    private readonly files: StateFiles | undefined,
    private readonly timers: Timers,
  ) {}

  /** It was settled. */
  settled(connection: Connection): void {
    this.changed(connection);
    if (this.files && connection.tunnel) this.#write(fileOf(connection));
  }

  /** Something that can be written later. */
  changed(connection: Connection): void {
    if (!this.files) return;
    const file = fileOf(connection);
    const same = this.#byFile.get(file) ?? new Set();
    this.#byFile.set(file, same.add(connection));
    this.#later(file);
  }

  removed(connection: Connection): void {
    const file = fileOf(connection);
    if (this.#byFile.get(file)?.delete(connection)) this.#later(file);
  }

  /** Writes what waits. */
  stop(): void {
    this.#timer?.cancel();
    for (const file of [...this.#changed]) this.#write(file);
  }

  /** What an earlier run has left; connections that make no sense are left out, and told. */
  read(complain: (line: string) => void): SavedConnection[] {
    const found: SavedConnection[] = [];
    for (const [name, value] of this.files?.readAll(prefix) ?? []) {
      this.files?.remove(name);
      for (const each of Array.isArray(value) ? value : []) {
        try {
          found.push(savedConnection(each, 'connection'));
        } catch (error) {
          complain(`state file ${name}: ${error instanceof Error ? error.message : error}`);
        }
      }
    }
    return found;
  }

  #later(file: string): void {
    this.#changed.add(file);
    this.#timer ??= this.timers.after(delayMs, () => {
      this.#timer = undefined;
      for (const each of [...this.#changed]) this.#write(each);
    });
  }

  #write(file: string): void {
    this.#changed.delete(file);
    const saved = [...(this.#byFile.get(file) ?? [])]
      .map(toSavedConnection)
      .filter((each) => each !== undefined);
    if (saved.length > 0) this.files?.write(file, saved);
    else this.files?.remove(file);
  }
}
