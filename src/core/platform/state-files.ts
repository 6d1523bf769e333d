/**
 * Small files that outlive a crash of the daemon and not a reboot: one value each, written whole. The
 * folder is on tmpfs; what is in it belongs to this boot of this machine and to this format, and
 * anything else is refused.
 *
 *     autoipsec-state 1 BOOT-ID MONOTONIC-MS TEXT-LENGTH CHECKSUM \n  text (JSON)  bytes
 *
 * Byte arrays stand behind the text, in its order, and leave `{"#": length}` in their place: a file is
 * written before each message of an IKE SA, so it shall cost little.
 */
import { concat } from '../bytes/bytes.js';
import { fromUtf8, utf8 } from '../bytes/text.js';
import type { Clock, Files } from './platform.js';

const magic = 'autoipsec-state';
/** To be raised with every change of what the values look like. */
const version = 1;
const suffix = '.state';
const bootIdFile = '/proc/sys/kernel/random/boot_id';
const longestHead = 200;
/** Nothing that we write comes near it. */
const longestFile = 4 << 20;

/** Adler-32 (RFC 1950 §8.2): finds damage; nobody but root can write here. */
function checksum(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < bytes.length; ) {
    // so many sums stay below 2^32
    const end = Math.min(bytes.length, at + 3800);
    for (; at < end; at++) {
      a += bytes[at]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function write(value: unknown): { text: Uint8Array; bytes: Uint8Array } {
  const parts: Uint8Array[] = [];
  const text = JSON.stringify(value, (_, each) => {
    if (!(each instanceof Uint8Array)) return each;
    parts.push(each);
    return { '#': each.length };
  });
  return { text: utf8(text), bytes: concat(...parts) };
}

/** Puts the byte arrays back. Throws on what can not be. */
function read(text: Uint8Array, bytes: Uint8Array): unknown {
  let at = 0;
  const value: unknown = JSON.parse(fromUtf8(text), (_, each: unknown) => {
    const length = isObject(each) ? each['#'] : undefined;
    if (typeof length !== 'number') return each;
    if (!Number.isInteger(length) || length < 0 || length > bytes.length - at)
      throw new Error(`needs ${length} bytes, ${bytes.length - at} left`);
    at += length;
    return bytes.slice(at - length, at);
  });
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes are left over`);
  return value;
}

export interface StateFilesParts {
  files: Files;
  clock: Pick<Clock, 'monotonicMs'>;
  folder: string;
  /** A file was refused, or could not be written. */
  complain(line: string): void;
}

export class StateFiles {
  readonly #bootId: string;
  /** A file that could not be written is tried no more often than it changes, and told once. */
  #hasComplained = false;

  constructor(private readonly parts: StateFilesParts) {
    const { files, folder } = parts;
    const bootId = files.read(bootIdFile);
    this.#bootId = bootId ? fromUtf8(bootId).trim() : 'unknown';
    files.makeFolder(folder, 0o700);
  }

  /**
   * False when it could not be written; then there is no file of that name, as an old one would be
   * worse than none.
   */
  write(name: string, value: unknown): boolean {
    const { files, clock } = this.parts;
    const { text, bytes } = write(value);
    const body = concat(text, bytes);
    const words = [magic, version, this.#bootId, Math.floor(clock.monotonicMs()), text.length];
    const head = utf8(`${words.join(' ')} ${checksum(body)}\n`);
    try {
      files.writeAtomic(this.#path(name), concat(head, body), 0o600);
      return true;
    } catch (error) {
      if (!this.#hasComplained) this.parts.complain(`${this.#path(name)}: ${String(error)}`);
      this.#hasComplained = true;
      this.remove(name);
      return false;
    }
  }

  remove(name: string): void {
    try {
      this.parts.files.remove(this.#path(name));
    } catch (error) {
      this.parts.complain(`${this.#path(name)}: ${String(error)}`);
    }
  }

  /**
   * The values whose names begin so. What can not be used is removed with a line; so is what a write
   * that was cut short left behind.
   */
  readAll(start: string): Map<string, unknown> {
    const { files, folder, complain } = this.parts;
    const values = new Map<string, unknown>();
    for (const file of files.list(folder)) {
      if (!file.startsWith(start)) continue;
      const path = `${folder}/${file}`;
      try {
        if (file.endsWith(suffix))
          values.set(file.slice(0, -suffix.length), this.#readFile(files.read(path)));
        else files.remove(path);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        complain(`${path} is not used: ${why}`);
        this.remove(file.slice(0, -suffix.length));
      }
    }
    return values;
  }

  #path(name: string): string {
    return `${this.parts.folder}/${name}${suffix}`;
  }

  #readFile(content: Uint8Array | undefined): unknown {
    if (!content || content.length > longestFile)
      throw new Error(`has ${content?.length ?? 0} bytes`);
    const end = content.subarray(0, longestHead).indexOf(10);
    const words = fromUtf8(content.subarray(0, Math.max(0, end))).split(' ');
    const [name, format, bootId, savedMs, length, sum] = words;
    if (name !== magic || words.length !== 6) throw new Error('it is no state file of ours');
    if (format !== String(version)) throw new Error(`format ${format}, ${version} is known here`);
    if (bootId !== this.#bootId) throw new Error('it is of another boot');
    if (!(Number(savedMs) <= this.parts.clock.monotonicMs()))
      throw new Error('it is of the future, or of another boot');
    const body = content.subarray(end + 1);
    if (Number(sum) !== checksum(body)) throw new Error('it is damaged');
    const textLength = Number(length);
    if (!Number.isInteger(textLength) || textLength < 0 || textLength > body.length)
      throw new Error(`says ${length} bytes of text, there are ${body.length}`);
    return read(body.subarray(0, textLength), body.subarray(textLength));
  }
}
