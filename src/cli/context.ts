/**
 * What the commands may touch, handed in by `main.ts`; tests hand in their own. Nothing here is
 * opened before a command asks for it.
 */
import type { LoadResult } from '../core/config/load.js';
import type { Settings, WanSettings } from '../core/config/settings.js';
import type { Resolver } from '../core/dns/resolver.js';
import type { AesSpeed } from '../core/kernel/cipher-speed.js';
import type { MissingPart } from '../core/kernel/kernel.js';
import type { IpAddress } from '../core/net/address.js';
import type { Network } from '../core/net/network.js';
import type { PublicKey } from '../core/pki/public-key.js';
import type { Clock, Timers } from '../core/platform/platform.js';
import type { Locations } from './arguments.js';

/** A WAN as it is now. */
export interface WanState {
  /** Empty when the interface is down or unknown. */
  device: string;
  /** Global addresses of the device. */
  addresses: readonly IpAddress[];
}

/** A name server that would be asked, and whether its word on DNSSEC counts. */
export interface NameServer {
  address: IpAddress;
  isTrusted: boolean;
}

export type OwnKeys = { ok: true; keys: readonly PublicKey[] } | { ok: false; why: string };

export interface CliContext {
  readonly version: string;
  readonly locations: Locations;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly network: Pick<Network, 'udp' | 'connectLocal'>;
  /** Standard output. */
  print(text: string): void;
  /** One line on standard error. */
  complain(line: string): void;
  loadSettings(): LoadResult;
  /** The public halves of all keys that this router may sign with, without making one (OE-113). */
  ownKeys(settings: Settings): OwnKeys;
  nameServers(settings: Settings): readonly NameServer[];
  resolver(settings: Settings): Resolver;
  missingParts(settings: Settings): Promise<readonly MissingPart[]>;
  /** How this kernel does AES; `undefined` before anything tried its ciphers. */
  aesSpeed(settings: Settings): AesSpeed | undefined;
  wanState(settings: Settings, wan: WanSettings): Promise<WanState>;
}

/** What a command ends with: 0 well, 1 something is wrong. */
export type ExitStatus = 0 | 1;

/** Settings for a command that needs them; tells every error and gives `undefined` when there are any. */
export function settingsOrComplain(context: CliContext): Settings | undefined {
  const loaded = context.loadSettings();
  if (loaded.ok) return loaded.settings;
  for (const error of loaded.errors) context.complain(error);
  context.complain('the configuration has mistakes; mend them and try again');
  return undefined;
}
