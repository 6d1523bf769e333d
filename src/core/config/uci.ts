/**
 * Reads a UCI file, as libuci does: `package`, `config`, `option` and `list` statements, one a line
 * or parted by `;`, words bare, 'in single' or "in double" quotes or glued from several of these.
 * Text in, sections out; what they mean is `load.ts`'s matter.
 */
import { printable } from '../bytes/text.js';

export interface UciOption {
  name: string;
  /** Whether it was last written as `option` (one value) or `list`. */
  kind: 'option' | 'list';
  values: string[];
  /** Line of its (last) statement, from 1. */
  line: number;
}

export interface UciSection {
  type: string;
  /** Empty for an anonymous section. */
  name: string;
  /** Line of its (first) `config` statement, from 1. */
  line: number;
  options: Map<string, UciOption>;
}

export interface UciError {
  line: number;
  message: string;
}

export type UciResult = { ok: true; sections: UciSection[] } | { ok: false; error: UciError };

/** Longest file that is read, in characters; a real one has a few thousand. */
export const maxUciLength = 256 * 1024;

class SyntaxFault extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

interface Statement {
  words: string[];
  line: number;
}

/** Splits text into statements; the reader keeps the line number for errors. */
class Reader {
  private at = 0;
  private line = 1;

  constructor(private readonly text: string) {}

  /** The next statement with at least one word; `undefined` at the end. */
  next(): Statement | undefined {
    while (this.at < this.text.length) {
      const line = this.line;
      const words = this.statement();
      if (words.length > 0) return { words, line };
    }
    return undefined;
  }

  private statement(): string[] {
    const words: string[] = [];
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (char === '\n' || char === ';') {
        this.take();
        break;
      }
      if (char === '#') this.skipComment();
      else if (this.isSpace(char)) this.take();
      else if (this.isContinuation()) this.skipContinuation();
      else words.push(this.word());
    }
    return words;
  }

  private word(): string {
    let word = '';
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (char === '\n' || char === ';' || char === '#' || this.isSpace(char)) break;
      if (char === "'") word += this.quoted("'", false);
      else if (char === '"') word += this.quoted('"', true);
      else if (this.isContinuation()) this.skipContinuation();
      else if (char === '\\') word += this.escaped();
      else word += this.take();
    }
    return word;
  }

  /** What stands between quotes; it may reach over several lines. */
  private quoted(quote: string, hasEscapes: boolean): string {
    const start = this.line;
    this.take();
    let inside = '';
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (char === quote) {
        this.take();
        return inside;
      }
      if (hasEscapes && this.isContinuation()) this.skipContinuation();
      else inside += hasEscapes && char === '\\' ? this.escaped() : this.take();
    }
    throw new SyntaxFault(start, `the quote ${quote} is never closed`);
  }

  private escaped(): string {
    this.take();
    if (this.at >= this.text.length)
      throw new SyntaxFault(this.line, 'the file ends in a backslash');
    return this.take();
  }

  private take(): string {
    const char = this.text[this.at++]!;
    if (char === '\n') this.line++;
    return char;
  }

  private isSpace = (char: string) => char === ' ' || char === '\t' || char === '\r';

  private isContinuation = () => this.text.startsWith('\\\n', this.at);

  private skipContinuation(): void {
    this.take();
    this.take();
  }

  private skipComment(): void {
    while (this.at < this.text.length && this.text[this.at] !== '\n') this.at++;
  }
}

const NAME = /^[A-Za-z0-9_]+$/;
const TYPE = /^[!-~]+$/;

/** How many words may follow each keyword. */
const statements: Readonly<Record<string, { least: number; most: number; form: string }>> = {
  package: { least: 1, most: 1, form: "package 'NAME'" },
  config: { least: 1, most: 2, form: "config TYPE 'NAME'" },
  option: { least: 2, most: 2, form: "option NAME 'VALUE'" },
  list: { least: 2, most: 2, form: "list NAME 'VALUE'" },
};

function checkForm({ words, line }: Statement): void {
  const [keyword = '', ...rest] = words;
  const known = Object.hasOwn(statements, keyword) ? statements[keyword] : undefined;
  if (!known)
    throw new SyntaxFault(
      line,
      `'${printable(keyword, 40)}' is no statement; known are package, config, option, list`,
    );
  if (rest.length < known.least || rest.length > known.most)
    throw new SyntaxFault(line, `'${keyword}' has ${rest.length} words after it: ${known.form}`);
  const name = keyword === 'config' ? rest[1] : keyword === 'package' ? undefined : rest[0];
  if (name && !NAME.test(name))
    throw new SyntaxFault(
      line,
      `name '${printable(name, 40)}' may have letters, digits and underscores only`,
    );
  if (keyword === 'config' && !TYPE.test(rest[0]!))
    throw new SyntaxFault(line, `section type '${printable(rest[0]!, 40)}' is not printable text`);
}

/** Opens a section; one that was named before goes on, as in libuci. */
function openSection(sections: UciSection[], { words, line }: Statement): UciSection {
  const [, type = '', name = ''] = words;
  const before = name === '' ? undefined : sections.find((section) => section.name === name);
  if (before && before.type !== type)
    throw new SyntaxFault(
      line,
      `section '${name}' is a '${printable(type, 40)}' here and a '${printable(before.type, 40)}' in line ${before.line}`,
    );
  if (before) return before;
  const section = { type, name, line, options: new Map<string, UciOption>() };
  sections.push(section);
  return section;
}

function setOption(section: UciSection, { words, line }: Statement): void {
  const [keyword, name = '', value = ''] = words;
  const kind = keyword === 'list' ? 'list' : 'option';
  const earlier = kind === 'list' ? (section.options.get(name)?.values ?? []) : [];
  section.options.set(name, { name, kind, values: [...earlier, value], line });
}

function readSections(text: string): UciSection[] {
  const reader = new Reader(text);
  const sections: UciSection[] = [];
  let current: UciSection | undefined;
  for (let statement = reader.next(); statement; statement = reader.next()) {
    checkForm(statement);
    const keyword = statement.words[0];
    if (keyword === 'package') current = undefined;
    else if (keyword === 'config') current = openSection(sections, statement);
    else if (current) setOption(current, statement);
    else throw new SyntaxFault(statement.line, `'${keyword}' stands before the first 'config'`);
  }
  return sections;
}

/** Reads a whole file. One error ends it, as in libuci, which refuses such a file altogether. */
export function parseUci(text: string): UciResult {
  if (text.length > maxUciLength) {
    const message = `${text.length} characters, more than the ${maxUciLength} that are read`;
    return { ok: false, error: { line: 1, message } };
  }
  try {
    return { ok: true, sections: readSections(text) };
  } catch (fault) {
    if (!(fault instanceof SyntaxFault)) throw fault;
    return { ok: false, error: { line: fault.line, message: fault.message } };
  }
}
