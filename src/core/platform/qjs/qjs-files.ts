/**
 * Whole files through QuickJS's `os`. QuickJS has no fsync: a file is opened with O_SYNC instead, so
 * its bytes are on the disk before it gets its name.
 */
import { concat } from '../../bytes/bytes.js';
import { toHex } from '../../bytes/hex.js';
import type { Files } from '../platform.js';
import { checked, EEXIST, EINTR, ENOENT, failure, os } from './engine.js';

const MIPS_O_CREAT = 0x100;
/** O_SYNC of Linux: MIPS has numbers of its own (arch/mips/include/uapi/asm/fcntl.h). */
const O_SYNC = os.O_CREAT === MIPS_O_CREAT ? 0x4010 : 0x101000;
const BLOCK = 16384;

/** Reads a descriptor to its end. */
function readToEnd(fd: number, path: string): Uint8Array {
  const parts: Uint8Array[] = [];
  const block = new ArrayBuffer(BLOCK);
  for (;;) {
    const count = os.read(fd, block, 0, BLOCK);
    if (count === -EINTR) continue;
    if (checked('read', path, count) === 0) return concat(...parts);
    parts.push(new Uint8Array(block.slice(0, count)));
  }
}

function writeAll(fd: number, path: string, content: Uint8Array): void {
  for (let at = 0; at < content.length; ) {
    const left = content.length - at;
    const count = os.write(fd, content.buffer, content.byteOffset + at, left);
    if (count !== -EINTR) at += checked('write', path, count);
  }
}

/** Opens a new file whose writes return when the disk has them. Throws when it exists. */
export function openSynchronous(path: string, mode: number): number {
  const flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_SYNC;
  return checked('open', path, os.open(path, flags, mode));
}

export class QjsFiles implements Files {
  readonly #random: (length: number) => Uint8Array;

  constructor(random: (length: number) => Uint8Array) {
    this.#random = random;
  }

  read(path: string): Uint8Array | undefined {
    const fd = os.open(path, os.O_RDONLY);
    if (fd === -ENOENT) return undefined;
    checked('open', path, fd);
    try {
      return readToEnd(fd, path);
    } finally {
      os.close(fd);
    }
  }

  writeAtomic(path: string, content: Uint8Array, mode: number): void {
    const temporary = `${path}.${toHex(this.#random(4))}.tmp`;
    const fd = openSynchronous(temporary, mode);
    try {
      try {
        writeAll(fd, temporary, content);
      } finally {
        os.close(fd);
      }
      checked('rename', path, os.rename(temporary, path));
    } catch (error) {
      os.remove(temporary);
      throw error;
    }
  }

  remove(path: string): void {
    const result = os.remove(path);
    if (result !== -ENOENT) checked('remove', path, result);
  }

  list(folder: string): string[] {
    const [names, errno] = os.readdir(folder);
    if (errno === ENOENT) return [];
    if (errno !== 0) throw failure('readdir', folder, errno);
    return names.filter((name) => name !== '.' && name !== '..');
  }

  makeFolder(path: string, mode: number): void {
    const result = os.mkdir(path, mode);
    if (result === -EEXIST) return;
    if (result === -ENOENT && path.lastIndexOf('/') > 0) {
      this.makeFolder(path.slice(0, path.lastIndexOf('/')), mode);
      checked('mkdir', path, os.mkdir(path, mode));
    } else checked('mkdir', path, result);
  }
}
