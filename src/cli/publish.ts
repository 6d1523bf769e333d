/**
 * Which DNS records this router should publish (IK-9): what strangers look up to find it, to check
 * its signature (KEY, IPSECKEY) and to see for whom it may speak (TXT, IPSECKEY).
 */
import { toBase64 } from '../core/bytes/base64.js';
import { utf8 } from '../core/bytes/text.js';
import {
  type IpseckeyGateway,
  ipseckeyKeyFields,
  writeIpseckey,
} from '../core/dns/ipseckey-record.js';
import { ipsecKeyRecord, keyRecord } from '../core/dns/key-record.js';
import { ipseckeyLine, keyLine, txtLine } from '../core/dns/presentation.js';
import { cutStrings, writeTxt } from '../core/dns/txt-record.js';
import { formatPrefix, type IpAddress, type Prefix, reverseName } from '../core/net/address.js';
import { writeDnsKey } from '../core/pki/dns-key.js';
import type { PublicKey } from '../core/pki/public-key.js';

export type RecordKind = 'TXT' | 'KEY' | 'IPSECKEY';

export interface PlannedRecord {
  kind: RecordKind;
  /** Name it is published at, without a final dot. */
  owner: string;
  /** As a line of a zone file. */
  line: string;
  /** Its data, as on the wire. */
  data: Uint8Array;
}

/** Records with one purpose, which a comment tells. */
export interface RecordGroup {
  purpose: string;
  records: PlannedRecord[];
}

/** Our gateway as others name it. */
export type Gateway = { address: IpAddress } | { fqdn: string };

/** Preference of everything printed here; with several gateways the administrator changes it. */
const PRECEDENCE = 10;

const gatewayText = (gateway: Gateway): string =>
  'fqdn' in gateway ? `@${gateway.fqdn}` : gateway.address;

/** Only RSA keys have a form in TXT and KEY records (OE-69, OE-80). */
const isRsa = (key: PublicKey): key is PublicKey & { type: 'rsa' } => key.type === 'rsa';

/** `X-IPsec-Server(10)=192.0.2.1 AQMM…`, fields parted by one space (OE-69, OE-73, OE-74). */
export const delegationText = (gateway: Gateway, key: PublicKey & { type: 'rsa' }): string =>
  `X-IPsec-Server(${PRECEDENCE})=${gatewayText(gateway)} ${toBase64(writeDnsKey(key))}`;

function txt(owner: string, gateway: Gateway, key: PublicKey & { type: 'rsa' }): PlannedRecord {
  const text = utf8(delegationText(gateway, key));
  const data = writeTxt(cutStrings(text));
  return { kind: 'TXT', owner, line: txtLine(owner, text), data };
}

function key(owner: string, of: PublicKey & { type: 'rsa' }): PlannedRecord {
  const record = ipsecKeyRecord(of);
  return { kind: 'KEY', owner, line: keyLine(owner, record), data: keyRecord.write(record) };
}

function ipseckey(owner: string, gateway: IpseckeyGateway, of: PublicKey): PlannedRecord {
  const record = { precedence: PRECEDENCE, gateway, ...ipseckeyKeyFields(of) };
  const line = ipseckeyLine(owner, record);
  return { kind: 'IPSECKEY', owner, line, data: writeIpseckey(record) };
}

const ipseckeyGateway = (gateway: Gateway): IpseckeyGateway =>
  'fqdn' in gateway
    ? { kind: 'name', name: gateway.fqdn }
    : { kind: 'address', address: gateway.address };

/** For the router itself, and for all whom it hides behind this address (masquerading). */
export function ownAddressRecords(own: IpAddress, keys: readonly PublicKey[]): RecordGroup[] {
  const owner = reverseName(own);
  const gateway = { address: own };
  const rsa = keys.filter(isRsa);
  return [
    {
      purpose: `Who sends to ${own} shall encrypt, and ${own} itself is the gateway: for the router and for the hosts that are hidden behind this address. TXT is the older form, IPSECKEY the newer one.`,
      records: [
        ...rsa.map((each) => txt(owner, gateway, each)),
        ...keys.map((each) => ipseckey(owner, { kind: 'none' }, each)),
      ],
    },
    {
      purpose: `The key with which ${own} signs, for peers that it calls and that read KEY records.`,
      records: rsa.map((each) => key(owner, each)),
    },
  ].filter((group) => group.records.length > 0);
}

/** For a router that is known by a name: the name's key, which proves it when it calls (OE-106). */
export function ownNameRecords(fqdn: string, keys: readonly PublicKey[]): RecordGroup[] {
  return [
    {
      purpose: `The key with which ${fqdn} signs, for peers that it calls. Its address needs no record for that, but nobody will call it without one there.`,
      records: [
        ...keys.filter(isRsa).map((each) => key(fqdn, each)),
        ...keys.map((each) => ipseckey(fqdn, { kind: 'none' }, each)),
      ],
    },
  ];
}

/** The owner name for a host, or the wildcard for a block that ends at a label. */
export function ownerOf(client: Prefix): string {
  const isIpv6 = client.address.includes(':');
  const labels = reverseName(client.address).split('.');
  const step = isIpv6 ? 4 : 8;
  const dropped = ((isIpv6 ? 128 : 32) - client.length) / step;
  const rest = labels.slice(dropped).join('.');
  return dropped === 0 ? rest : `*.${rest}`;
}

/** For hosts behind this router with public addresses of their own (OE-68, OE-140). */
export function clientRecords(
  client: Prefix,
  gateway: Gateway,
  keys: readonly PublicKey[],
): RecordGroup[] {
  const owner = ownerOf(client);
  const isBlock = owner.startsWith('*');
  const who = isBlock ? formatPrefix(client) : client.address;
  const note = isBlock
    ? ' The wildcard counts only for addresses without any record of their own (PTR too).'
    : '';
  const name = 'fqdn' in gateway ? gateway.fqdn : gateway.address;
  return [
    {
      purpose: `Who sends to ${who} shall encrypt with the gateway ${name}, and ${name} may speak for ${who}.${note}`,
      records: [
        ...keys.filter(isRsa).map((each) => txt(owner, gateway, each)),
        ...keys.map((each) => ipseckey(owner, ipseckeyGateway(gateway), each)),
      ],
    },
  ];
}
