/**
 * The sections of /etc/config/autoipsec and their options. docs/configuration.md is made from this
 * file (`npm run docs`), and so are validation and defaults. Plugins add options to `wan` sections.
 */
import {
  espProposalHelp,
  ikeProposalHelp,
  isEspProposal,
  isIkeProposal,
} from '../ike/proposals/names.js';
import { prefix } from '../net/address.js';
import {
  addresses,
  checkedList,
  choice,
  flag,
  fqdn,
  markBit,
  number,
  prefixes,
  type SectionSchema,
  seconds,
  secondsAsMs,
  text,
  words,
} from './schema.js';
import type { PolicySettings, Settings, WanSettings } from './settings.js';

export type MainValues = Omit<Settings, 'wans' | 'policies' | 'lifespans'> & Settings['lifespans'];
export type WanValues = Omit<WanSettings, 'section' | 'pluginOptions'> & { enabled: boolean };
export type PolicyValues = Omit<PolicySettings, 'section'>;

const classes = ['deny', 'always-clear', 'oe-permissive', 'oe-paranoid', 'accept-only'] as const;

export const mainSection: SectionSchema<MainValues> = {
  type: 'autoipsec',
  name: 'main',
  help: 'What holds for the whole router.',
  options: {
    enabled: flag({
      uci: 'enabled',
      default: false,
      help: 'Master switch. With 0 the service starts nothing and touches nothing.',
    }),
    logLevel: choice({
      uci: 'log_level',
      of: ['error', 'warning', 'info', 'debug'] as const,
      default: 'info',
      help: 'How much goes to the system log.',
    }),
    keyLog: flag({
      uci: 'key_log',
      default: false,
      help: 'Write the keys of all tunnels to files for Wireshark in /var/run/autoipsec/wireshark. For debugging only: whoever reads these files can read the traffic.',
    }),
    metricsFile: text({
      uci: 'metrics_file',
      default: '',
      allowed: 'a path below /var or /tmp that ends in .prom',
      pattern: /^\/(var|tmp)\/[A-Za-z0-9_/-]{1,200}\.prom$/,
      help: 'File for metrics in the format of Prometheus, like /var/prometheus/autoipsec.prom for the textfile collector of prometheus-node-exporter-lua. Without it none are written.',
    }),
    stateFolder: text({
      uci: 'state_folder',
      default: '/etc/autoipsec',
      allowed: 'an absolute path of letters, digits, dots, dashes and underscores',
      pattern: /^\/[A-Za-z0-9_./-]{0,200}$/,
      help: "Folder of this router's private key and of what must survive a reboot.",
    }),
    runFolder: text({
      uci: 'run_folder',
      default: '/var/run/autoipsec',
      allowed: 'an absolute path of letters, digits, dots, dashes and underscores',
      pattern: /^\/[A-Za-z0-9_./-]{0,200}$/,
      help: 'Folder in memory (tmpfs) for the keys of tunnels, so that they go on after a crash of the service.',
    }),
    keyType: choice({
      uci: 'key_type',
      of: ['rsa', 'ecdsa-p256', 'ed25519'] as const,
      default: 'rsa',
      help: 'Kind of key that is made at the first start. RSA is what every peer understands, and the only kind that TXT and KEY records can carry.',
    }),
    nameServers: addresses({
      uci: 'name_server',
      default: [],
      help: 'DNS servers to ask. Without any, those of /etc/resolv.conf.',
    }),
    trustedNameServers: addresses({
      uci: 'trusted_name_server',
      default: [],
      help: 'DNS servers whose word on DNSSEC is believed, beside those on this router. Name one only when nobody else can write to the path to it.',
    }),
    dnsPort: number({
      uci: 'dns_port',
      default: 53,
      min: 1,
      max: 65535,
      help: 'Port of the DNS servers.',
    }),
    markBit: markBit({
      uci: 'mark_bit',
      default: 0x20000000,
      help: 'Bit of the packet mark that belongs to this service. Change it when another service uses the same bit.',
    }),
    firstQueue: number({
      uci: 'first_queue',
      default: 4500,
      min: 0,
      max: 65519,
      help: 'First netfilter queue for held packets; each WAN uses one, 16 at most.',
    }),
    firstReqid: number({
      uci: 'first_reqid',
      default: 0x41490000,
      min: 1,
      max: 0xffff0000,
      hex: true,
      help: 'First request ID of kernel states and policies; 65536 of them belong to this service, and nothing else in the kernel is touched.',
    }),
    noRecordSeconds: seconds({
      uci: 'no_record_lifespan',
      default: 21600,
      min: 1,
      help: 'How long the verdict holds on a destination that publishes no records.',
    }),
    refusedSeconds: seconds({
      uci: 'refused_lifespan',
      default: 3600,
      min: 1,
      help: 'How long the verdict holds after a peer refused the tunnel.',
    }),
    silentSeconds: seconds({
      uci: 'silent_lifespan',
      default: 600,
      min: 1,
      help: 'How long the verdict holds after a peer did not answer.',
    }),
    dnsPatienceMs: secondsAsMs({
      uci: 'dns_patience',
      default: 3000,
      min: 0.5,
      max: 300,
      help: 'How long to wait for the DNS before the class decides (OE-145).',
    }),
    patienceMs: secondsAsMs({
      uci: 'patience',
      default: 5000,
      min: 0.5,
      max: 300,
      help: 'How long to wait for a silent peer before the class decides. A user waits that long too.',
    }),
    rejectsDenied: flag({
      uci: 'reject_denied',
      default: false,
      help: 'Tell senders of denied packets so (ICMP type 3 code 13) instead of staying silent.',
    }),
    saSoftSeconds: seconds({
      uci: 'sa_soft_lifetime',
      default: 3240,
      min: 60,
      max: 86400,
      help: 'Age at which the keys of a tunnel are renewed.',
    }),
    saHardSeconds: seconds({
      uci: 'sa_hard_lifetime',
      default: 3600,
      min: 60,
      max: 86400,
      help: 'Age at which the keys of a tunnel are not used any more; above sa_soft_lifetime.',
    }),
    saSoftBytes: number({
      uci: 'sa_soft_bytes',
      default: 900_000_000_000,
      min: 0,
      max: 999_999_999_999_999,
      unit: 'bytes',
      help: 'What a tunnel may carry in one direction until its keys are renewed; 0: any amount.',
    }),
    saHardBytes: number({
      uci: 'sa_hard_bytes',
      default: 1_000_000_000_000,
      min: 0,
      max: 999_999_999_999_999,
      unit: 'bytes',
      help: 'What it may carry with the same keys at all; above sa_soft_bytes, or 0: any amount.',
    }),
    saSoftPackets: number({
      uci: 'sa_soft_packets',
      default: 3_000_000_000,
      min: 0,
      max: 4_294_967_295,
      unit: 'packets',
      help: 'Packets in one direction until the keys of a tunnel are renewed; 0: any number.',
    }),
    saHardPackets: number({
      uci: 'sa_hard_packets',
      default: 4_000_000_000,
      min: 0,
      max: 4_294_967_295,
      unit: 'packets',
      help: 'Packets with the same keys at all; above sa_soft_packets, or 0: any number. Sequence numbers have 32 bits.',
    }),
    ikeSoftSeconds: seconds({
      uci: 'ike_soft_lifetime',
      default: 14_400,
      min: 60,
      max: 604_800,
      help: 'Age at which the keys between two routers (of the IKE SA) are renewed.',
    }),
    ikeHardSeconds: seconds({
      uci: 'ike_hard_lifetime',
      default: 18_000,
      min: 60,
      max: 604_800,
      help: 'Age at which an IKE SA without new keys ends, with its tunnels; above ike_soft_lifetime.',
    }),
    ikeProposals: checkedList({
      uci: 'ike_proposal',
      default: [],
      allowed: ikeProposalHelp,
      isAllowed: isIkeProposal,
      help: 'For experts: algorithms of the key exchange, the best first, like aes128gcm16-prfsha256-x25519. What one line names may be combined with what another one names. Nothing else is offered or accepted; a kind that no line names is as it is by default, which is all of them but SHA-1, for peers of old.',
    }),
    espProposals: checkedList({
      uci: 'esp_proposal',
      default: [],
      allowed: espProposalHelp,
      isAllowed: isEspProposal,
      help: 'For experts: algorithms of the tunnels, likewise, like aes128gcm16-esn. A kind that is not named is as it is by default: all but SHA-1, the fastest here first, with extended sequence numbers (ESN) where the peer has them.',
    }),
  },
};

export const wanSection: SectionSchema<WanValues> = {
  type: 'wan',
  help: 'One section for each interface to the Internet on which to encrypt; 16 at most.',
  options: {
    enabled: flag({ uci: 'enabled', default: false, help: 'Use this interface.' }),
    interface: text({
      uci: 'interface',
      default: '',
      allowed: 'a name of letters, digits, dots, dashes and underscores',
      pattern: /^[A-Za-z0-9_.-]{1,32}$/,
      help: 'Name of the interface in /etc/config/network, like wan or wan6. Required.',
    }),
    device: text({
      uci: 'device',
      default: '',
      allowed: 'a network device of up to 15 characters, like eth1 or pppoe-wan',
      // Linux takes more, but this stands in commands and nft rules
      pattern: /^[A-Za-z0-9_.@:-]{1,15}$/,
      help: 'Network device. Without it the device is the one that netifd names.',
    }),
    plugins: words({
      uci: 'plugin',
      default: [],
      help: 'Ways of finding peers, asked in this order.',
    }),
    defaultClass: choice({
      uci: 'default_class',
      of: classes,
      default: 'oe-permissive',
      help: 'Class of destinations that no policy section names; see below.',
    }),
    includesPrivate: flag({
      uci: 'include_private',
      default: false,
      help: 'Look for peers at private addresses (RFC 1918, RFC 6598, RFC 4193) beyond this interface too.',
    }),
    masquerade: choice({
      uci: 'masquerade',
      of: ['auto', 'yes', 'no'] as const,
      default: 'auto',
      help: "Whether the LAN is hidden behind this interface's address; auto looks at the firewall.",
    }),
    fqdn: fqdn({
      uci: 'fqdn',
      default: '',
      help: 'Name to show to peers instead of the address, for a router whose address changes or whose reverse DNS is not yours. Such a router can start tunnels only.',
    }),
  },
};

export const policySection: SectionSchema<PolicyValues> = {
  type: 'policy',
  help: 'Traffic that gets another class. The longest matching destination wins, then the longest matching source.',
  options: {
    class: choice({
      uci: 'class',
      of: classes,
      default: 'oe-permissive',
      help: 'What to do; see below.',
    }),
    destinations: prefixes({
      uci: 'destination',
      default: [prefix('0.0.0.0/0'), prefix('::/0')],
      help: 'Where the traffic goes.',
    }),
    sources: prefixes({
      uci: 'source',
      default: [],
      help: 'Where the traffic comes from; any source when not given.',
    }),
  },
};

/** What the classes mean, for the documentation. */
export const classHelp: Readonly<Record<(typeof classes)[number], string>> = {
  deny: 'Never let through.',
  'always-clear': 'Let through as it is, without asking anybody.',
  'oe-permissive': 'Encrypt where the other side offers it, else let through as it is.',
  'oe-paranoid': 'Encrypt where the other side offers it, else drop.',
  'accept-only': 'Accept tunnels that others start, start none; let through as it is otherwise.',
};
