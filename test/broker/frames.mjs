// The broker's frames as docs/broker.md has them, written here a second time on purpose: the tests
// check the program against the page, not against its client.

export const op = {
  open: 1,
  bind: 2,
  bindDevice: 3,
  connect: 4,
  listen: 5,
  setOption: 6,
  send: 7,
  localAddress: 8,
  close: 9,
  hello: 0x80,
  ok: 0x81,
  error: 0x82,
  message: 0x83,
  socketError: 0x84,
  accept: 0x85,
  closed: 0x86,
};
export const family = { unix: 1, inet: 2, inet6: 3, netlink: 4, packet: 5 };
export const type = { stream: 1, datagram: 2, raw: 3 };
export const maxFrame = 66000;

export const u8 = (value) => Buffer.from([value]);
export const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** A whole frame; `parts` are the body. */
export function frame(operation, tag, ...parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length + 5), u8(operation), u32(tag), body]);
}

export const noAddress = Buffer.from([0, 0]);
export const noLocal = Buffer.alloc(5);

export const address = (code, bytes) =>
  Buffer.concat([u8(code), u8(bytes.length), Buffer.from(bytes)]);

const u16 = (value) => Buffer.from([value >> 8, value & 255]);
const v4 = (text) => Buffer.from(text.split('.').map(Number));

/** 16 bytes of an IPv6 address with at most one `::`. */
function v6(text) {
  const [head, tail = ''] = text.split('::');
  const words = (part) => part.split(':').filter(Boolean);
  const missing = 8 - words(head).length - words(tail).length;
  const all = [...words(head), ...Array(missing).fill('0'), ...words(tail)];
  return Buffer.concat(all.map((word) => u16(Number.parseInt(word, 16))));
}

export const ipBytes = (ip) => (ip.includes(':') ? v6(ip) : v4(ip));

export function inet(ip, port) {
  if (!ip.includes(':')) return address(family.inet, [...u16(port), ...v4(ip), ...Buffer.alloc(8)]);
  return address(family.inet6, [...u16(port), ...Buffer.alloc(4), ...v6(ip), ...Buffer.alloc(4)]);
}
export const unix = (path) => address(family.unix, Buffer.from(path));

export const local = (ip, interfaceIndex) => {
  const bytes = ip ? ipBytes(ip) : Buffer.alloc(0);
  return Buffer.concat([u8(bytes.length), bytes, u32(interfaceIndex)]);
};

/** Reads a body piece by piece; throws when it is shorter than the page says. */
export class Body {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  take(length) {
    if (this.at + length > this.bytes.length) throw new Error(`frame: ${length} bytes missing`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  u8 = () => this.take(1)[0];
  u32 = () => this.take(4).readUInt32BE();
  address() {
    const code = this.u8();
    return { family: code, bytes: this.take(this.u8()) };
  }
  local() {
    const ip = this.take(this.u8());
    return { ip, interfaceIndex: this.u32() };
  }
  rest = () => this.take(this.bytes.length - this.at);
  end() {
    if (this.at !== this.bytes.length) throw new Error('frame: bytes left over');
  }
}

const readers = {
  [op.hello]: (b) => ({
    protocol: b.u8(),
    isBigEndian: b.u8() === 1,
    constants: Array.from({ length: 7 }, b.u32),
    maxFrame: b.u32(),
    maxSockets: b.u32(),
    version: b.rest().toString(),
  }),
  [op.ok]: (b) => ({ body: b.rest() }),
  [op.error]: (b) => ({ errno: b.u32(), text: b.rest().toString() }),
  [op.message]: (b) => ({
    flags: b.u8(),
    peer: b.address(),
    local: b.local(),
    payload: b.rest(),
  }),
  [op.socketError]: (b) => ({
    errno: b.u32(),
    origin: b.u8(),
    icmpType: b.u8(),
    icmpCode: b.u8(),
    peer: b.address(),
  }),
  [op.accept]: (b) => ({ handle: b.u32(), peer: b.address() }),
  [op.closed]: (b) => ({ errno: b.u32() }),
};

/** Splits a byte stream from the broker into frames; throws on anything docs/broker.md does not allow. */
export class FrameReader {
  pending = Buffer.alloc(0);

  *feed(bytes) {
    this.pending = this.pending.length ? Buffer.concat([this.pending, bytes]) : bytes;
    let at = 0;
    while (this.pending.length - at >= 4) {
      const length = this.pending.readUInt32BE(at);
      if (length < 5 || length > maxFrame) throw new Error(`frame of ${length} bytes`);
      if (this.pending.length - at - 4 < length) break;
      const body = new Body(this.pending.subarray(at + 4, at + 4 + length));
      at += 4 + length;
      const operation = body.u8();
      const tag = body.u32();
      if (!readers[operation]) throw new Error(`unknown operation ${operation} from the broker`);
      const fields = readers[operation](body);
      body.end();
      yield { operation, tag, ...fields };
    }
    this.pending = this.pending.subarray(at);
  }
}
