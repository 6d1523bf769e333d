/** A machine for the commands: everything they may touch, as plain values that a test changes. */
import type { CliContext, NameServer, OwnKeys, WanState } from '../../../src/cli/context.js';
import { loadSettings } from '../../../src/core/config/load.js';
import type { LookupResult, Resolver } from '../../../src/core/dns/resolver.js';
import { RecordType } from '../../../src/core/dns/resolver.js';
import type { AesSpeed } from '../../../src/core/kernel/cipher-speed.js';
import type { MissingPart } from '../../../src/core/kernel/kernel.js';
import { address } from '../../../src/core/net/address.js';
import type { PublicKey } from '../../../src/core/pki/public-key.js';
import type { Plugin } from '../../../src/core/plugin.js';
import { oeDns } from '../../../src/plugins/oe-dns/index.js';
import type { MemoryHost } from '../../support/memory-host.js';
import { MemoryNetwork } from '../../support/memory-network.js';
import { SteppedClock } from '../../support/stepped-clock.js';

export const rsaKey: PublicKey = {
  type: 'rsa',
  exponent: Uint8Array.of(1, 0, 1),
  modulus: Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i),
};
export const otherRsaKey: PublicKey = { ...rsaKey, modulus: new Uint8Array(16).fill(0x55) };
export const edKey: PublicKey = { type: 'ed25519', point: new Uint8Array(32).fill(7) };

export const configuration = `config autoipsec 'main'
	option enabled '1'
config wan
	option enabled '1'
	option interface 'wan'
	option device 'eth1'
	list plugin 'oe-dns'
`;

const file = '/etc/config/autoipsec';
const socket = '/run/a.sock';

export class FakeMachine {
  configuration = configuration;
  wan: WanState = { device: 'eth1', addresses: [address('198.18.1.1')] };
  keys: OwnKeys = { ok: true, keys: [rsaKey] };
  servers: readonly NameServer[] = [{ address: address('127.0.0.1'), isTrusted: true }];
  missing: MissingPart[] = [];
  aes: AesSpeed | undefined;
  /** Answers by `TYPE name`; what is not there does not exist, vouched for. */
  readonly answers = new Map<string, LookupResult>();
  readonly asked: string[] = [];
  readonly clock = new SteppedClock(1000, 1_800_000_000);
  readonly host: MemoryHost = new MemoryNetwork(this.clock).host('198.18.1.1');
  printed = '';
  complaints: string[] = [];

  context(): CliContext {
    return {
      version: '0.1.0',
      locations: { configFile: file, socketPath: socket },
      clock: this.clock,
      timers: this.clock,
      network: this.host,
      print: (text) => {
        this.printed += text;
      },
      complain: (line) => void this.complaints.push(line),
      loadSettings: () => loadSettings(this.configuration, file, [oeDns as Plugin]),
      ownKeys: () => this.keys,
      nameServers: () => this.servers,
      resolver: () => this.resolver,
      missingParts: async () => this.missing,
      aesSpeed: () => this.aes,
      wanState: async () => this.wan,
    };
  }

  readonly resolver: Resolver = {
    lookup: async (name, type) => {
      const kind = Object.entries(RecordType).find(([, number]) => number === type)![0];
      this.asked.push(`${kind} ${name}`);
      return this.answers.get(`${kind} ${name}`) ?? noSuchName;
    },
    forget: () => undefined,
  };

  publish(question: string, records: Uint8Array[], status: 'secure' | 'insecure' = 'secure') {
    const owner = question.split(' ')[1]!;
    this.answers.set(question, { kind: 'records', records, owner, status, ttlSeconds: 60 });
  }
}

const noSuchName: LookupResult = {
  kind: 'none',
  reason: 'name does not exist',
  status: 'secure',
  ttlSeconds: 60,
};
