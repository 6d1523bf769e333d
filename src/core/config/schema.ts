/**
 * One description of every option: from it come validation, defaults, documentation and the form in
 * LuCI. An option reads one UCI value (text) into a typed value, or says what it allows. The kinds of
 * options are in `options.ts`; the core's own sections in `sections.ts`; a plugin brings its own.
 */

/** A value, or the sentence that tells what would have been allowed. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; allowed: string };

export interface Option<T> {
  /** Name in UCI: letters, digits, underscore. */
  readonly uci: string;
  readonly default: T;
  /** One sentence for the documentation and the form. */
  readonly help: string;
  /** What may be written, for documentation and errors: `0..86400 seconds`. */
  readonly allowed: string;
  /** The default as a person would write it in UCI; empty for none. */
  readonly defaultText: string;
  /** `list` options take every `list` line, others the last `option` line. */
  readonly isList: boolean;
  /** Gets all values (one, unless `isList`). */
  parse(values: readonly string[]): Parsed<T>;
}

export type Options<T> = { readonly [K in keyof T]: Option<T[K]> };

/** A section of the file: its UCI type, what it is for, and its options. */
export interface SectionSchema<T> {
  readonly type: string;
  /** The one name it must have; any name, or none, when absent. */
  readonly name?: string;
  readonly help: string;
  readonly options: Options<T>;
}

export * from './options.js';
