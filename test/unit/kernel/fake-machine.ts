/**
 * A machine in memory: the `ip`, `nft` and netlink of one kernel, as far as the kernel room talks to
 * them. It behaves as was seen with iproute2 6.1 and nftables 1.0.6: a refused XFRM command ends
 * `ip -batch`, and a state or policy is there once.
 */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import type {
  Child,
  ChildEvents,
  Processes,
  RunResult,
} from '../../../src/core/platform/platform.js';

type Answer = { status?: number; output?: string; error?: string };

export class FakeMachine implements Processes {
  /** XFRM objects by name (`state …`, `policy …`), with the whole command. */
  readonly objects = new Map<string, string>();
  /** Every line that a batch took. */
  readonly lines: string[] = [];
  /** Programs that were run to their end, with their input. */
  readonly runs: { argv: string; input: string }[] = [];
  /** Answers of programs that are run to their end; the first pattern that fits. */
  readonly answers: [RegExp, Answer | ((input: string) => Answer)][] = [];
  /** Lines that the kernel refuses with this text. */
  readonly refusals: [RegExp, string][] = [];
  /** Processes that live, by command. */
  readonly living = new Map<Child, { argv: string; events: ChildEvents }>();
  /** argv of every program that was started. */
  readonly started: string[] = [];
  canStart = true;
  /** Batches take lines and never say that they are done. */
  isMute = false;

  spawn(argv: readonly string[], events: ChildEvents): Child {
    if (!this.canStart) throw new Error('no such program');
    const machine = this;
    const command = argv.join(' ');
    this.started.push(command);
    let text = '';
    let number = 0;
    const child: Child = {
      pid: 1,
      pendingBytes: 0,
      write(bytes) {
        text += fromUtf8(bytes);
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          const line = text.slice(0, end);
          text = text.slice(end + 1);
          machine.batchLine(child, line, ++number);
        }
      },
      closeInput: () => machine.end(child, 0),
      kill: () => machine.end(child, -15),
    };
    this.living.set(child, { argv: command, events });
    return child;
  }

  async run(argv: readonly string[], input?: Uint8Array): Promise<RunResult> {
    const command = argv.join(' ');
    const text = input ? fromUtf8(input) : '';
    this.runs.push({ argv: command, input: text });
    const found = this.answers.find(([pattern]) => pattern.test(command))?.[1];
    const answer = typeof found === 'function' ? found(text) : (found ?? {});
    return {
      status: answer.status ?? 0,
      output: utf8(answer.output ?? ''),
      errorOutput: utf8(answer.error ?? ''),
    };
  }

  /** The process of `argv` prints. */
  say(argv: RegExp, output: string): void {
    for (const { argv: command, events } of this.living.values())
      if (argv.test(command)) events.output?.(utf8(output));
  }

  /** Processes of `argv` die. */
  kill(argv: RegExp): void {
    for (const [child, { argv: command }] of this.living)
      if (argv.test(command)) this.end(child, -9);
  }

  end(child: Child, status: number): void {
    const entry = this.living.get(child);
    this.living.delete(child);
    // as a real process: its end is told later
    if (entry) void Promise.resolve().then(() => entry.events.exit?.(status));
  }

  private batchLine(child: Child, line: string, number: number): void {
    const events = this.living.get(child)?.events;
    if (!events) return;
    this.lines.push(line);
    if (this.isMute) return;
    // in pieces, as a pipe may give it
    const complain = (text: string) => {
      const bytes = utf8(text);
      void Promise.resolve().then(() => {
        events.errorOutput?.(bytes.slice(0, 9));
        events.errorOutput?.(bytes.slice(9));
      });
    };
    if (!line.startsWith('xfrm ')) {
      complain(`Object "${line}" is unknown, try "ip help".\nCommand failed -:${number}\n`);
      return;
    }
    const refusal = this.apply(line);
    if (refusal === undefined) return;
    complain(`${refusal}\n`);
    this.end(child, 2);
  }

  private apply(line: string): string | undefined {
    const refusal = this.refusals.find(([pattern]) => pattern.test(line))?.[1];
    if (refusal !== undefined) return refusal;
    const [, kind, verb, rest] = /^xfrm (state|policy) (add|update|delete) (.*)$/.exec(line) ?? [];
    const id = /^(.*?(?: spi \S+| dir \S+))/.exec(rest ?? '')?.[1];
    const name = `${kind} ${id}`;
    if (verb === 'add' && this.objects.has(name)) return 'RTNETLINK answers: File exists';
    if (verb === 'delete' && !this.objects.delete(name))
      return 'RTNETLINK answers: No such process';
    if (verb !== 'delete') this.objects.set(name, line);
    return undefined;
  }
}

/** A netlink socket whose other end is the test. */
export class FakeNetlink {
  readonly sent: Uint8Array[] = [];
  receive: (message: Uint8Array) => void = () => undefined;
  overrun: () => void = () => undefined;
  isOpen = false;
  /** Errno with which requests are answered, by their number from 1 on. */
  readonly errnos = new Map<number, number>();

  open(receive: (message: Uint8Array) => void, overrun: () => void = () => undefined) {
    this.receive = receive;
    this.overrun = overrun;
    this.isOpen = true;
    return {
      send: (message: Uint8Array) => {
        this.sent.push(message);
        // NLM_F_ACK asks for an answer
        if ((message[6]! & 4) !== 0) void Promise.resolve().then(() => this.answer(message));
      },
      close: () => {
        this.isOpen = false;
      },
    };
  }

  private answer(message: Uint8Array): void {
    const sequence = message.slice(8, 12);
    const errno = this.errnos.get(sequence[0]!) ?? 0;
    const code = new Uint8Array(4);
    new DataView(code.buffer).setInt32(0, -errno, true);
    this.receive(
      concat(
        Uint8Array.of(36, 0, 0, 0, 2, 0, 0, 0),
        sequence,
        new Uint8Array(4),
        code,
        message.slice(0, 16),
      ),
    );
  }
}
