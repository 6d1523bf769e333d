/**
 * What this machine lacks, with the remedy in OpenWrt's packages. Each part is tried, not looked up:
 * a module may be built in, or there and not loadable. Trying the ESP ciphers also loads and tests
 * their modules, which otherwise costs the first tunnel seconds.
 */
import type { Files, Processes } from '../platform/platform.js';
import { CommandError, runText } from './commands.js';
import type { IpCoprocess } from './ip-coprocess.js';
import type { MissingPart } from './kernel.js';
import type { IpCommand } from './xfrm-commands.js';

export interface ProbeParts {
  ip: IpCoprocess;
  processes: Processes;
  files: Pick<Files, 'read'>;
  /** A reqid of ours that no tunnel has. */
  reqid: number;
}

/** Keys of zeros: these states carry nothing and are gone at once. */
const zeros = (bytes: number): string => `0x${'00'.repeat(bytes)}`;

interface Cipher {
  /** The kernel's name, as in `EspKeys`. */
  name: string;
  words: string;
  remedy: string;
  /** Without it there is no tunnel with peers that do only what RFC 8221 demands. */
  isRequired: boolean;
}

const ciphers: readonly Cipher[] = [
  {
    name: 'rfc4106(gcm(aes))',
    words: `aead rfc4106(gcm(aes)) ${zeros(20)} 128`,
    remedy: 'opkg install kmod-crypto-gcm kmod-crypto-seqiv',
    isRequired: true,
  },
  {
    name: 'rfc7539esp(chacha20,poly1305)',
    words: `aead rfc7539esp(chacha20,poly1305) ${zeros(36)} 128`,
    remedy: 'opkg install kmod-crypto-chacha20poly1305',
    isRequired: false,
  },
  {
    name: 'cbc(aes)',
    words: `auth-trunc hmac(sha256) ${zeros(32)} 128 enc cbc(aes) ${zeros(16)}`,
    remedy:
      'opkg install kmod-crypto-cbc kmod-crypto-sha256 kmod-crypto-authenc kmod-crypto-echainiv',
    isRequired: false,
  },
  ...(['hmac(sha384)', 'hmac(sha512)'] as const).map((name) => ({
    name,
    words: `auth-trunc ${name} ${zeros(64)} 192 enc cbc(aes) ${zeros(16)}`,
    remedy: 'opkg install kmod-crypto-sha512',
    isRequired: false,
  })),
];

/** Documentation addresses (RFC 5737, RFC 3849): no real peer has them. */
const ends = {
  4: 'src 192.0.2.1 dst 192.0.2.2',
  6: 'src 2001:db8::1 dst 2001:db8::2',
} as const;

const probeSpi = '0x0000a1b2';

function stateCommands(
  family: 4 | 6,
  cipher: Cipher,
  reqid: number,
  flags: string,
): [IpCommand, IpCommand] {
  const id = `${ends[family]} proto esp spi ${probeSpi}`;
  return [
    {
      line: `xfrm state add ${id} reqid ${reqid} mode tunnel ${flags}${cipher.words}`,
      what: `try ESP for IPv${family} with ${cipher.name}`,
    },
    { line: `xfrm state delete ${id}`, what: 'delete the state of the trial' },
  ];
}

/** Adds a state and deletes it again; the error of adding, if any. */
async function tryState(
  parts: ProbeParts,
  family: 4 | 6,
  cipher: Cipher,
  flags = '',
): Promise<string | undefined> {
  const [add, remove] = stateCommands(family, cipher, parts.reqid, flags);
  const trial = () => parts.ip.run([add, remove]);
  let result = await trial();
  if (!result.ok && /File exists/.test(result.error)) {
    // left behind when an earlier probe was killed between the two
    await parts.ip.run([remove]);
    result = await trial();
  }
  return result.ok || result.done > 0 ? undefined : result.error;
}

/** The kernel's words for "no ESP at all", as opposed to "not this cipher". */
const isNoEsp = (error: string): boolean =>
  /Protocol not supported|Requested type not found/i.test(error);

export interface CipherReport {
  missing: MissingPart[];
  /** Kernel names of ciphers that do not work here; `esn` when one of them has no extended sequence. */
  unusable: string[];
}

/** What stands in `unusable` when a cipher works, but not with sequence numbers of 64 bits. */
export const EXTENDED_SEQUENCE = 'esn';

/** The error without extended sequence numbers, if any; with them most kernels just work. */
async function tryCipher(parts: ProbeParts, cipher: Cipher, report: CipherReport) {
  if ((await tryState(parts, 4, cipher, 'replay-window 64 flag esn ')) === undefined)
    return undefined;
  const error = await tryState(parts, 4, cipher);
  if (error === undefined && !report.unusable.includes(EXTENDED_SEQUENCE))
    report.unusable.push(EXTENDED_SEQUENCE);
  return error;
}

async function probeEsp(parts: ProbeParts): Promise<CipherReport> {
  const report: CipherReport = { missing: [], unusable: [] };
  for (const cipher of ciphers) {
    const error = await tryCipher(parts, cipher, report);
    if (error === undefined) continue;
    if (isNoEsp(error)) {
      report.missing.push({
        what: `no ESP for IPv4 in the kernel (${error})`,
        remedy: 'opkg install kmod-ipsec4',
      });
      break;
    }
    report.unusable.push(cipher.name);
    if (cipher.isRequired)
      report.missing.push({
        what: `no ${cipher.name} in the kernel (${error})`,
        remedy: cipher.remedy,
      });
  }
  if (parts.files.read('/proc/net/if_inet6') === undefined || report.missing.length > 0)
    return report;
  const error = await tryState(parts, 6, ciphers[0]!);
  if (error !== undefined)
    report.missing.push({
      what: `no ESP for IPv6 in the kernel (${error})`,
      remedy: 'opkg install kmod-ipsec6',
    });
  return report;
}

/** Why a command fails, or `undefined`. */
async function complaint(
  processes: Processes,
  argv: readonly string[],
  input?: string,
): Promise<string | undefined> {
  try {
    await runText(processes, argv, input);
    return undefined;
  } catch (error) {
    return error instanceof CommandError
      ? error.said || `ended with status ${error.status}`
      : String(error);
  }
}

async function probeIp(processes: Processes): Promise<MissingPart[]> {
  const said = await complaint(processes, ['ip', 'xfrm', 'state', 'count']);
  if (said === undefined) return [];
  if (/netlink socket|Protocol not supported/i.test(said))
    return [{ what: `no XFRM in the kernel (${said})`, remedy: 'opkg install kmod-ipsec4' }];
  return [{ what: `no 'ip xfrm' (${said})`, remedy: 'opkg install ip-full' }];
}

/** One chain with one rule in a table that is checked and never loaded. */
const trial = (chain: string, rule: string): string =>
  `add table inet autoipsec_trial\nadd chain inet autoipsec_trial c { ${chain}; }\nadd rule inet autoipsec_trial c ${rule}\n`;

const prerouting = 'type filter hook prerouting priority -140';
const forward = 'type filter hook postrouting priority 150';

const nftTrials: readonly { what: string; remedy: string; text: string }[] = [
  {
    what: 'no inet tables in nftables',
    remedy: 'opkg install kmod-nft-core firewall4',
    text: trial(prerouting, 'accept'),
  },
  {
    what: 'no route chains in nftables',
    remedy: 'install a kernel of version 5.10 or later',
    text: trial('type route hook output priority -140', 'accept'),
  },
  {
    what: 'no packet queue in nftables',
    remedy: 'opkg install kmod-nft-queue',
    text: trial(prerouting, 'queue num 0'),
  },
  {
    what: 'no route look-up (fib) in nftables',
    remedy: 'opkg install kmod-nft-fib',
    text: trial(prerouting, 'fib daddr type local accept'),
  },
  {
    what: 'no match for IPsec (rt ipsec) in nftables',
    remedy: 'opkg install kmod-nft-core kmod-ipsec4',
    text: trial(forward, 'rt ipsec missing accept'),
  },
  {
    what: 'no connection tracking in nftables',
    remedy: 'opkg install kmod-nft-core kmod-nf-conntrack',
    text: trial(forward, 'ct direction original accept'),
  },
  {
    what: 'no reject in nftables',
    remedy: 'opkg install kmod-nft-core',
    text: trial(prerouting, 'reject with icmpx type admin-prohibited'),
  },
];

async function probeNft(processes: Processes): Promise<MissingPart[]> {
  const remedy = 'opkg install firewall4 nftables-json';
  const all = nftTrials.map((each, index) => each.text.replaceAll(' c ', ` c${index} `)).join('');
  // Mostly all is well, and these two tell it
  const [noJson, refused] = await Promise.all([
    complaint(processes, ['nft', '-j', 'list', 'tables']),
    complaint(processes, ['nft', '-c', '-f', '-'], all),
  ]);
  if (noJson === undefined && refused === undefined) return [];
  const noProgram = await complaint(processes, ['nft', '-v']);
  if (noProgram !== undefined) return [{ what: `no nft (${noProgram})`, remedy }];
  const missing = noJson === undefined ? [] : [{ what: `no JSON from nft (${noJson})`, remedy }];
  if (refused === undefined) return missing;
  for (const each of nftTrials) {
    const said = await complaint(processes, ['nft', '-c', '-f', '-'], each.text);
    if (said === undefined) continue;
    missing.push({ what: `${each.what} (${said})`, remedy: each.remedy });
    // nothing else can work without tables
    if (each === nftTrials[0]) break;
  }
  return missing;
}

/** Tries everything; the ESP ciphers are warm afterwards. */
export async function probe(parts: ProbeParts): Promise<CipherReport> {
  const [esp, noNft] = await Promise.all([probeXfrm(parts), probeNft(parts.processes)]);
  return { ...esp, missing: [...esp.missing, ...noNft] };
}

async function probeXfrm(parts: ProbeParts): Promise<CipherReport> {
  const noIp = await probeIp(parts.processes);
  return noIp.length > 0 ? { missing: noIp, unusable: [] } : probeEsp(parts);
}
