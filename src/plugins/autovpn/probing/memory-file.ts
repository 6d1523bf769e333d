/**
 * What probing keeps between runs: keys of nonces, whom it has asked, and how often it has answered. A
 * small file that only root can read; written rarely, to spare the flash (AV-A24).
 */
import { fromHex, toHex } from '../../../core/bytes/hex.js';
import { amount, below, listOf, oneOf, record, text } from '../../../core/bytes/shape.js';
import { fromUtf8, utf8 } from '../../../core/bytes/text.js';
import type { Logger } from '../../../core/log.js';
import type { Clock, Files } from '../../../core/platform/platform.js';
import { mostAttempts, type SavedAttempt } from './attempts.js';
import type { DatedKey } from './keys.js';

const format = 'autovpn probing 1';
/** A clock that was wrong by more tells nothing about how long we were away. */
const longestPause = 30 * 86_400;
const longestFile = 4 << 20;

/** How often something was sent in the exchange of a nonce. */
export interface SavedCount {
  nonce: string;
  count: number;
}

export interface SavedMemory {
  keys: readonly DatedKey[];
  attempts: readonly SavedAttempt[];
  /** Probe Completes by Nonce-R; Probe Responses by Nonce-R. */
  completes: readonly SavedCount[];
  responses: readonly SavedCount[];
}

const hexText = (octets: number) => (value: unknown, name: string) => {
  const digits = text(value, name);
  if (!/^[0-9a-f]*$/.test(digits) || digits.length !== octets * 2)
    throw new Error(`${name}: not ${octets} octets in hexadecimal`);
  return digits;
};
const counts = listOf(record({ nonce: text, count: below(4) }), 5000);
const shape = record({
  format: oneOf(format),
  savedSeconds: amount,
  keys: listOf(record({ id: hexText(4), key: hexText(32), sinceSeconds: amount }), 2),
  attempts: listOf(record({ key: text, leftSeconds: amount }), mostAttempts),
  completes: counts,
  responses: counts,
});

const nothing: SavedMemory = { keys: [], attempts: [], completes: [], responses: [] };

export class MemoryFile {
  constructor(
    private readonly parts: {
      files: Pick<Files, 'read' | 'writeAtomic' | 'makeFolder'>;
      clock: Pick<Clock, 'wallSeconds'>;
      log: Logger;
      folder: string;
    },
  ) {}

  /** Nothing when there is no file, or it is not one of ours. */
  read(): SavedMemory {
    try {
      const content = this.parts.files.read(this.#path);
      if (!content) return nothing;
      if (content.length > longestFile) throw new Error(`has ${content.length} bytes`);
      return this.#from(shape(JSON.parse(fromUtf8(content)), 'file'));
    } catch (error) {
      this.parts.log.warning(`${this.#path} is not used: ${String(error)}`);
      return nothing;
    }
  }

  /** Failure is a line in the log. */
  write(memory: SavedMemory): void {
    const { files, clock, log, folder } = this.parts;
    const keys = memory.keys.map(({ id, key, sinceSeconds }) => ({
      ...{ id: toHex(id), key: toHex(key), sinceSeconds },
    }));
    const savedSeconds = clock.wallSeconds();
    try {
      files.makeFolder(folder, 0o700);
      const content = utf8(`${JSON.stringify({ format, savedSeconds, ...memory, keys })}\n`);
      files.writeAtomic(this.#path, content, 0o600);
    } catch (error) {
      log.warning(`${this.#path} is not written: ${String(error)}`);
    }
  }

  /** Time went by; how much, only a clock that was right can tell, and none went by backwards. */
  #from(saved: ReturnType<typeof shape>): SavedMemory {
    const pause = this.parts.clock.wallSeconds() - saved.savedSeconds;
    const away = pause > 0 && pause < longestPause ? pause : 0;
    const attempts = saved.attempts
      .map(({ key, leftSeconds }) => ({ key, leftSeconds: leftSeconds - away }))
      .filter(({ leftSeconds }) => leftSeconds > 0);
    const keys = saved.keys.map(({ id, key, sinceSeconds }) => ({
      ...{ id: fromHex(id), key: fromHex(key), sinceSeconds },
    }));
    return { ...saved, keys, attempts };
  }

  get #path(): string {
    return `${this.parts.folder}/autovpn-probing.json`;
  }
}
