/**
 * Frames between this script and the socket broker (docs/broker.md, protocol version 1): requests
 * out, replies and events in. Integers are big-endian. The broker is our own child, still every
 * length is checked: a frame that does not fit throws, and its reader ends the broker.
 */
import { fromUtf8 } from '../../bytes/text.js';
import type {
  RawAddress,
  RawLocal,
  SocketConstants,
  SocketFamily,
  SocketType,
} from '../platform.js';
import { ByteReader, ByteWriter } from './byte-cursor.js';

export const PROTOCOL_VERSION = 1;
/** Bounds of the length field, which counts operation, tag and body. */
export const SHORTEST_FRAME = 5;
export const LONGEST_FRAME = 66_000;

export const Operation = {
  OPEN: 1,
  BIND: 2,
  BIND_DEVICE: 3,
  CONNECT: 4,
  LISTEN: 5,
  SET_OPTION: 6,
  SEND: 7,
  LOCAL_ADDRESS: 8,
  CLOSE: 9,
  HELLO: 0x80,
  OK: 0x81,
  ERROR: 0x82,
  MESSAGE: 0x83,
  SOCKET_ERROR: 0x84,
  ACCEPT: 0x85,
  CLOSED: 0x86,
} as const;

/** Code of each family and type is its place here. */
const families: readonly (SocketFamily | '')[] = ['', 'unix', 'inet', 'inet6', 'netlink', 'packet'];
const types: readonly (SocketType | '')[] = ['', 'stream', 'datagram', 'raw'];

export const familyCode = (family: SocketFamily): number => families.indexOf(family);
export const typeCode = (type: SocketType): number => types.indexOf(type);

export function writeAddress(out: ByteWriter, address?: RawAddress): void {
  out.u8(address ? familyCode(address.family) : 0);
  out.u8(address?.bytes.length ?? 0);
  if (address) out.bytes(address.bytes);
}

export function readAddress(from: ByteReader): RawAddress | undefined {
  const family = families[from.u8('family')];
  const bytes = from.bytes('address', from.u8('address length'));
  if (family === undefined) throw new Error('broker frame: unknown address family');
  return family === '' ? undefined : { family, bytes: bytes.slice() };
}

export function writeLocal(out: ByteWriter, local?: RawLocal): void {
  out.u8(local?.address.length ?? 0);
  if (local) out.bytes(local.address);
  out.u32(local?.interfaceIndex ?? 0);
}

function readLocal(from: ByteReader): RawLocal | undefined {
  const address = from.bytes('local address', from.u8('local address length')).slice();
  const interfaceIndex = from.u32('interface');
  return address.length > 0 || interfaceIndex > 0 ? { address, interfaceIndex } : undefined;
}

/** A whole request frame; `body` writes what follows the tag. */
export function requestFrame(
  operation: number,
  tag: number,
  body: (out: ByteWriter) => void,
): Uint8Array {
  const out = new ByteWriter();
  out.u32(0);
  out.u8(operation);
  out.u32(tag);
  body(out);
  const frame = out.finish();
  new DataView(frame.buffer, frame.byteOffset).setUint32(0, frame.length - 4);
  return frame;
}

export interface Hello {
  kind: 'hello';
  protocol: number;
  isBigEndian: boolean;
  constants: SocketConstants;
  longestFrame: number;
  mostSockets: number;
  version: string;
}

export type BrokerFrame =
  | Hello
  | { kind: 'ok'; tag: number; body: Uint8Array }
  | { kind: 'error'; tag: number; errno: number; reason: string }
  | {
      kind: 'message';
      handle: number;
      flags: number;
      peer: RawAddress | undefined;
      local: RawLocal | undefined;
      bytes: Uint8Array;
    }
  | {
      kind: 'socket error';
      handle: number;
      errno: number;
      origin: number;
      icmpType: number;
      icmpCode: number;
      peer: RawAddress | undefined;
    }
  | { kind: 'accept'; handle: number; accepted: number; peer: RawAddress | undefined }
  | { kind: 'closed'; handle: number; errno: number };

/** In the order of HELLO. */
const constantNames = [
  'SOL_SOCKET',
  'SO_REUSEADDR',
  'SO_BROADCAST',
  'SO_RCVBUF',
  'SO_SNDBUF',
  'SO_MARK',
  'SO_RCVBUFFORCE',
] as const satisfies readonly (keyof SocketConstants)[];

function readHello(from: ByteReader): Hello {
  const protocol = from.u8('protocol');
  const isBigEndian = from.u8('byte order') === 1;
  const constants = Object.fromEntries(constantNames.map((name) => [name, from.u32(name)]));
  return {
    kind: 'hello',
    protocol,
    isBigEndian,
    constants: constants as unknown as SocketConstants,
    longestFrame: from.u32('longest frame'),
    mostSockets: from.u32('most sockets'),
    version: fromUtf8(from.rest()),
  };
}

/** Reads a frame without its length field. Payloads are copies: they do not hold the pipe's block. */
export function parseFrame(frame: Uint8Array): BrokerFrame {
  const from = new ByteReader(frame, 'broker frame');
  const operation = from.u8('operation');
  const tag = from.u32('tag');
  const parsed = parseBody(operation, tag, from);
  from.expectEnd();
  return parsed;
}

function parseBody(operation: number, tag: number, from: ByteReader): BrokerFrame {
  switch (operation) {
    case Operation.HELLO:
      return readHello(from);
    case Operation.OK:
      return { kind: 'ok', tag, body: from.rest().slice() };
    case Operation.ERROR:
      return { kind: 'error', tag, errno: from.u32('errno'), reason: fromUtf8(from.rest()) };
    case Operation.MESSAGE:
      return {
        kind: 'message',
        handle: tag,
        flags: from.u8('flags'),
        peer: readAddress(from),
        local: readLocal(from),
        bytes: from.rest().slice(),
      };
    case Operation.SOCKET_ERROR:
      return {
        kind: 'socket error',
        handle: tag,
        errno: from.u32('errno'),
        origin: from.u8('origin'),
        icmpType: from.u8('ICMP type'),
        icmpCode: from.u8('ICMP code'),
        peer: readAddress(from),
      };
    case Operation.ACCEPT:
      return { kind: 'accept', handle: tag, accepted: from.u32('handle'), peer: readAddress(from) };
    case Operation.CLOSED:
      return { kind: 'closed', handle: tag, errno: from.u32('errno') };
    default:
      throw new Error(`broker frame: unknown operation ${operation}`);
  }
}
