/** A `Platform` for unit tests: stepped time, files in a map, a chosen random source, kept log. */
import type {
  Child,
  ChildEvents,
  Files,
  LogLevel,
  Platform,
  Processes,
  SignalName,
  Sockets,
} from '../../src/core/platform/platform.js';
import { countingRandom, type Random } from './list-random.js';
import { SteppedClock } from './stepped-clock.js';

/** Files of a test, with the mode each was written with. */
export class MemoryFiles implements Files {
  readonly content = new Map<string, { bytes: Uint8Array; mode: number }>();

  read(path: string): Uint8Array | undefined {
    return this.content.get(path)?.bytes.slice();
  }
  writeAtomic(path: string, content: Uint8Array, mode: number): void {
    this.content.set(path, { bytes: content.slice(), mode });
  }
  remove(path: string): void {
    this.content.delete(path);
  }
  list(folder: string): string[] {
    const start = folder.endsWith('/') ? folder : `${folder}/`;
    const inside = [...this.content.keys()].filter((path) => path.startsWith(start));
    return [...new Set(inside.map((path) => path.slice(start.length).split('/')[0]!))].sort();
  }
  makeFolder(): void {}
}

export interface TestPlatformParts {
  random?: Random;
  processes?: Processes;
  sockets?: Sockets;
  argv?: readonly string[];
  environment?: Record<string, string>;
}

const noProcesses: Processes = {
  spawn(argv: readonly string[], _events: ChildEvents): Child {
    throw new Error(`test platform: no processes, asked for ${argv.join(' ')}`);
  },
  async run(argv) {
    throw new Error(`test platform: no processes, asked for ${argv.join(' ')}`);
  },
};

const noSockets: Sockets = {
  open: async () => {
    throw new Error('test platform: no sockets');
  },
  constants: async () => {
    throw new Error('test platform: no sockets');
  },
  onFailure: () => undefined,
  stop: () => undefined,
};

export class TestPlatform implements Platform {
  readonly clock = new SteppedClock();
  readonly timers = this.clock;
  readonly files = new MemoryFiles();
  readonly processes: Processes;
  readonly sockets: Sockets;
  readonly lines: { level: LogLevel; line: string }[] = [];
  readonly log = {
    write: (level: LogLevel, line: string) => void this.lines.push({ level, line }),
  };
  readonly random: Random;
  readonly argv: readonly string[];
  readonly pid = 4711;
  readonly isBigEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;
  /** All that was printed. */
  printed = '';
  readonly #signals = new Map<SignalName, () => void>();
  readonly #environment: Record<string, string>;

  constructor(parts: TestPlatformParts = {}) {
    this.random = parts.random ?? countingRandom();
    this.processes = parts.processes ?? noProcesses;
    this.sockets = parts.sockets ?? noSockets;
    this.argv = parts.argv ?? [];
    this.#environment = parts.environment ?? {};
  }

  onSignal(name: SignalName, run: () => void): void {
    this.#signals.set(name, run);
  }
  /** Delivers a signal. */
  signal(name: SignalName): void {
    this.#signals.get(name)?.();
  }
  environment(name: string): string | undefined {
    return this.#environment[name];
  }
  print(text: string): void {
    this.printed += text;
  }
  exit(status: number): never {
    throw new Error(`exit ${status}`);
  }
}
