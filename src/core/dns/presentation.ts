/**
 * Records as lines of a zone file (RFC 1035 §5.1) that nsd, bind and ldns load unchanged. Each line
 * stands for itself: full owner name, class, no parentheses.
 */
import { toBase64 } from '../bytes/base64.js';
import type { IpseckeyGateway, IpseckeyRecord } from './ipseckey-record.js';
import { writeGateway } from './ipseckey-record.js';
import type { KeyRecord } from './key-record.js';
import { parseName } from './name.js';
import { cutStrings } from './txt-record.js';

/** A name with its final dot. Throws on one that has no place in a zone file. */
function absoluteName(name: string): string {
  const checked = parseName(name);
  if (!checked.ok) throw new Error(checked.error);
  return `${name.replace(/\.$/, '')}.`;
}

const line = (owner: string, type: string, fields: readonly (string | number)[]): string =>
  [absoluteName(owner), 'IN', type, ...fields].join(' ');

/** One `<character-string>` in quotes; what is not printable ASCII becomes `\DDD`. */
function quoted(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === '\\') return `\\${char}`;
    return byte >= 0x20 && byte < 0x7f ? char : `\\${String(byte).padStart(3, '0')}`;
  });
  return `"${text.join('')}"`;
}

/** `text` of any length, cut into strings of 255 bytes. */
export const txtLine = (owner: string, text: Uint8Array): string =>
  line(owner, 'TXT', cutStrings(text).map(quoted));

/** Flags in decimal, since not every reader takes `0x4200`. */
export const keyLine = (owner: string, record: KeyRecord): string =>
  line(owner, 'KEY', [record.flags, record.protocol, record.algorithm, toBase64(record.publicKey)]);

function gatewayText(gateway: IpseckeyGateway): string {
  if (gateway.kind === 'none') return '.';
  return gateway.kind === 'address' ? gateway.address : absoluteName(gateway.name);
}

/** Throws for a record without key (algorithm 0): it is legal, but bind and ldns do not load it. */
export function ipseckeyLine(owner: string, record: IpseckeyRecord): string {
  const { precedence, gateway, algorithm, publicKey } = record;
  if (algorithm === 0) throw new Error('IPSECKEY without a key: bind and ldns load no such line');
  const type = writeGateway(gateway).type;
  const fields = [precedence, type, algorithm, gatewayText(gateway), toBase64(publicKey)];
  return line(owner, 'IPSECKEY', fields);
}
