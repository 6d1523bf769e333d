// Killing daemons and starting them at once, as procd does, and what must not be seen on the wire.
import { isEsp } from './net/capture.mjs';

/** Kills the daemons of these routers without a word and starts them again. Gives the milliseconds. */
export async function killAndRespawn(lab, names, configuration = {}) {
  const begin = Date.now();
  await Promise.all(
    names.map(async (name) => {
      await lab.routers[name].daemon.stop('SIGKILL');
      await lab.start(name, configuration[name]);
    }),
  );
  return Date.now() - begin;
}

/** A ping that goes on until it is stopped; `stop` gives how many were answered, and which were not. */
export function keepPinging(lab, from, to, intervalSeconds = 0.02) {
  const argv = ['ping', '-n', '-i', intervalSeconds, lab.address(to)];
  const program = lab.machine.start(from, `ping-${from}`, argv);
  return {
    async stop() {
      await program.stop('SIGINT');
      const numbers = [...program.log().matchAll(/icmp_seq=(\d+) ttl/g)].map((match) => +match[1]);
      const answered = new Set(numbers);
      // the last ones were still on their way
      const last = Math.max(0, ...numbers);
      const lost = Array.from({ length: last }, (_, at) => at + 1).filter((n) => !answered.has(n));
      return { answered: answered.size, lost };
    },
  };
}

/** What a person sees of the connections. */
export async function connectionsOf(lab, router) {
  return (await lab.status(router)).connections;
}

/**
 * What of `before` is not there any more as it was, apart from counters and from what has come to the
 * end of its time. Times may differ by the second to which they are rounded.
 */
export function changes(before, after) {
  const now = Date.now() / 1000;
  const text = ({ counters, until, ...others }) => JSON.stringify(others);
  return before
    .filter((each) => each.until > now + 1)
    .filter(
      (each) =>
        !after.some(
          (other) => text(other) === text(each) && Math.abs(other.until - each.until) <= 1,
        ),
    )
    .map((each) => JSON.stringify(each));
}

/** Packets that overtake each other on the way, with two processors. */
const reordering = 64;

/** Sequence numbers that came twice with one SPI, or that begin anew: a nonce was used twice. */
export function repeatedSequences(packets) {
  const seen = new Map();
  const repeated = [];
  for (const { source, destination, spi, sequence } of packets.filter(isEsp)) {
    const key = `${source} > ${destination} ${spi}`;
    const known = seen.get(key) ?? { numbers: new Set(), highest: 0 };
    seen.set(key, known);
    if (known.numbers.has(sequence) || sequence < known.highest - reordering)
      repeated.push(`${key} sequence ${sequence} behind ${known.highest}`);
    known.numbers.add(sequence);
    known.highest = Math.max(known.highest, sequence);
  }
  return repeated;
}

/** SK and SKF payloads begin behind the header; an AEAD's IV has eight bytes there. */
function ivOf({ bytes }) {
  const start = 28 + 4 + (bytes.slice(32, 34) === '35' ? 4 : 0);
  return bytes.slice(2 * start, 2 * start + 16);
}

/** Protected IKE messages with the IV of another one under the same keys. */
export function repeatedIvs(packets) {
  const seen = new Map();
  const repeated = [];
  for (const { source, ike } of packets) {
    if (!ike?.isProtected) continue;
    const key = `${source} ${ike.spiInitiator} ${ike.spiResponder} IV ${ivOf(ike)}`;
    if ((seen.get(key) ?? ike.bytes) !== ike.bytes) repeated.push(`${key} ${ike.exchange}`);
    seen.set(key, ike.bytes);
  }
  return repeated;
}
