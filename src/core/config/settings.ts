/** Validated settings, as the daemon runs on them. Made from UCI by `load.ts` with `schema.ts`. */
import type { IpAddress, Prefix } from '../net/address.js';
import type { KeyType } from '../pki/public-key.js';
import type { LogLevel } from '../platform/platform.js';

/** Connection classes (OE-21, OE-26); `accept-only` takes tunnels and never starts one. */
export type ConnectionClass =
  | 'deny'
  | 'always-clear'
  | 'oe-permissive'
  | 'oe-paranoid'
  | 'accept-only';

/** A `policy` section: traffic to `destination` (from `source`, where given) has this class. */
export interface PolicySettings {
  section: string;
  class: ConnectionClass;
  destinations: readonly Prefix[];
  /** All sources when empty. */
  sources: readonly Prefix[];
}

export interface WanSettings {
  section: string;
  /** netifd's interface name. */
  interface: string;
  /** Network device; empty: ask ubus. */
  device: string;
  /** Names of plugins, in the order in which they are asked. */
  plugins: readonly string[];
  /** Class of destinations that no policy section names (OE-25). */
  defaultClass: ConnectionClass;
  /** Hold and encrypt for private destinations too. */
  includesPrivate: boolean;
  /** Whether the LAN is hidden behind this WAN's address. */
  masquerade: 'auto' | 'yes' | 'no';
  /** Identity shown to peers; empty: our address (OE-104, OE-105). */
  fqdn: string;
  /** Options of plugins, by plugin name, already parsed by the plugin's own schema. */
  pluginOptions: Readonly<Record<string, unknown>>;
}

export interface Settings {
  enabled: boolean;
  logLevel: LogLevel;
  /** Keys of all SAs go to a file, for debugging. */
  keyLog: boolean;
  /** File for Prometheus' textfile collector; empty: none. */
  metricsFile: string;
  /** Folder of our key and other files that stay. */
  stateFolder: string;
  /** Folder on tmpfs for what must survive a crash and not a reboot. */
  runFolder: string;
  /** Kind of key made at first start. */
  keyType: KeyType;
  /** DNS servers; empty: those of /etc/resolv.conf. */
  nameServers: readonly IpAddress[];
  /** Servers whose AD bit counts beside those on loopback (OE-86). */
  trustedNameServers: readonly IpAddress[];
  dnsPort: number;
  /** Bit of the packet mark that is ours. */
  markBit: number;
  /** First netfilter queue; one per WAN. */
  firstQueue: number;
  /** First reqid of our range; 65536 of them are ours. */
  firstReqid: number;
  /** Seconds; see requirements rows SP-26, SP-27, SP-28. */
  lifespans: {
    noRecordSeconds: number;
    refusedSeconds: number;
    silentSeconds: number;
  };
  /** Milliseconds to the verdict when DNS servers stay silent (OE-145). */
  dnsPatienceMs: number;
  /** Milliseconds to the verdict on a silent gateway (OE-43, SP-40). */
  patienceMs: number;
  /** ICMP 3/13 for denied packets instead of silence (OE-17). */
  rejectsDenied: boolean;
  /** Child SA lifetimes in seconds. */
  saSoftSeconds: number;
  saHardSeconds: number;
  /** Proposals in words (`ike/proposals/names.ts`); empty: all that we have. */
  ikeProposals: readonly string[];
  espProposals: readonly string[];
  /** 0: no limit. */
  saSoftBytes: number;
  saHardBytes: number;
  saSoftPackets: number;
  saHardPackets: number;
  ikeSoftSeconds: number;
  ikeHardSeconds: number;
  wans: readonly WanSettings[];
  policies: readonly PolicySettings[];
}
