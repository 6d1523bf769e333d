// A client of charon's control socket (VICI, versatile IKE control interface): strongSwan's own program
// takes a second for each question where the processor is emulated.
import net from 'node:net';

const Packet = { REQUEST: 0, RESPONSE: 1, REGISTER: 3, UNREGISTER: 4, CONFIRM: 5, EVENT: 7 };
const Element = { SECTION_START: 1, SECTION_END: 2, KEY_VALUE: 3, LIST_START: 4, LIST_ITEM: 5 };

/** Both lengths are big-endian. */
const short = (text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
const long = (text) =>
  Buffer.concat([Buffer.of(text.length >> 8, text.length & 255), Buffer.from(text)]);

/** Plain keys and values are all that we ever ask with. */
const written = (values) =>
  Buffer.concat(
    Object.entries(values).flatMap(([key, value]) => [
      Buffer.of(Element.KEY_VALUE),
      short(key),
      long(String(value)),
    ]),
  );

/** Sections become objects; lists become arrays. */
function read(bytes) {
  let at = 0;
  const take = (size) => {
    const length = bytes.readUIntBE(at, size);
    at += size + length;
    return bytes.toString('utf8', at - length, at);
  };
  const stack = [{}];
  let list = [];
  while (at < bytes.length) {
    const kind = bytes[at++];
    const top = stack.at(-1);
    if (kind === Element.SECTION_START) {
      const section = {};
      top[take(1)] = section;
      stack.push(section);
    } else if (kind === Element.SECTION_END) stack.pop();
    else if (kind === Element.KEY_VALUE) top[take(1)] = take(2);
    else if (kind === Element.LIST_START) {
      list = [];
      top[take(1)] = list;
    } else if (kind === Element.LIST_ITEM) list.push(take(2));
  }
  return stack[0];
}

/** Asks one thing; gives `{ response, events }`, with those of the kind `event` that came before it. */
export function askCharon(socketFile, command, values = {}, event = undefined) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketFile);
    const events = [];
    let waiting = Buffer.alloc(0);
    const send = (kind, name, body = Buffer.alloc(0)) => {
      const packet = Buffer.concat([Buffer.of(kind), short(name), body]);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(packet.length);
      socket.write(Buffer.concat([length, packet]));
    };
    const ask = () => send(Packet.REQUEST, command, written(values));
    const handle = (packet) => {
      const kind = packet[0];
      if (kind === Packet.CONFIRM) ask();
      else if (kind === Packet.EVENT) events.push(read(packet.subarray(2 + packet[1])));
      else {
        socket.end();
        if (kind === Packet.RESPONSE) resolve({ response: read(packet.subarray(1)), events });
        else reject(new Error(`charon does not know ${command}`));
      }
    };
    socket.on('data', (part) => {
      waiting = Buffer.concat([waiting, part]);
      while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE()) {
        const end = 4 + waiting.readUInt32BE();
        const packet = waiting.subarray(4, end);
        waiting = waiting.subarray(end);
        handle(packet);
      }
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`charon closed before it answered ${command}`)));
    if (event) send(Packet.REGISTER, event);
    else ask();
  });
}
