/** SIGNATURE_HASH_ALGORITHMS (RFC 7427 §4) in both messages of IKE_SA_INIT, as an extension. */
import { concat, uintBytes } from '../bytes/bytes.js';
import { supportedHashes } from './crypto/signature.js';
import type { Extension } from './extension.js';
import { findNotify, notifyPayload } from './payloads/payload.js';
import { NotifyType } from './registries/notifies.js';

const own = concat(...supportedHashes.map((number) => uintBytes(number, 2)));

/** Two bytes each; a last odd byte is no number. */
const readHashes = (data: Uint8Array): number[] =>
  Array.from({ length: data.length >> 1 }, (_, i) => data[2 * i]! * 256 + data[2 * i + 1]!);

export const signatureHashes: Extension = {
  name: 'signature hashes',
  outgoing: (message) =>
    message.startsWith('IKE_SA_INIT')
      ? [notifyPayload(NotifyType.SIGNATURE_HASH_ALGORITHMS, own)]
      : [],
  incoming(message, sa, payloads) {
    if (!message.startsWith('IKE_SA_INIT')) return undefined;
    const notify = findNotify(payloads, NotifyType.SIGNATURE_HASH_ALGORITHMS);
    sa.peerHashes = notify && readHashes(notify.data);
    return undefined;
  },
};
