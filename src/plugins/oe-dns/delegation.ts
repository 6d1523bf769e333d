/**
 * The TXT record by which a client names its gateway
 * (draft-richardson-ipsec-opportunistic §5.2, RFC 1464 style):
 *
 *   X-IPsec-Server(10)=192.0.2.1 AQMM…3s1Q==       gateway by address, its RSA key inline
 *   X-IPsec-Server(10)=@gw.example.org AQMM…       gateway by name
 *   X-IPsec-Server=2001:db8::1                     no preference, key in the gateway's KEY record
 *   X-IPsec-Server(10)=192.0.2.1 @gw.example.org   key in the KEY record of that name (SP-9)
 */
import { fromBase64 } from '../../core/bytes/base64.js';
import { parseName } from '../../core/dns/name.js';
import { type IpAddress, parseAddress } from '../../core/net/address.js';
import { readDnsKey } from '../../core/pki/dns-key.js';
import type { PublicKey } from '../../core/pki/public-key.js';

/** Where a gateway is: an address, or a name that is its identity too. */
export type GatewayName = { address: IpAddress } | { fqdn: string };

export interface Delegation {
  /** Lower is tried first; without one the record comes last. */
  precedence: number;
  gateway: GatewayName;
  /** Absent: look at the KEY record of `keyName`, or of the gateway. */
  key?: PublicKey;
  keyName?: string;
}

/** A text that is no delegation at all is `other`: TXT records serve many (OE-70). */
export type ParsedDelegation =
  | { kind: 'delegation'; delegation: Delegation }
  | { kind: 'other' }
  | { kind: 'malformed'; why: string };

/** Records without precedence come after all that have one (SP-8). */
export const noPrecedence = 65536;

const attribute = /^x-ipsec-server[ \t\r\n]*(?:\(([^)]*)\))?[ \t\r\n]*=([\s\S]*)$/i;
const separators = /[ \t\r\n]+/;

const malformed = (why: string): ParsedDelegation => ({ kind: 'malformed', why });

/** `@name` without the sign and a final dot, lower case; `undefined` where it is no host name. */
function atName(text: string): string | undefined {
  const name = parseName(text.slice(1));
  return name.ok && name.value !== '' ? name.value : undefined;
}

function readGateway(text: string): GatewayName | undefined {
  if (text.startsWith('@')) {
    const fqdn = atName(text);
    return fqdn === undefined ? undefined : { fqdn };
  }
  const address = parseAddress(text);
  return address && { address };
}

/** The key part: nothing, `@name`, or base64 in which white space counts for nothing (OE-77). */
function readKey(text: string): Pick<Delegation, 'key' | 'keyName'> | undefined {
  if (text === '') return {};
  if (text.startsWith('@')) {
    const keyName = atName(text);
    return keyName === undefined ? undefined : { keyName };
  }
  const bytes = fromBase64(text);
  const key = bytes && readDnsKey('rsa', bytes);
  return key?.ok ? { key: key.value } : undefined;
}

/** Reads one TXT record, its strings joined already (OE-76). Never throws. */
export function parseDelegation(text: string): ParsedDelegation {
  const match = attribute.exec(text.trim());
  if (!match) return { kind: 'other' };
  const [, precedenceText, rest = ''] = match;
  if (precedenceText !== undefined && !/^\s*\d{1,5}\s*$/.test(precedenceText))
    return malformed('the precedence is not a number from 0 to 65535');
  const precedence = precedenceText === undefined ? noPrecedence : Number(precedenceText);
  if (precedence > noPrecedence || precedenceText === `${noPrecedence}`)
    return malformed('the precedence is above 65535');
  const [gatewayText = '', ...keyParts] = rest.trim().split(separators);
  const gateway = readGateway(gatewayText);
  if (!gateway) return malformed('the gateway is neither an address nor @name');
  const key = readKey(keyParts.join(''));
  if (!key) return malformed('the key is neither an RSA key in base64 nor @name');
  return { kind: 'delegation', delegation: { precedence, gateway, ...key } };
}
