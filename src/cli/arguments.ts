/** The command line into a command, or a sentence that says what is wrong with it. */
import { printable } from '../core/bytes/text.js';
import { defaultConfigFile } from '../core/config/load.js';
import { defaultSocketPath } from '../core/control/protocol.js';
import { type IpAddress, type Prefix, parseAddress, parsePrefix } from '../core/net/address.js';

export type AutovpnCommand =
  | { action: 'peers' | 'own'; json: boolean }
  | { action: 'trust'; peer: string; fingerprint: string }
  | { action: 'distrust'; peer: string; reason: string }
  | { action: 'forget' | 'promote'; peer: string };

export type Command =
  | { name: 'daemon' }
  | { name: 'status'; json: boolean }
  | { name: 'records'; clients: readonly Prefix[]; offline: boolean; json: boolean }
  | { name: 'forget'; address: IpAddress }
  | { name: 'rekey'; address: IpAddress; ike: boolean }
  | { name: 'check'; json: boolean }
  | { name: 'autovpn'; autovpn: AutovpnCommand }
  | { name: 'version' }
  | { name: 'help' };

/** Where everything is; the same for all commands. */
export interface Locations {
  configFile: string;
  socketPath: string;
}

export type ParsedArguments =
  | { ok: true; command: Command; locations: Locations }
  /** `message` has no line end; the caller adds how to get help. */
  | { ok: false; message: string };

class UsageFault extends Error {}

const shown = (text: string) => `'${printable(text, 60)}'`;

/** Every switch: its long name, whether a value follows, and the commands that know it (all: none named). */
const switches: Readonly<
  Record<string, { name: string; hasValue: boolean; commands?: readonly string[] }>
> = {
  '-c': { name: '--config', hasValue: true },
  '--config': { name: '--config', hasValue: true },
  '-s': { name: '--socket', hasValue: true },
  '--socket': { name: '--socket', hasValue: true },
  '--json': {
    name: '--json',
    hasValue: false,
    commands: ['status', 'records', 'check', 'autovpn'],
  },
  '--for': { name: '--for', hasValue: true, commands: ['records'] },
  '--offline': { name: '--offline', hasValue: false, commands: ['records'] },
  '--ike': { name: '--ike', hasValue: false, commands: ['rekey'] },
  '-h': { name: '--help', hasValue: false },
  '--help': { name: '--help', hasValue: false },
  '-V': { name: '--version', hasValue: false },
  '--version': { name: '--version', hasValue: false },
};

interface Split {
  words: string[];
  /** Values by long name, in order. */
  given: Map<string, string[]>;
}

/** Takes switches out from between the words; `--name=value` is as good as `--name value`. */
function split(argv: readonly string[]): Split {
  const words: string[] = [];
  const given = new Map<string, string[]>();
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (!argument.startsWith('-') || argument === '-') {
      words.push(argument);
      continue;
    }
    const [, head = argument, inline] = /^(--[^=]*)=([\s\S]*)$/.exec(argument) ?? [];
    const known = Object.hasOwn(switches, head) ? switches[head] : undefined;
    if (!known) throw new UsageFault(`option ${shown(head)} is not known`);
    if (!known.hasValue && inline !== undefined)
      throw new UsageFault(`option ${head} takes no value`);
    const value = known.hasValue ? (inline ?? argv[++i]) : '';
    if (value === undefined) throw new UsageFault(`option ${head} needs a value`);
    given.set(known.name, [...(given.get(known.name) ?? []), value]);
  }
  return { words, given };
}

/** One of several values may be given only once. */
function once({ given }: Split, name: string): string | undefined {
  const values = given.get(name) ?? [];
  if (values.length > 1) throw new UsageFault(`option ${name} is given twice`);
  return values[0];
}

function absolutePath(split: Split, name: string, fallback: string): string {
  const path = once(split, name) ?? fallback;
  if (path.startsWith('/')) return path;
  throw new UsageFault(`option ${name} is ${shown(path)}, must be an absolute path`);
}

/** An address, or a block that ends where labels of its reverse name do, so a wildcard can name it. */
function clientOf(text: string): Prefix {
  const client = parsePrefix(text);
  if (!client)
    throw new UsageFault(`option --for is ${shown(text)}, must be an address or a block`);
  const step = client.address.includes(':') ? 4 : 8;
  if (client.length === 0 || client.length % step !== 0)
    throw new UsageFault(
      `option --for is ${shown(text)}; the length of a block must be a multiple of ${step}`,
    );
  return client;
}

function addressOf(command: string, [text]: readonly string[]): IpAddress {
  if (text === undefined) throw new UsageFault(`'${command}' needs an address`);
  const address = parseAddress(text);
  if (!address) throw new UsageFault(`'${command}' needs an address, ${shown(text)} is none`);
  return address;
}

/** Each command: how many words may follow it, and what becomes of them. */
const commands: Readonly<
  Record<string, { mostWords: number; make(words: readonly string[], split: Split): Command }>
> = {
  daemon: { mostWords: 0, make: () => ({ name: 'daemon' }) },
  status: {
    mostWords: 0,
    make: (_, { given }) => ({ name: 'status', json: given.has('--json') }),
  },
  records: {
    mostWords: 0,
    make: (_, { given }) => ({
      name: 'records',
      clients: (given.get('--for') ?? []).map(clientOf),
      offline: given.has('--offline'),
      json: given.has('--json'),
    }),
  },
  forget: {
    mostWords: 1,
    make: (words) => ({ name: 'forget', address: addressOf('forget', words) }),
  },
  rekey: {
    mostWords: 1,
    make: (words, { given }) => ({
      name: 'rekey',
      address: addressOf('rekey', words),
      ike: given.has('--ike'),
    }),
  },
  check: {
    mostWords: 0,
    make: (_, { given }) => ({ name: 'check', json: given.has('--json') }),
  },
  autovpn: {
    mostWords: 64,
    make: (words, split) => ({ name: 'autovpn', autovpn: autovpnOf(words, split) }),
  },
};

/** The words behind `autovpn`; a fingerprint may be in groups, and a reason a sentence. */
function autovpnOf([action, peer, ...more]: readonly string[], { given }: Split): AutovpnCommand {
  const json = given.has('--json');
  if (action === 'peers' || action === 'own') {
    if (peer !== undefined)
      throw new UsageFault(`'autovpn ${action}' does not take ${shown(peer)}`);
    return { action, json };
  }
  if (action !== 'trust' && action !== 'distrust' && action !== 'forget' && action !== 'promote')
    throw new UsageFault(
      `'autovpn' needs one of peers, own, trust, distrust, forget, promote${action === undefined ? '' : `; ${shown(action)} is none`}`,
    );
  if (json) throw new UsageFault(`option --json does not belong to 'autovpn ${action}'`);
  if (peer === undefined)
    throw new UsageFault(`'autovpn ${action}' needs a peer, as 'autovpn peers' names it`);
  if (action === 'distrust') return { action, peer, reason: more.join(' ') };
  if (action === 'trust') {
    if (more.length === 0)
      throw new UsageFault(
        "'autovpn trust' needs the fingerprint that the other side has told you, or its last 16 digits",
      );
    return { action, peer, fingerprint: more.join('') };
  }
  if (more.length > 0) throw new UsageFault(`'autovpn ${action}' does not take ${shown(more[0]!)}`);
  return { action, peer };
}

function commandOf(split: Split): Command {
  const [name, ...words] = split.words;
  if (split.given.has('--help')) return { name: 'help' };
  if (split.given.has('--version')) return { name: 'version' };
  if (name === undefined) throw new UsageFault('no command is given');
  const known = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!known) throw new UsageFault(`command ${shown(name)} is not known`);
  if (words.length > known.mostWords)
    throw new UsageFault(`'${name}' does not take ${shown(words[known.mostWords]!)}`);
  for (const { name: option, commands: of } of Object.values(switches))
    if (of && split.given.has(option) && !of.includes(name))
      throw new UsageFault(`option ${option} does not belong to '${name}'`);
  return known.make(words, split);
}

/** `argv`: the words after the program's name. */
export function parseArguments(argv: readonly string[]): ParsedArguments {
  try {
    const parts = split(argv);
    const command = commandOf(parts);
    const locations = {
      configFile: absolutePath(parts, '--config', defaultConfigFile),
      socketPath: absolutePath(parts, '--socket', defaultSocketPath),
    };
    return { ok: true, command, locations };
  } catch (fault) {
    if (!(fault instanceof UsageFault)) throw fault;
    return { ok: false, message: fault.message };
  }
}
