/** The single looks of `autoipsec check`. Each gives findings and changes nothing. */
import { printable } from '../core/bytes/text.js';
import type { LoadResult } from '../core/config/load.js';
import type { Settings } from '../core/config/settings.js';
import { type LookupResult, RecordType, type Resolver } from '../core/dns/resolver.js';
import type { IpFamily } from '../core/net/address.js';
import { keyLogWarning, runtimeFolderOf } from '../daemon/key-log.js';
import { askDaemon } from './ask-daemon.js';
import type { CliContext, WanState } from './context.js';
import { isPrivate, ownRecords } from './own-records.js';
import { type Comparison, comparePublished } from './published.js';

export interface Finding {
  level: 'ok' | 'warn' | 'FAIL';
  what: string;
  /** What was found; printable. */
  found: string;
  /** What to do, where something is wrong. */
  remedy?: string;
}

const ok = (what: string, found: string): Finding => ({ level: 'ok', what, found });

export function checkConfiguration(context: CliContext, loaded: LoadResult): Finding[] {
  const what = 'configuration';
  const { configFile } = context.locations;
  const warnings = loaded.warnings.map((found): Finding => ({ level: 'warn', what, found }));
  if (!loaded.ok) {
    const remedy = 'docs/configuration.md tells what is allowed';
    return [
      ...loaded.errors.map((found): Finding => ({ level: 'FAIL', what, found, remedy })),
      ...warnings,
    ];
  }
  if (!loaded.settings.enabled)
    warnings.push({
      level: 'warn',
      what,
      found: 'the service is switched off',
      remedy: "uci set autoipsec.main.enabled='1'; uci commit autoipsec",
    });
  if (loaded.settings.keyLog)
    warnings.push({
      level: 'warn',
      what,
      found: keyLogWarning(runtimeFolderOf(context.locations.socketPath)),
      remedy: 'uci delete autoipsec.main.key_log; uci commit autoipsec',
    });
  return [ok(what, `${configFile} is valid`), ...warnings];
}

/** 2026-01-01: before this was written. A router without battery wakes up in the past. */
const EARLIEST_SECONDS = 1_767_225_600;
/** 2100-01-01 */
const LATEST_SECONDS = 4_102_444_800;

export function checkClock({ clock }: CliContext): Finding[] {
  const now = clock.wallSeconds();
  const date = new Date(now * 1000).toISOString().slice(0, 16).replace('T', ' ');
  if (now >= EARLIEST_SECONDS && now < LATEST_SECONDS) return [ok('clock', `${date} UTC`)];
  const remedy = 'let NTP set it (service sysntpd start): signatures can not be judged without';
  return [{ level: 'FAIL', what: 'clock', found: `${date} UTC can not be right`, remedy }];
}

/** Which cipher tunnels get first, and why. */
function checkCiphers(context: CliContext, settings: Settings): Finding[] {
  const what = 'ciphers';
  if (settings.espProposals.length > 0)
    return [ok(what, `${settings.espProposals.join(' ')}, as option esp_proposal says`)];
  const speed = context.aesSpeed(settings);
  if (!speed) return [];
  const driver = printable(speed.driver, 80);
  return [
    ok(
      what,
      speed.isFast
        ? `AES-GCM first, which is fast here (${driver})`
        : `ChaCha20-Poly1305 first, as AES is slow here (${driver})`,
    ),
  ];
}

export async function checkKernel(context: CliContext, settings: Settings): Promise<Finding[]> {
  const missing = await context.missingParts(settings);
  if (missing.length === 0)
    return [ok('kernel and tools', 'all parts are there'), ...checkCiphers(context, settings)];
  return missing.map(({ what, remedy }) => ({
    level: 'FAIL',
    what: 'kernel and tools',
    found: what,
    remedy,
  }));
}

const IKE_PORTS = [500, 4500];

/** Whether a port can be had now; gives it back at once. */
async function takenBecause(
  { network }: CliContext,
  family: IpFamily,
  port: number,
): Promise<string | undefined> {
  try {
    const socket = await network.udp({ family, port, onDatagram: () => undefined });
    socket.close();
    return undefined;
  } catch (error) {
    return String((error as Error).message);
  }
}

/** Runs the daemon? If not, could it have its ports? */
export async function checkDaemon(context: CliContext): Promise<Finding[]> {
  const asked = await askDaemon(context, { command: 'status' });
  if (asked.ok) return [ok('daemon', 'it runs and holds the ports 500 and 4500')];
  if (asked.isRunning) return [{ level: 'FAIL', what: 'daemon', found: asked.why }];
  const remedy = 'service autoipsec start';
  const findings: Finding[] = [{ level: 'warn', what: 'daemon', found: 'it does not run', remedy }];
  for (const port of IKE_PORTS) {
    const why = await takenBecause(context, 4, port);
    findings.push(
      why
        ? {
            level: 'FAIL',
            what: `port ${port}`,
            found: `can not be had: ${why}`,
            remedy: 'stop the other IKE daemon (strongSwan, libreswan), or do not use this service',
          }
        : ok(`port ${port}`, 'free'),
    );
  }
  return findings;
}

function checkWan(name: string, { device, addresses }: WanState, hasName: boolean): Finding[] {
  const what = `WAN '${name}'`;
  if (device === '')
    return [
      {
        level: 'FAIL',
        what,
        found: 'its network device is not known',
        remedy: `'ifup ${name}', or name the device with option device`,
      },
    ];
  if (addresses.length === 0)
    return [
      {
        level: 'FAIL',
        what,
        found: `${device} has no global address`,
        remedy: `look at 'ifstatus ${name}'`,
      },
    ];
  const hidden = addresses.filter(isPrivate);
  const findings = [ok(what, `${device} has ${addresses.join(', ')}`)];
  // OE-135: what we translate into must be globally unique
  if (hidden.length > 0)
    findings.push({
      level: 'warn',
      what,
      found: `${hidden.join(', ')} is private: somebody before this router translates it again, so nobody can look up records for it or call it`,
      remedy: hasName
        ? 'tunnels can be started from here under the name of option fqdn'
        : 'ask for a public address, or give the WAN a name with option fqdn to start tunnels at least',
    });
  return findings;
}

export async function checkWans(context: CliContext, settings: Settings): Promise<Finding[]> {
  if (settings.wans.length === 0)
    return [
      {
        level: 'FAIL',
        what: 'WAN',
        found: 'no WAN is enabled',
        remedy: `enable a wan section in ${context.locations.configFile}`,
      },
    ];
  const states = await Promise.all(
    settings.wans.map(async (wan) => ({ wan, state: await context.wanState(settings, wan) })),
  );
  return states.flatMap(({ wan, state }) => checkWan(wan.interface, state, wan.fqdn !== ''));
}

/** One line for each record that is not published as it should be; one for all that are. */
function recordFindings(comparisons: readonly Comparison[]): Finding[] {
  const what = 'own records';
  const wrong = comparisons.filter((each) => each.presence !== 'present');
  const findings = wrong.map(
    ({ record, presence, detail }): Finding => ({
      level: 'warn',
      what,
      found: `${record.kind} at ${record.owner}: ${presence} (${detail})`,
      remedy:
        presence === 'unknown'
          ? 'look at the name servers first'
          : "publish what 'autoipsec records' prints, so that others encrypt to you",
    }),
  );
  const present = comparisons.filter((each) => each.presence === 'present');
  if (present.length > 0) findings.unshift(ok(what, `${present.length} published`));
  // OE-88
  if (present.some((each) => each.status === 'insecure'))
    findings.push({
      level: 'warn',
      what,
      found: 'not vouched for by DNSSEC as seen from here',
      remedy: 'have the zone signed, or anybody who forges DNS can pose as this router',
    });
  return findings;
}

async function compareOwn(
  context: CliContext,
  settings: Settings,
  resolver: Resolver,
): Promise<{ findings: Finding[]; comparisons: Comparison[] }> {
  const own = context.ownKeys(settings);
  if (!own.ok) {
    const remedy = 'start the daemon once, it makes the key';
    const finding: Finding = { level: 'warn', what: 'own key', found: own.why, remedy };
    return { findings: [finding], comparisons: [] };
  }
  const { groups } = await ownRecords(context, settings, own.keys, []);
  const planned = groups.flatMap((group) => group.records);
  const comparisons = await comparePublished(planned, resolver);
  return { findings: recordFindings(comparisons), comparisons };
}

/** Whether anything came from the servers, and whether it came validated. */
function resolverFindings(
  servers: string,
  probe: LookupResult,
  comparisons: readonly Comparison[],
): Finding[] {
  const what = 'name servers';
  const isAnswered = probe.kind !== 'failed' || comparisons.some((each) => each.status);
  if (!isAnswered) {
    const found = `${servers}: ${printable(probe.kind === 'failed' ? probe.reason : '')}`;
    const remedy = 'look at /etc/resolv.conf, or name servers with list name_server';
    return [{ level: 'FAIL', what, found, remedy }];
  }
  const statuses = [
    probe.kind === 'failed' ? undefined : probe.status,
    ...comparisons.map((each) => each.status),
  ];
  const findings = [ok(what, `${servers} answered`)];
  if (statuses.includes('bogus'))
    findings.push({
      level: 'FAIL',
      what: 'DNSSEC',
      found: 'a signature of the root or of the own zone is wrong',
      remedy: 'look at the clock, then at the zone: somebody may forge answers',
    });
  else if (statuses.includes('secure'))
    findings.push(ok('DNSSEC', 'answers come validated from a trusted name server'));
  else
    findings.push({
      level: 'warn',
      what: 'DNSSEC',
      found:
        'no answer comes validated: tunnels are safe from listeners, not from active attackers',
      remedy:
        'run a validating resolver on this router (unbound-daemon, or dnsmasq-full with dnssec), or name one with list trusted_name_server',
    });
  return findings;
}

/** Name servers, DNSSEC and the own records: one set of questions tells all three. */
export async function checkNames(context: CliContext, settings: Settings): Promise<Finding[]> {
  const servers = context.nameServers(settings);
  if (servers.length === 0) {
    const remedy = 'name servers with list name_server';
    const found = 'none in the configuration and none in /etc/resolv.conf';
    return [{ level: 'FAIL', what: 'name servers', found, remedy }];
  }
  const resolver = context.resolver(settings);
  // The root is always signed; the own zone may be where the root is not reachable
  const [probe, own] = await Promise.all([
    resolver.lookup('.', RecordType.SOA),
    compareOwn(context, settings, resolver),
  ]);
  const shown = servers.map((each) => `${each.address}${each.isTrusted ? ' (trusted)' : ''}`);
  return [...resolverFindings(shown.join(', '), probe, own.comparisons), ...own.findings];
}
