/** Whole files under Node, for tests. */
import fs from 'node:fs';
import { toHex } from '../../bytes/hex.js';
import type { Files } from '../platform.js';

/** Gives `undefined` where the file or folder does not exist. */
function unlessMissing<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export class NodeFiles implements Files {
  constructor(private readonly random: (length: number) => Uint8Array) {}

  read(path: string): Uint8Array | undefined {
    const content = unlessMissing(() => fs.readFileSync(path));
    return content && new Uint8Array(content);
  }

  writeAtomic(path: string, content: Uint8Array, mode: number): void {
    const temporary = `${path}.${toHex(this.random(4))}.tmp`;
    const fd = fs.openSync(temporary, 'wx', mode);
    try {
      try {
        fs.writeFileSync(fd, content);
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(temporary, path);
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error;
    }
  }

  remove(path: string): void {
    unlessMissing(() => fs.unlinkSync(path));
  }

  list(folder: string): string[] {
    return unlessMissing(() => fs.readdirSync(folder)) ?? [];
  }

  makeFolder(path: string, mode: number): void {
    fs.mkdirSync(path, { recursive: true, mode });
  }
}
