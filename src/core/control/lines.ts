/**
 * Newline-delimited JSON over a byte stream: how the command line and the daemon talk. A line has a
 * longest length, so a stranger at the socket can not fill the memory.
 */
import { concat } from '../bytes/bytes.js';
import { fromUtf8, utf8 } from '../bytes/text.js';

/** Longest request, in bytes: a command with an address or a name. */
export const maxRequestBytes = 4096;
/** Longest response, in bytes: a status with many thousand connections. */
export const maxResponseBytes = 32 * 1024 * 1024;

const NEWLINE = 10;

/** Cuts a stream into lines. After an overflow nothing more is taken. */
export class LineReader {
  private parts: Uint8Array[] = [];
  private length = 0;
  private isBroken = false;

  constructor(private readonly limit: number) {}

  /** The lines that end in `bytes`; `undefined` when one is longer than the limit. */
  push(bytes: Uint8Array): string[] | undefined {
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      if (!this.keep(bytes.subarray(from, end))) return undefined;
      lines.push(fromUtf8(concat(...this.parts)));
      this.parts = [];
      this.length = 0;
      from = end + 1;
    }
    return this.keep(bytes.subarray(from)) ? lines : undefined;
  }

  private keep(part: Uint8Array): boolean {
    this.length += part.length;
    if (this.length > this.limit) this.isBroken = true;
    if (this.isBroken) {
      this.parts = [];
      return false;
    }
    // The caller may use its buffer again
    if (part.length > 0) this.parts.push(part.slice());
    return true;
  }
}

/** One value as a line. JSON has no line ends of its own outside of escapes. */
export const jsonLine = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value)}\n`);

/** The value of a line; `undefined` when it is no JSON (which has no such value). */
export function parseJsonLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
