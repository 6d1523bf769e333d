/**
 * The part of QuickJS's modules `std` and `os` that the platform uses, as of 2025-04-26 (the same in
 * 2026-06-04). Functions of `os` give a negative errno where they fail, unless said otherwise.
 */
declare module 'std' {
  interface OutputFile {
    puts(text: string): void;
    flush(): void;
  }
  export const out: OutputFile;
  export const err: OutputFile;
  export function exit(status: number): never;
  export function getenv(name: string): string | undefined;
  export function strerror(errno: number): string;
}

declare module 'os' {
  export const O_RDONLY: number;
  export const O_WRONLY: number;
  export const O_CREAT: number;
  export const O_EXCL: number;
  export const SIGINT: number;
  export const SIGTERM: number;
  export const SIGUSR1: number;
  export const SIGPIPE: number;
  export const SIGCHLD: number;
  export const WNOHANG: number;

  /** A file descriptor. */
  export function open(path: string, flags: number, mode?: number): number;
  export function close(fd: number): number;
  export function read(fd: number, buffer: ArrayBufferLike, offset: number, length: number): number;
  export function write(
    fd: number,
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ): number;
  export function remove(path: string): number;
  export function rename(from: string, to: string): number;
  export function mkdir(path: string, mode?: number): number;
  /** Names with `.` and `..`, and a positive errno or 0. */
  export function readdir(path: string): [string[], number];
  /** Facts of a file, or null, and a positive errno or 0. */
  export function stat(path: string): [{ mode: number; size: number } | null, number];

  /** One handler per descriptor; null takes it away. Called again and again while it is ready. */
  export function setReadHandler(fd: number, run: (() => void) | null): void;
  export function setWriteHandler(fd: number, run: (() => void) | null): void;
  export function signal(number: number, run: (() => void) | null | undefined): void;
  /** Milliseconds of CLOCK_MONOTONIC, with fraction. */
  export function now(): number;
  export function setTimeout(run: () => void, delayMs: number): number;
  export function clearTimeout(timer: number): void;

  /** Read end and write end; null when there are no more descriptors. */
  export function pipe(): [number, number] | null;
  /** With `block: false` the process id. A program that is not there exits with status 127. */
  export function exec(
    argv: readonly string[],
    options: { block: false; usePath: boolean; stdin: number; stdout: number; stderr: number },
  ): number;
  /** Process id (0: still running, negative: errno) and the raw wait status. */
  export function waitpid(pid: number, options: number): [number, number];
  export function kill(pid: number, signal: number): number;
  export function getpid(): number;
}

/** The script's path and its arguments. */
declare const scriptArgs: readonly string[];
