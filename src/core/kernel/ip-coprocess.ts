/**
 * One long-lived `ip -force -batch -` that takes XFRM commands on its standard input, so that keys
 * never are in an argument list. Batches run one after the other.
 *
 * Facts, tried with iproute2 6.1: an unknown object (`ip none-1`) is an error line on standard error
 * and the batch goes on (`-force`); a refused `xfrm` command prints its error there and ends the
 * process, so what followed in the pipe is lost; standard output is buffered, standard error is not.
 * So each command is followed by a word that `ip` does not know, and the complaint about that word
 * is the sign that the command before it is done; only then the next one is written, so nothing
 * runs behind a failure. When the process ends, the command under way is the one that failed, and
 * the text since the last sign is the reason.
 */
import { fromUtf8, printable, utf8 } from '../bytes/text.js';
import type { Logger } from '../log.js';
import type { Child, Processes, Timer, Timers } from '../platform/platform.js';
import type { IpCommand } from './xfrm-commands.js';

/** `done` counts the commands that took effect before the one that failed. */
export type BatchResult = { ok: true } | { ok: false; done: number; error: string };

/** The first use of a cipher loads and tests its module; on a small router that takes seconds. */
const patienceMs = 60_000;

const markPattern = /Object "autoipsec-(\d+)" is unknown[^\n]*\nCommand failed [^\n]*\n/;

interface Batch {
  commands: readonly IpCommand[];
  done: number;
  resolve(result: BatchResult): void;
}

export class IpCoprocess {
  readonly #processes: Processes;
  readonly #timers: Timers;
  readonly #log: Logger;
  readonly #waiting: Batch[] = [];
  #current: Batch | undefined;
  #child: Child | undefined;
  #complaints = '';
  /** Number of the last sign asked for. */
  #mark = 0;
  #watch: Timer | undefined;
  #isStopped = false;

  constructor(parts: { processes: Processes; timers: Timers; log: Logger }) {
    this.#processes = parts.processes;
    this.#timers = parts.timers;
    this.#log = parts.log;
  }

  /** Runs commands in order until one fails. Never rejects. */
  run(commands: readonly IpCommand[]): Promise<BatchResult> {
    if (commands.length === 0) return Promise.resolve({ ok: true });
    return new Promise((resolve) => {
      this.#waiting.push({ commands, done: 0, resolve });
      this.#next();
    });
  }

  /** Runs each command, whatever becomes of the others; gives the errors. */
  async runEach(commands: readonly IpCommand[]): Promise<string[]> {
    const errors: string[] = [];
    for (let rest = commands; rest.length > 0; ) {
      const result = await this.run(rest);
      if (result.ok) break;
      errors.push(result.error);
      rest = rest.slice(result.done + 1);
    }
    return errors;
  }

  stop(): void {
    this.#isStopped = true;
    this.#child?.closeInput();
    this.#child?.kill('SIGTERM');
    const left = [...(this.#current ? [this.#current] : []), ...this.#waiting.splice(0)];
    this.#current = undefined;
    this.#watch?.cancel();
    for (const batch of left) batch.resolve({ ok: false, done: batch.done, error: 'ip: stopped' });
  }

  #next(): void {
    if (this.#current) return;
    const batch = this.#waiting.shift();
    if (!batch) return;
    if (this.#isStopped) {
      batch.resolve({ ok: false, done: 0, error: 'ip: stopped' });
      return;
    }
    this.#current = batch;
    this.#watch = this.#timers.after(patienceMs, () => this.#giveUp());
    this.#send(batch);
  }

  /** Writes the command that is next; the following one waits for its sign. */
  #send(batch: Batch): void {
    this.#complaints = '';
    const mark = ++this.#mark;
    try {
      this.#child ??= this.#spawn();
      this.#child.write(utf8(`${batch.commands[batch.done]!.line}\nautoipsec-${mark}\n`));
    } catch (error) {
      this.#fail(`can not be started: ${String(error)}`);
    }
  }

  #spawn(): Child {
    const child: Child = this.#processes.spawn(['ip', '-force', '-batch', '-'], {
      errorOutput: (bytes) => {
        if (this.#child === child) this.#complain(fromUtf8(bytes));
      },
      exit: (status) => {
        if (this.#child === child) this.#ended(status);
      },
    });
    return child;
  }

  #complain(text: string): void {
    this.#complaints += text;
    const match = markPattern.exec(this.#complaints);
    const batch = this.#current;
    if (!batch || !match || Number(match[1]) !== this.#mark) return;
    const before = this.#complaints.slice(0, match.index);
    if (/^Command failed /m.test(before)) {
      this.#fail(before);
      return;
    }
    if (before.trim() !== '') this.#log.debug(`ip said: ${cleaned(before)}`);
    batch.done++;
    if (batch.done < batch.commands.length) this.#send(batch);
    else this.#finish({ ok: true });
  }

  #ended(status: number): void {
    this.#child = undefined;
    if (!this.#current) return;
    const complaint = this.#complaints;
    this.#fail(complaint.trim() === '' ? `ended with status ${status}` : complaint);
  }

  #giveUp(): void {
    this.#dropChild();
    this.#fail(`no end after ${patienceMs / 1000} s`);
  }

  #dropChild(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
  }

  #fail(reason: string): void {
    const batch = this.#current;
    if (!batch) return;
    const what = batch.commands[batch.done]?.what ?? 'batch';
    this.#finish({ ok: false, done: batch.done, error: `ip: ${what}: ${cleaned(reason)}` });
  }

  #finish(result: BatchResult): void {
    const batch = this.#current;
    this.#current = undefined;
    this.#watch?.cancel();
    batch?.resolve(result);
    this.#next();
  }
}

/** One line for a log, without anything that may be a key. */
function cleaned(text: string): string {
  const line = text
    .replace(/Command failed [^\n]*/g, '')
    .replace(/(0x)?[0-9a-f]{16,}/gi, '<key>')
    .trim()
    .replace(/\s*\n\s*/g, '; ');
  return printable(line, 200);
}
