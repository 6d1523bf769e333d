/**
 * Keys as lines of the tables that Wireshark and tshark read, so that a capture can be looked into:
 * `ikev2_decryption_table` and `esp_sa`, one line for each SA. For debugging, never on by itself.
 */
import { toHex } from '../bytes/hex.js';
import type { ChildSa, EspKeys, EspSa } from '../kernel/child-sa.js';
import { familyOf, type IpAddress } from '../net/address.js';
import type { IkeKeys } from './crypto/keymat.js';
import type { IkeSuite } from './proposals/choose.js';

/** Where lines go. They are secret. */
export interface KeyLog {
  write(table: KeyTable, line: string): void;
}

/** Named as Wireshark names the files. */
export type KeyTable = 'ikev2_decryption_table' | 'esp_sa';

interface KeyedSa {
  readonly spiInitiator: Uint8Array;
  readonly spiResponder: Uint8Array;
  readonly suite: IkeSuite | undefined;
  readonly keys: IkeKeys | undefined;
}

/** IANA numbers of encryption, and what Wireshark calls it; `$` stands for the key's bits. */
const ikeEncryption: Readonly<Record<number, string>> = {
  3: '3DES [RFC2451]',
  12: 'AES-CBC-$ [RFC3602]',
  13: 'AES-CTR-$ [RFC5930]',
  14: 'AES-CCM-$ with 8 octet ICV [RFC5282]',
  15: 'AES-CCM-$ with 12 octet ICV [RFC5282]',
  16: 'AES-CCM-$ with 16 octet ICV [RFC5282]',
  18: 'AES-GCM-$ with 8 octet ICV [RFC5282]',
  19: 'AES-GCM-$ with 12 octet ICV [RFC5282]',
  20: 'AES-GCM-$ with 16 octet ICV [RFC5282]',
};

const ikeIntegrity: Readonly<Record<number, string>> = {
  0: 'NONE [RFC4306]',
  2: 'HMAC_SHA1_96 [RFC2404]',
  12: 'HMAC_SHA2_256_128 [RFC4868]',
  13: 'HMAC_SHA2_384_192 [RFC4868]',
  14: 'HMAC_SHA2_512_256 [RFC4868]',
};

/** The kernel's names, and Wireshark's. */
const espEncryption: Readonly<Record<string, string>> = {
  'rfc4106(gcm(aes))': 'AES-GCM with 16 octet ICV [RFC4106]',
  'cbc(aes)': 'AES-CBC [RFC3602]',
  'rfc3686(ctr(aes))': 'AES-CTR [RFC3686]',
};

const espIntegrity: Readonly<Record<string, string>> = {
  'hmac(sha1)': 'HMAC-SHA-1-96 [RFC2404]',
  'hmac(sha256)': 'HMAC-SHA-256-128 [RFC4868]',
  'hmac(sha384)': 'HMAC-SHA-384-192 [RFC4868]',
  'hmac(sha512)': 'HMAC-SHA-512-256 [RFC4868]',
};

/** A line that Wireshark skips when it lacks the algorithm: one bad line spoils its whole table. */
const lineOf = (known: boolean, fields: readonly string[]): string =>
  `${known ? '' : '# '}${fields.join(',')}`;

const quoted = (text: string): string => `"${text}"`;

/** SPIs, SK_ei, SK_er, encryption, SK_ai, SK_ar, integrity. */
function ikeLine({ spiInitiator, spiResponder }: KeyedSa, suite: IkeSuite, keys: IkeKeys): string {
  const { id, keyBits, integrityId = 0, name } = suite.cipher;
  const encryption = ikeEncryption[id]?.replace('$', String(keyBits));
  const integrity = ikeIntegrity[integrityId];
  const { initiator, responder } = keys;
  return lineOf(encryption !== undefined && integrity !== undefined, [
    ...[spiInitiator, spiResponder, initiator.encryption, responder.encryption].map(toHex),
    quoted(encryption ?? name),
    ...[initiator.integrity, responder.integrity].map(toHex),
    quoted(integrity ?? String(integrityId)),
  ]);
}

function espAlgorithms(keys: EspKeys): {
  names: readonly [string | undefined, string | undefined];
  kernelName: string;
  keys: readonly [Uint8Array, Uint8Array | undefined];
} {
  if (keys.kind === 'aead')
    return {
      names: [espEncryption[keys.name], 'NULL'],
      kernelName: keys.name,
      keys: [keys.key, undefined],
    };
  return {
    names: [espEncryption[keys.encryption], espIntegrity[keys.integrity]],
    kernelName: `${keys.encryption} ${keys.integrity}`,
    keys: [keys.encryptionKey, keys.integrityKey],
  };
}

/** Protocol, source, destination, SPI, encryption and key, integrity and key. */
function espLine(from: IpAddress, to: IpAddress, sa: EspSa): string {
  const { names, kernelName, keys } = espAlgorithms(sa.keys);
  const [encryption, integrity] = names;
  const spi = `0x${sa.spi.toString(16).padStart(8, '0')}`;
  const key = (bytes: Uint8Array | undefined) => quoted(bytes ? `0x${toHex(bytes)}` : '');
  return lineOf(encryption !== undefined && integrity !== undefined, [
    quoted(familyOf(from) === 4 ? 'IPv4' : 'IPv6'),
    ...[from, to, spi, encryption ?? kernelName].map(quoted),
    key(keys[0]),
    quoted(integrity ?? ''),
    key(keys[1]),
  ]);
}

/** Keys that have been told. Held weakly: what is forgotten elsewhere is forgotten here. */
const told = new WeakSet<IkeKeys>();

/** Tells the keys of an IKE SA once it has them, and once only. */
export function logIkeKeys(log: KeyLog | undefined, sa: KeyedSa): void {
  if (!log || !sa.suite || !sa.keys || told.has(sa.keys)) return;
  told.add(sa.keys);
  log.write('ikev2_decryption_table', ikeLine(sa, sa.suite, sa.keys));
}

/** Tells the keys of both directions of a Child SA. */
export function logChildKeys(log: KeyLog | undefined, sa: ChildSa): void {
  log?.write('esp_sa', espLine(sa.remote, sa.local, sa.inbound));
  log?.write('esp_sa', espLine(sa.local, sa.remote, sa.outbound));
}
