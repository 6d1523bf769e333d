/**
 * An IKE SA without a tunnel (RFC 6023): a responder that takes IKE_AUTH without SA, TSi and TSr says
 * so in IKE_SA_INIT. As an extension.
 */
import type { Extension } from './extension.js';
import { findNotify, notifyPayload } from './payloads/payload.js';
import { NotifyType } from './registries/notifies.js';

const { CHILDLESS_IKEV2_SUPPORTED } = NotifyType;

export const childless: Extension = {
  name: 'childless',
  outgoing: (message) =>
    message === 'IKE_SA_INIT response' ? [notifyPayload(CHILDLESS_IKEV2_SUPPORTED)] : [],
  incoming(message, sa, payloads) {
    if (message === 'IKE_SA_INIT response')
      sa.takesChildless = findNotify(payloads, CHILDLESS_IKEV2_SUPPORTED) !== undefined;
    return undefined;
  },
};
