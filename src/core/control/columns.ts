/** Text in columns and wrapped sentences, for terminals. */

/** Widest line that is printed, where single words allow it. */
export const lineWidth = 100;

/**
 * Last line of defence before a terminal: control characters and direction marks become `?`. Text of
 * strangers has been escaped before (`printable`); this keeps our own sentences readable.
 */
export const plain = (text: string): string =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g,
    '?',
  );

/** Rows as aligned lines, two spaces between columns, no space at line ends. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map(plain));
  const widths: number[] = [];
  for (const row of clean)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return clean.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}

/** A sentence broken at spaces; every line begins with `indent` spaces, the first with `first`. */
export function wrap(sentence: string, indent: number, first = ''): string[] {
  const lines: string[] = [];
  let line = first.padEnd(indent);
  let isEmpty = true;
  for (const word of plain(sentence).split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > lineWidth) {
      lines.push(line);
      line = ' '.repeat(indent);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

const spans = [
  { one: 'day', many: 'days', size: 86400 },
  { one: 'hour', many: 'hours', size: 3600 },
  { one: 'min', many: 'min', size: 60 },
  { one: 's', many: 's', size: 1 },
];

/** `90061` as `1 day 1 hour`: the two largest units. */
export function duration(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const { one, many, size } of spans) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${count === 1 ? one : many}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ') || '0 s';
}

/** `12345` bytes as `12.3 kB` (powers of 1000). */
export function byteCount(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
