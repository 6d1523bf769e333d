/** PEM (RFC 7468): one labelled block of base64. */
import { fromBase64, toBase64 } from '../bytes/base64.js';

export interface PemBlock {
  /** `PRIVATE KEY`, `CERTIFICATE` … */
  label: string;
  content: Uint8Array;
}

export function toPem(label: string, content: Uint8Array): string {
  const lines = toBase64(content).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** The first block; text around it is skipped. `undefined` when there is none, or it is no base64. */
export function fromPem(text: string): PemBlock | undefined {
  const block = /-----BEGIN ([A-Z0-9 ]+)-----\s([A-Za-z0-9+/=\s]*)-----END \1-----/.exec(text);
  const content = block && fromBase64(block[2]!);
  return content ? { label: block[1]!, content } : undefined;
}
