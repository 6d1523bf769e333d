/// <reference path="./quickjs.d.ts" />
/** QuickJS's two modules, and how their errors are told. Nothing outside this folder imports them. */
// biome-ignore lint/style/useNodejsImportProtocol: QuickJS's module, not Node's
import * as os from 'os';
import * as std from 'std';

export { os, std };

/** errno of a missing file; the same number on every Linux. */
export const ENOENT = 2;
export const EINTR = 4;
export const EEXIST = 17;

/** `call PATH: No such file or directory` as an `Error`; `errno` may have either sign. */
export const failure = (call: string, what: string, errno: number): Error =>
  new Error(`${call} ${what}: ${std.strerror(Math.abs(errno))}`);

/** Gives a result of `os` back, or throws when it is a negated errno. */
export function checked(call: string, what: string, result: number): number {
  if (result < 0) throw failure(call, what, result);
  return result;
}

/** select(2), on which QuickJS waits, knows no higher descriptor. */
export const FD_LIMIT = 1024;
