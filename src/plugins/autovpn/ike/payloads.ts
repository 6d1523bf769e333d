/**
 * The payloads and the notification that AutoVPN adds to IKEv2 (§8.1.1, §8.1.2, §8.2). Their numbers are
 * private and can be configured (AV-A4 to AV-A8).
 */
import { equal } from '../../../core/bytes/bytes.js';
import { fromHex } from '../../../core/bytes/hex.js';
import { findAll, type Payload } from '../../../core/ike/payloads/payload.js';
import { cleanContact, contactBody } from '../trust/contact.js';
import type { TrustOptions } from '../trust/options.js';

/** AV-69: octets of a nonce. */
export const shortestNonce = 8;
export const longestNonce = 64;

/** AV-A7: not critical, so that others can still talk ordinary IKE. */
const own = (type: number, body: Uint8Array): Payload => ({
  kind: 'Unknown',
  type,
  isCritical: false,
  body,
});

const bodyOf = (payloads: readonly Payload[], type: number): Uint8Array | undefined => {
  const found = payloads.find((one) => one.kind === 'Unknown' && one.type === type);
  return found?.kind === 'Unknown' ? found.body : undefined;
};

type Numbers = Pick<
  TrustOptions,
  'ikePayloadNonce' | 'ikePayloadContact' | 'ikeVendorId' | 'contactMax' | 'contactDetails'
>;

export function createPayloads(numbers: Numbers) {
  const { ikePayloadNonce, ikePayloadContact, contactMax, contactDetails } = numbers;
  const vendor = fromHex(numbers.ikeVendorId);
  return {
    types: [ikePayloadNonce, ikePayloadContact],
    /** AV-109: the octets of Nonce-R and nothing else. */
    nonce: (nonceR: Uint8Array): Payload => own(ikePayloadNonce, nonceR),
    /** Of any length; `undefined` when there is no such payload. */
    nonceIn: (payloads: readonly Payload[]) => bodyOf(payloads, ikePayloadNonce),
    vendor: (): Payload => ({ kind: 'V', data: vendor }),
    hasVendor: (payloads: readonly Payload[]): boolean =>
      findAll(payloads, 'V').some(({ data }) => equal(data, vendor)),
    /** None without a text (AV-112). */
    contact: (): Payload[] =>
      contactDetails === ''
        ? []
        : [own(ikePayloadContact, contactBody(contactDetails, contactMax))],
    /** Clean text; `undefined` when the peer says nothing. */
    contactIn(payloads: readonly Payload[]): string | undefined {
      const body = bodyOf(payloads, ikePayloadContact);
      return body && cleanContact(body, contactMax);
    },
  };
}

export type AutovpnPayloads = ReturnType<typeof createPayloads>;
