/** NAT detection, RFC 7296 §2.23, as an extension of IKE_SA_INIT. */
import { sha1 } from '@noble/hashes/legacy.js';
import { concat, equal, uintBytes } from '../bytes/bytes.js';
import { addressBytes } from '../net/address.js';
import type { Endpoint } from '../net/network.js';
import type { ExtensibleMessage, Extension, SaView } from './extension.js';
import { findAll, findNotify, notifyPayload, type Payload } from './payloads/payload.js';
import { NotifyType } from './registries/notifies.js';

/** As long as SHA-1, and the digest of nothing. */
const NO_DIGEST = new Uint8Array(20);
/** The responder's SPI in the request, where nobody knows it yet. */
const NO_SPI = new Uint8Array(8);

/** §2.23: SHA-1 of SPIs, address and port as the sender believes them. No secret, so SHA-1 will do. */
function digest(message: ExtensibleMessage, sa: SaView, end: Endpoint): Uint8Array {
  const spiResponder = message === 'IKE_SA_INIT request' ? NO_SPI : sa.spiResponder;
  const port = uintBytes(end.port, 2);
  return sha1(concat(sa.spiInitiator, spiResponder, addressBytes(end.address), port));
}

/** True when none of the notifies of a type (§2.23: there may be several) is the digest of an end. */
function isTranslated(payloads: readonly Payload[], type: number, seen: Uint8Array): boolean {
  const claims = findAll(payloads, 'N').filter((one) => one.type === type);
  return claims.length > 0 && !claims.some(({ data }) => equal(data, seen));
}

const { NAT_DETECTION_SOURCE_IP, NAT_DETECTION_DESTINATION_IP } = NotifyType;

/**
 * `forces`: ESP goes in UDP even where there is no NAT, for networks that let nothing else pass. The
 * peer is made to believe in one before us (§2.23: by a digest that fits no address).
 */
export const natDetection = (forces: boolean): Extension => ({
  name: 'NAT detection',
  outgoing(message, sa) {
    if (!message.startsWith('IKE_SA_INIT')) return [];
    const { local, remote } = sa.path;
    const source = forces ? NO_DIGEST : digest(message, sa, local);
    return [
      notifyPayload(NAT_DETECTION_SOURCE_IP, source),
      notifyPayload(NAT_DETECTION_DESTINATION_IP, digest(message, sa, remote)),
    ];
  },
  incoming(message, sa, payloads) {
    if (!message.startsWith('IKE_SA_INIT')) return undefined;
    const { local, remote } = sa.path;
    const knowsOfNat = findNotify(payloads, NAT_DETECTION_DESTINATION_IP) !== undefined;
    sa.nat = {
      peer: isTranslated(payloads, NAT_DETECTION_SOURCE_IP, digest(message, sa, remote)),
      we:
        (forces && knowsOfNat) ||
        isTranslated(payloads, NAT_DETECTION_DESTINATION_IP, digest(message, sa, local)),
    };
    return undefined;
  },
});
