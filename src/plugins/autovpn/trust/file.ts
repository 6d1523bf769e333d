/**
 * The table as text, in a file that outlives reboots and upgrades: a line of JSON for each peer, and one
 * for the addresses that it may speak for, behind a line with the format's number.
 *
 *     {"format":1}
 *     {"peer":"3011…","fingerprint":"ab…","state":"Unverified","first":1700000000,"last":1700000000}
 *     {"of":"3011…","addresses":["203.0.113.80"]}
 *
 * A file with a line that makes no sense, or with two for the same, is refused whole: to go on with
 * less would take in again whom a person has marked Untrusted, and lose secrets.
 */

import { equal } from '../../../core/bytes/bytes.js';
import { fromHex, toHex } from '../../../core/bytes/hex.js';
import { listOf, maybe, oneOf, readBy, record, text, whole } from '../../../core/bytes/shape.js';
import type { Read } from '../../../core/bytes/struct.js';
import { fromUtf8, utf8 } from '../../../core/bytes/text.js';
import { parseAddress } from '../../../core/net/address.js';
import { type AddressRecord, mostAddresses } from './authorizations.js';
import { cleanContact } from './contact.js';
import type { Peer } from './peer.js';
import { longestName } from './table.js';

const format = 1;
/** Nothing that we write comes near it. */
const longestFile = 16 << 20;
const longestReason = 500;

export interface Saved {
  peers: Peer[];
  addresses: AddressRecord[];
}

const octets = (least: number, most: number) =>
  readBy(text, (value) => {
    const isHex = /^([0-9a-f]{2})*$/.test(value);
    return isHex && value.length >= 2 * least && value.length <= 2 * most
      ? fromHex(value)
      : undefined;
  });
const name = octets(3, longestName);
const fingerprint = readBy(text, (value) => (/^[0-9a-f]{64}$/.test(value) ? value : undefined));
const address = readBy(text, parseAddress);

const peerLine = record({
  peer: name,
  fingerprint,
  state: oneOf('Unverified', 'Trusted', 'Untrusted', 'Managed'),
  by: maybe(oneOf('person', 'authority')),
  contact: maybe(text),
  first: whole,
  last: whole,
  at: maybe(address),
  secret: maybe(record({ value: octets(16, 1024), own: name })),
  reason: maybe(text),
  conflict: maybe(record({ fingerprint, at: address, seconds: whole, count: whole })),
});
const addressLine = record({ of: name, addresses: listOf(address, mostAddresses) });
const headLine = record({ format: whole });

function lineOf(peer: Peer): unknown {
  const { secret, conflict } = peer;
  return {
    peer: toHex(peer.name),
    fingerprint: peer.fingerprint,
    state: peer.state,
    by: peer.trustedBy,
    contact: peer.contact || undefined,
    first: peer.firstSeconds,
    last: peer.lastSeconds,
    at: peer.address,
    secret: secret && { value: toHex(secret.value), own: toHex(secret.ownName) },
    reason: peer.reason,
    conflict: conflict && {
      fingerprint: conflict.fingerprint,
      at: conflict.address,
      seconds: conflict.seconds,
      count: conflict.count,
    },
  };
}

function addressesOf({ name }: Peer, all: readonly AddressRecord[]): unknown[] {
  const of = toHex(name);
  const addresses = all.filter(({ peer }) => equal(peer, name)).map(({ address }) => address);
  return addresses.length > 0 ? [{ of, addresses }] : [];
}

export function writeTable({ peers, addresses }: Saved): Uint8Array {
  const lines: unknown[] = [
    { format },
    ...peers.map(lineOf),
    ...peers.flatMap((peer) => addressesOf(peer, addresses)),
  ];
  return utf8(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

function readPeer(value: unknown): Peer {
  const line = peerLine(value, 'peer');
  const { by, at, secret, reason, conflict } = line;
  return {
    name: line.peer,
    fingerprint: line.fingerprint,
    state: line.state,
    contact: cleanContact(utf8(line.contact ?? '')),
    firstSeconds: line.first,
    lastSeconds: line.last,
    ...(by ? { trustedBy: by } : {}),
    ...(at ? { address: at } : {}),
    ...(secret ? { secret: { value: secret.value, ownName: secret.own } } : {}),
    ...(reason ? { reason: reason.slice(0, longestReason) } : {}),
    ...(conflict
      ? {
          conflict: {
            fingerprint: conflict.fingerprint,
            address: conflict.at,
            seconds: conflict.seconds,
            count: conflict.count,
          },
        }
      : {}),
  };
}

function readLines(lines: readonly string[]): Saved {
  const saved: Saved = { peers: [], addresses: [] };
  const seen = new Set<string>();
  const once = (kind: string, name: Uint8Array) => {
    const what = `${kind} ${toHex(name)}`;
    if (seen.has(what)) throw new Error(`${what} comes twice`);
    seen.add(what);
  };
  for (const [index, line] of lines.entries()) {
    try {
      const value = JSON.parse(line) as unknown;
      if (index === 0) {
        const found = headLine(value, 'head').format;
        if (found !== format) throw new Error(`format ${found}, ${format} is known here`);
      } else if (typeof value === 'object' && value !== null && 'of' in value) {
        const { addresses, of } = addressLine(value, 'addresses');
        once('of', of);
        saved.addresses.push(...addresses.map((address) => ({ address, peer: of })));
      } else {
        const peer = readPeer(value);
        once('peer', peer.name);
        saved.peers.push(peer);
      }
    } catch (error) {
      throw new Error(`line ${index + 1}: ${(error as Error).message}`);
    }
  }
  return saved;
}

export function readTable(content: Uint8Array): Read<Saved> {
  if (content.length > longestFile)
    return { ok: false, error: `has ${content.length} bytes, ${longestFile} are the limit` };
  const lines = fromUtf8(content).split('\n');
  if (lines.length < 2 || lines.pop() !== '')
    return { ok: false, error: 'its last line has no end' };
  try {
    return { ok: true, value: readLines(lines) };
  } catch (error) {
    return { ok: false, error: (error as Error).message };
  }
}
