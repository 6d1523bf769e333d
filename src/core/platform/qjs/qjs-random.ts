/**
 * Random bytes from the kernel, also as `globalThis.crypto.getRandomValues`. noble's libraries look
 * for that once, when they load, to blind their scalars: so the entry imports this file first.
 */
import { checked, EINTR, os } from './engine.js';

function readExactly(fd: number, path: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = os.read(fd, bytes.buffer, at, length - at);
    if (count === -EINTR) continue;
    if (count === 0) throw new Error(`read ${path}: no data`);
    at += checked('read', path, count);
  }
  return bytes;
}

const openRead = (path: string) => checked('open', path, os.open(path, os.O_RDONLY));

/**
 * A reader of /dev/urandom. Before the first byte it waits on /dev/random once: early after boot
 * the kernel's generator is not seeded, and urandom alone would not say so (random(4)).
 */
function createRandom(): (length: number) => Uint8Array {
  let urandom: number | undefined;
  return (length) => {
    if (urandom === undefined) {
      const seeded = openRead('/dev/random');
      readExactly(seeded, '/dev/random', 1);
      os.close(seeded);
      urandom = openRead('/dev/urandom');
    }
    return readExactly(urandom, '/dev/urandom', length);
  };
}

/** What Web Crypto calls `crypto.getRandomValues`; noble's libraries draw from it. */
function installCrypto(): void {
  const getRandomValues = <T extends ArrayBufferView>(view: T): T => {
    const target = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    target.set(random(target.length));
    return view;
  };
  Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues }, configurable: true });
}

/** `length` bytes; nothing is opened before the first call. */
export const random = createRandom();
installCrypto();
