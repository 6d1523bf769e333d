/** Names and kernel indices of network interfaces, from /sys/class/net. */
import { fromUtf8 } from '../bytes/text.js';
import type { Files } from '../platform/platform.js';

const folder = '/sys/class/net';

export class InterfaceNames {
  readonly #files: Pick<Files, 'read' | 'list'>;
  #names = new Map<number, string>();

  constructor(files: Pick<Files, 'read' | 'list'>) {
    this.#files = files;
  }

  /** `undefined` for 0 and for an interface that is gone. Read again when an index is not known. */
  nameOf(index: number): string | undefined {
    if (index === 0) return undefined;
    if (!this.#names.has(index)) this.#names = this.#read();
    return this.#names.get(index);
  }

  /**
   * The index now; `undefined` when there is no such interface. Never from memory: a PPP interface
   * comes back with another index, and one may take over the name of another.
   */
  indexOf(name: string): number | undefined {
    const index = this.#files.read(`${folder}/${name}/ifindex`);
    return index && Number(fromUtf8(index).trim());
  }

  #read(): Map<number, string> {
    const names = new Map<number, string>();
    for (const name of this.#files.list(folder)) {
      const index = Number(fromUtf8(this.#indexFile(name)).trim());
      if (index > 0) names.set(index, name);
    }
    return names;
  }

  /** Some entries are no devices (`bonding_masters`), and a device may go at any moment. */
  #indexFile(name: string): Uint8Array {
    try {
      return this.#files.read(`${folder}/${name}/ifindex`) ?? new Uint8Array(0);
    } catch {
      return new Uint8Array(0);
    }
  }
}
