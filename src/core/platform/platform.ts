/**
 * What the daemon needs from the machine it runs on, and nothing else.
 *
 * `qjs/` implements it for the router (the only importer of QuickJS's `std` and `os`), `node/` for
 * tests, and tests may pass their own clock, timers or random source. Addresses here are raw
 * `sockaddr` bytes; `core/net` gives them a meaning.
 */

/** Time. Two clocks, because a wall clock may jump and a monotonic one means nothing to a person. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** Seconds since 1970-01-01 UTC, as the machine believes. */
  wallSeconds(): number;
}

/** A timer that has not fired. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** One-shot timers. */
export interface Timers {
  /** Calls `run` once after `delayMs` (0 or more). */
  after(delayMs: number, run: () => void): Timer;
}

/** Whole small files. Paths are absolute. */
export interface Files {
  /** The content, or `undefined` when the file does not exist. Throws on any other error. */
  read(path: string): Uint8Array | undefined;
  /**
   * Replaces the file whole: temporary file in the same folder, written through to the disk,
   * renamed. After power loss either the old or the new content is there.
   */
  writeAtomic(path: string, content: Uint8Array, mode: number): void;
  remove(path: string): void;
  /** Names in a folder, without `.` and `..`; empty when there is no such folder. */
  list(folder: string): string[];
  /** Creates the folder and its parents where missing. */
  makeFolder(path: string, mode: number): void;
}

/** How a child process ended: its exit code, or the negated number of the signal that killed it. */
export type ExitStatus = number;

export interface Child {
  readonly pid: number;
  /** Queues bytes for the child's standard input; order is kept, nothing is dropped. */
  write(bytes: Uint8Array): void;
  /** Bytes that were queued but not yet taken by the pipe: a caller's measure of back-pressure. */
  readonly pendingBytes: number;
  closeInput(): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface ChildEvents {
  output?(bytes: Uint8Array): void;
  errorOutput?(bytes: Uint8Array): void;
  exit?(status: ExitStatus): void;
}

export interface Processes {
  /**
   * Starts a program (looked up in PATH) without a shell. Throws when it can not be started;
   * a program that is not there may also show as exit status 127.
   */
  spawn(argv: readonly string[], events: ChildEvents): Child;
  /** Runs a program to its end with `input` on standard input, and gives all it printed. */
  run(argv: readonly string[], input?: Uint8Array): Promise<RunResult>;
}

export interface RunResult {
  status: ExitStatus;
  output: Uint8Array;
  errorOutput: Uint8Array;
}

/** Address families, by the numbers of Linux. */
export type SocketFamily = 'unix' | 'inet' | 'inet6' | 'netlink' | 'packet';
export type SocketType = 'stream' | 'datagram' | 'raw';

/**
 * A socket address without its family: the bytes of the C `sockaddr` after `sa_family`. Ports are
 * big-endian as on the wire; fields of netlink and scope ids are in the host's byte order.
 */
export interface RawAddress {
  family: SocketFamily;
  bytes: Uint8Array;
}

/** Where an inet datagram came in, or should leave from: raw address bytes (4 or 16) and interface. */
export interface RawLocal {
  address: Uint8Array;
  /** Kernel interface index, 0 for any. */
  interfaceIndex: number;
}

export interface RawMessage {
  bytes: Uint8Array;
  peer?: RawAddress;
  local?: RawLocal;
}

/** An error the kernel reported for a datagram we sent (IP_RECVERR): never proof, only a hint. */
export interface SocketErrorEvent {
  errno: number;
  /** `sock_extended_err.ee_origin`: 1 local, 2 ICMP, 3 ICMPv6. */
  origin: number;
  icmpType: number;
  icmpCode: number;
  /** Where the datagram had gone. */
  peer?: RawAddress;
}

export interface SocketEvents {
  message?(message: RawMessage): void;
  error?(event: SocketErrorEvent): void;
  accept?(socket: RawSocket, peer: RawAddress): void;
  /** The other end of a stream closed it, or the socket failed; no event follows. */
  close?(errno: number): void;
}

/** A call the kernel refused. `errno` is Linux's number on this machine. */
export class SocketError extends Error {
  constructor(
    readonly call: string,
    readonly errno: number,
    readonly reason: string,
  ) {
    super(`${call}: ${reason}`);
  }
}

/** An open socket. Every method that returns a promise rejects with a `SocketError`. */
export interface RawSocket {
  /** Sets who hears of messages, errors, accepts and the end. Replaces what was set before. */
  listenTo(events: SocketEvents): void;
  bind(address: RawAddress): Promise<void>;
  bindToDevice(device: string): Promise<void>;
  connect(address: RawAddress): Promise<void>;
  listen(backlog: number): Promise<void>;
  /** `level` and `name` are Linux's numbers; use `SocketConstants` for those that differ by machine. */
  setOption(level: number, name: number, value: Uint8Array): Promise<void>;
  /** Sends one datagram, or queues stream bytes. Resolves when the kernel took it. */
  send(bytes: Uint8Array, to?: RawAddress, from?: RawLocal): Promise<void>;
  /** The address the kernel gave after bind or connect. */
  localAddress(): Promise<RawAddress>;
  close(): void;
}

/** Numbers that differ between machines (MIPS has its own), as told by the socket broker. */
export interface SocketConstants {
  SOL_SOCKET: number;
  SO_REUSEADDR: number;
  SO_BROADCAST: number;
  SO_RCVBUF: number;
  SO_SNDBUF: number;
  SO_MARK: number;
  SO_RCVBUFFORCE: number;
}

export interface Sockets {
  open(family: SocketFamily, type: SocketType, protocol: number): Promise<RawSocket>;
  /** Known once the first socket was opened or `start` was awaited. */
  constants(): Promise<SocketConstants>;
  /** Called when the broker died; every socket is gone then. */
  onFailure(run: (reason: string) => void): void;
  /** Ends the broker and all sockets. */
  stop(): void;
}

export type LogLevel = 'error' | 'warning' | 'info' | 'debug';

/** Where log lines go; on a router, standard error with a level that procd passes to syslog. */
export interface LogSink {
  write(level: LogLevel, line: string): void;
}

export type SignalName = 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'SIGUSR1';

export interface Platform {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly files: Files;
  readonly processes: Processes;
  readonly sockets: Sockets;
  readonly log: LogSink;
  /** `length` bytes from the kernel's random source. */
  random(length: number): Uint8Array;
  onSignal(name: SignalName, run: () => void): void;
  /** Command line after the script's name. */
  readonly argv: readonly string[];
  environment(name: string): string | undefined;
  readonly pid: number;
  /** Writes to standard output as it is. */
  print(text: string): void;
  /** Ends the process at once. */
  exit(status: number): never;
  /** True when numbers in kernel structures are big-endian. */
  readonly isBigEndian: boolean;
}
