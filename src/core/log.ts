/**
 * Log lines that tell a person what happened and why. A logger has a subject (`ike`, `oe-dns wan`)
 * that starts each line. Text of strangers must pass `printable` before it comes here.
 */
import type { LogLevel, LogSink } from './platform/platform.js';

export interface Logger {
  error(line: string): void;
  warning(line: string): void;
  info(line: string): void;
  debug(line: string): void;
  /** A logger for a part: its subject is added to ours. */
  for(subject: string): Logger;
}

const order: readonly LogLevel[] = ['error', 'warning', 'info', 'debug'];

/** Lines above `level()` are dropped before they are written. */
export function createLogger(sink: LogSink, level: () => LogLevel, subject = ''): Logger {
  const at = (own: LogLevel) => (line: string) => {
    if (order.indexOf(own) <= order.indexOf(level()))
      sink.write(own, subject ? `${subject}: ${line}` : line);
  };
  return {
    error: at('error'),
    warning: at('warning'),
    info: at('info'),
    debug: at('debug'),
    for: (part) => createLogger(sink, level, subject ? `${subject} ${part}` : part),
  };
}

/** Swallows everything: for tests and for parts that need a logger before there is one. */
export const silentLogger: Logger = createLogger({ write: () => undefined }, () => 'error');
