/**
 * What a probe says, apart from how it is carried (draft-sheffer-autovpn-00 §4, §5.3 to §5.6).
 * `icmp.ts` and `udp.ts` carry it.
 */
import {
  bytes,
  type Read,
  reserved,
  rest,
  restOf,
  struct,
  u8,
  u16,
} from '../../../core/bytes/struct.js';
import { addressBytes, addressFromBytes, type IpAddress } from '../../../core/net/address.js';
import {
  longestNonce,
  messageTypes,
  natDetectMask,
  type ProbeKind,
  payloadTypes,
  protocolVersion,
  shortestNonce,
} from './numbers.js';

/** §5.4 */
const versionPayload = struct('version', {
  version: u8,
  messageType: u8,
  reserved: reserved(1),
  vendorId: rest,
});

/** §5.6; what follows is padding of some sender. */
const natDetectPayload = struct('NAT-Detect', { address: bytes(4), port: u16, padding: rest });

/** §5.5 */
const noncePayload = struct('nonce', { nonce: restOf(shortestNonce, longestNonce) });

/** A payload without its header, which differs between ICMP and UDP. */
export interface ProbePayload {
  type: number;
  value: Uint8Array;
}

/** Source of the clear packet as the sender of a Probe Request saw it. */
export interface NatDetect {
  address: IpAddress;
  port: number;
}

export type Probe = { vendorId: Uint8Array; nonceR: Uint8Array } & (
  | { kind: 'request'; natDetect: NatDetect }
  | { kind: 'response' | 'complete'; nonceI: Uint8Array }
);

/** Why a message is dropped; each is counted by itself. */
export type DropReason =
  | 'checksum'
  | 'length'
  | 'version'
  | 'message type'
  | 'missing payload'
  | 'nonce length'
  | 'embedded packet';

export type ProbeRead<T> = { ok: true; value: T } | { ok: false; drop: DropReason; why: string };

export const dropped = (
  drop: DropReason,
  why: string,
): { ok: false; drop: DropReason; why: string } => ({
  ok: false,
  drop,
  why,
});

const masked = (address: Uint8Array): Uint8Array => address.map((octet) => octet ^ natDetectMask);

/** In the order of the document, NAT-Detect last (AV-A10). */
export function payloadsOf(probe: Probe): ProbePayload[] {
  const version = versionPayload.write({
    version: protocolVersion,
    messageType: messageTypes[probe.kind],
    vendorId: probe.vendorId,
  });
  const nonceR = { type: payloadTypes.nonceR, value: probe.nonceR };
  const first = { type: payloadTypes.version, value: version };
  if (probe.kind !== 'request')
    return [first, { type: payloadTypes.nonceI, value: probe.nonceI }, nonceR];
  const { address, port } = probe.natDetect;
  const value = natDetectPayload.write({
    address: masked(addressBytes(address)),
    port,
    padding: new Uint8Array(0),
  });
  return [first, nonceR, { type: payloadTypes.natDetect, value }];
}

const lengthError = <T>(read: Read<T>): ProbeRead<T> =>
  read.ok ? read : dropped('length', read.error);

function nonceIn(value: Uint8Array | undefined, name: string): ProbeRead<Uint8Array> {
  if (!value) return dropped('missing payload', `no ${name}`);
  const read = noncePayload.read(value);
  return read.ok ? { ok: true, value: read.value.nonce } : dropped('nonce length', read.error);
}

const kindOf = (messageType: number): ProbeKind | undefined =>
  (Object.keys(messageTypes) as ProbeKind[]).find((kind) => messageTypes[kind] === messageType);

/** Of two payloads of a type the first counts; those of unknown types are passed over (§6). */
export function readProbe(
  payloads: readonly ProbePayload[],
  carries: readonly ProbeKind[],
): ProbeRead<Probe> {
  const first = (type: number) => payloads.find((each) => each.type === type)?.value;
  const versionValue = first(payloadTypes.version);
  if (!versionValue) return dropped('missing payload', 'no Version');
  const version = lengthError(versionPayload.read(versionValue));
  if (!version.ok) return version;
  const { version: number, messageType, vendorId } = version.value;
  if (number !== protocolVersion) return dropped('version', `version ${number}`);
  const kind = kindOf(messageType);
  if (!kind || !carries.includes(kind)) return dropped('message type', `type ${messageType}`);
  const nonceR = nonceIn(first(payloadTypes.nonceR), 'Nonce-R');
  if (!nonceR.ok) return nonceR;
  const common = { vendorId, nonceR: nonceR.value };
  if (kind !== 'request') {
    const nonceI = nonceIn(first(payloadTypes.nonceI), 'Nonce-I');
    return nonceI.ok ? { ok: true, value: { kind, ...common, nonceI: nonceI.value } } : nonceI;
  }
  const natDetect = natDetectIn(first(payloadTypes.natDetect));
  return natDetect.ok
    ? { ok: true, value: { kind, ...common, natDetect: natDetect.value } }
    : natDetect;
}

function natDetectIn(value: Uint8Array | undefined): ProbeRead<NatDetect> {
  if (!value) return dropped('missing payload', 'no NAT-Detect');
  const read = lengthError(natDetectPayload.read(value));
  if (!read.ok) return read;
  const { address, port } = read.value;
  return { ok: true, value: { address: addressFromBytes(masked(address)), port } };
}
