/** Options of trust and of IKE. The table of peers is one for the router: those of its first WAN count. */
import { checkedList, choice, flag, number, seconds, text } from '../../../core/config/options.js';
import type { Options } from '../../../core/config/schema.js';
import { contactOctets } from './contact.js';

const day = 86_400;

/** AV-121 */
export const shortestTimeout = 7 * day;

export interface TrustOptions {
  fallbackUnknown: 'allow' | 'block';
  fallbackUnverified: 'allow' | 'block';
  fallbackTrustedCa: 'allow' | 'block';
  fallbackTrusted: 'allow' | 'block';
  unverified: 'tunnel' | 'clear';
  unverifiedTimeout: number;
  maxPeers: number;
  persistInterval: number;
  contactDetails: string;
  contactMax: number;
  authorities: readonly string[];
  managed: readonly string[];
  revoked: readonly string[];
  sharedSecret: 'manual' | 'auto';
  secretLength: number;
  secretEchoRequired: boolean;
  secretStrict: boolean;
  secretRollover: boolean;
  unknownNonce: 'ignore' | 'plain';
  ikePayloadNonce: number;
  ikePayloadContact: number;
  notifySharedSecret: number;
  ikeVendorId: string;
}

const files = (about: { uci: string; help: string }) =>
  checkedList({
    ...about,
    default: [],
    allowed: 'absolute paths of PEM files',
    isAllowed: (path) => /^\/[^\0]{1,255}$/.test(path),
  });

const payloadType = (about: { uci: string; default: number; help: string }) =>
  number({ ...about, min: 128, max: 255 });

const fallback = (uci: string, whom: string, by: 'allow' | 'block') =>
  choice({
    uci: `autovpn_fallback_${uci}`,
    default: by,
    of: ['allow', 'block'],
    help: `When no tunnel can be made with ${whom}: let the traffic go in clear, or block it for a while.`,
  });

export const trustOptions: Options<TrustOptions> = {
  fallbackUnknown: fallback('unknown', 'a peer that was never met', 'allow'),
  fallbackUnverified: fallback('unverified', 'a peer that nobody has looked at', 'allow'),
  fallbackTrustedCa: fallback('trusted_ca', 'a peer that an authority vouches for', 'allow'),
  fallbackTrusted: fallback('trusted', 'a peer that you have marked as trusted', 'block'),
  unverified: choice({
    uci: 'autovpn_unverified',
    default: 'tunnel',
    of: ['tunnel', 'clear'],
    help: 'What a peer gets that nobody has looked at: a tunnel, or none until you mark it as trusted. It is met and listed all the same; its traffic stays as it was.',
  }),
  unverifiedTimeout: seconds({
    uci: 'autovpn_unverified_timeout',
    default: 30 * day,
    min: 3600,
    max: 3650 * day,
    help: 'Forget a peer that nobody has looked at after it was not met for so long. Below a week, a peer that comes back is a stranger too easily.',
  }),
  maxPeers: number({
    uci: 'autovpn_max_peers',
    default: 500,
    min: 10,
    max: 4000,
    help: 'Peers remembered at most. Of those nobody has looked at, the one unused for longest makes room.',
  }),
  persistInterval: seconds({
    uci: 'autovpn_persist_interval',
    default: 21_600,
    help: 'Least time between two writes of what may be lost in a power cut; 0: at once. Spares the flash.',
  }),
  contactDetails: text({
    uci: 'autovpn_contact_details',
    default:
      'To find out whether this is really us, ask our administrator by other means for the fingerprint that "autoipsec autovpn own" shows there, and compare it with the one that you see here.',
    help: 'Text for the administrators of peers: who you are, and where your fingerprint can be found. Everybody on the Internet may get it.',
    allowed: 'text of up to 1024 characters',
    pattern: /^[^\0]{0,1024}$/su,
  }),
  contactMax: number({
    uci: 'autovpn_contact_max',
    default: contactOctets,
    min: 0,
    max: contactOctets,
    unit: 'octets',
    help: 'Longest such text that is sent, and kept of a peer.',
  }),
  authorities: files({
    uci: 'autovpn_authority',
    help: 'Certificates of authorities: peers with a certificate of theirs are Trusted.',
  }),
  managed: files({
    uci: 'autovpn_managed',
    help: 'Certificates of peers that belong to a VPN you configured: autovpn leaves them alone.',
  }),
  revoked: checkedList({
    uci: 'autovpn_revoked',
    default: [],
    help: 'Fingerprints of certificates that are revoked: they are forgotten and refused.',
    allowed: 'SHA-256 fingerprints, 64 hexadecimal digits each',
    isAllowed: (value) => /^[0-9a-fA-F]{64}$/.test(value.replaceAll(':', '')),
  }),
  sharedSecret: choice({
    uci: 'autovpn_shared_secret',
    default: 'manual',
    of: ['manual', 'auto'],
    help: 'Make a lasting association of each first meeting (auto), or only when told to. It ends only by removal on both sides.',
  }),
  secretLength: number({
    uci: 'autovpn_secret_length',
    default: 0,
    min: 0,
    max: 1024,
    unit: 'octets',
    help: 'Length of shared secrets; 0: one block of the negotiated PRF. Both sides must agree.',
  }),
  secretEchoRequired: flag({
    uci: 'autovpn_secret_echo_required',
    default: false,
    help: 'Only take a shared secret as agreed when the answer names it.',
  }),
  secretStrict: flag({
    uci: 'autovpn_secret_strict',
    default: true,
    help: 'Refuse a peer with a shared secret that comes with a certificate alone.',
  }),
  secretRollover: flag({
    uci: 'autovpn_secret_rollover',
    default: true,
    help: 'Take a new certificate from a peer that has proven itself with the shared secret.',
  }),
  unknownNonce: choice({
    uci: 'autovpn_unknown_nonce',
    default: 'ignore',
    of: ['ignore', 'plain'],
    help: 'A call with an AutoVPN nonce that is none of ours: no answer, or taken as any other call.',
  }),
  ikePayloadNonce: payloadType({
    uci: 'autovpn_ike_payload_nonce',
    default: 224,
    help: 'Number of the IKE payload AutoVPN Nonce. Both sides must agree.',
  }),
  ikePayloadContact: payloadType({
    uci: 'autovpn_ike_payload_contact',
    default: 225,
    help: 'Number of the IKE payload Contact Details. Both sides must agree.',
  }),
  notifySharedSecret: number({
    uci: 'autovpn_notify_shared_secret',
    default: 64_840,
    min: 40_960,
    max: 65_535,
    help: 'Number of the notification AUTOVPN_SHARED_SECRET. Both sides must agree.',
  }),
  ikeVendorId: text({
    uci: 'autovpn_ike_vendor_id',
    default: '06bbc0252d498cef8caf5bea3edc0aa120ee3506',
    help: 'Vendor ID that announces AutoVPN in IKE, hexadecimal. Both sides must agree.',
    allowed: '8 to 64 octets in hexadecimal',
    pattern: /^([0-9a-fA-F]{2}){8,64}$/,
  }),
};
