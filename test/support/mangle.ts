/** Ways to spoil a good message. One good message of each kind is the seed for all of them. */

/** Every proper prefix of `wire`, from empty to one byte short. */
export function* prefixes(wire: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < wire.length; length++) yield wire.slice(0, length);
}

/** `wire` with each byte in turn replaced: zero, all ones, one bit flipped, one more. */
export function* mutations(wire: Uint8Array): Generator<{ at: number; bytes: Uint8Array }> {
  for (let at = 0; at < wire.length; at++) {
    const old = wire[at]!;
    for (const value of new Set([0, 255, old ^ 1, old ^ 0x80, (old + 1) & 255])) {
      if (value === old) continue;
      const bytes = wire.slice();
      bytes[at] = value;
      yield { at, bytes };
    }
  }
}
