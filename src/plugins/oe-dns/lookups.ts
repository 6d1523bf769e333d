/**
 * The questions the plugin asks, with answers as values of its own: who may act for a client (TXT and
 * IPSECKEY in its reverse tree), which keys a gateway has (KEY and IPSECKEY), where a name is.
 */
import { fromUtf8, printable } from '../../core/bytes/text.js';
import { readAddressRecord } from '../../core/dns/address-record.js';
import { readIpseckeySet, type UsableIpseckey } from '../../core/dns/ipseckey-record.js';
import { readIpsecKey } from '../../core/dns/key-record.js';
import {
  type Answer,
  type DnssecStatus,
  type LookupResult,
  RecordType,
  type Resolver,
} from '../../core/dns/resolver.js';
import { joinStrings, readTxt } from '../../core/dns/txt-record.js';
import { type IpAddress, reverseName } from '../../core/net/address.js';
import type { PublicKey } from '../../core/pki/public-key.js';
import type { Candidate } from './candidate.js';
import { type GatewayName, parseDelegation } from './delegation.js';

/** Records of one kind that are read at most from one answer; a stranger may send hundreds. */
const maxRecords = 16;

/** What a look-up amounted to, apart from the records: for the verdict and its lifespan. */
export interface Finding {
  /** The question, `TXT 10.2.18.198.in-addr.arpa`, for log lines. */
  question: string;
  /** Why there is nothing usable; empty when there is. */
  why: string;
  kind: LookupResult['kind'];
  status: DnssecStatus;
  ttlSeconds: number;
}

export interface Delegations {
  /** Of both record types. */
  candidates: Candidate[];
  findings: Finding[];
  /** Reasons of records that are there and can not be read (OE-37). */
  malformed: string[];
  /** Of the TXT records, malformed or not. */
  textStatus: DnssecStatus;
}

export interface Keys {
  keys: PublicKey[];
  status: DnssecStatus;
  ttlSeconds: number;
  findings: Finding[];
}

function finding(question: string, result: LookupResult): Finding {
  if (result.kind === 'failed')
    return { question, why: result.reason, kind: 'failed', status: 'insecure', ttlSeconds: 0 };
  const why = result.kind === 'none' ? result.reason : '';
  const { kind, status, ttlSeconds } = result;
  return { question, why, kind, status, ttlSeconds };
}

const recordsOf = (result: LookupResult): Uint8Array[] =>
  result.kind === 'records' ? result.records.slice(0, maxRecords) : [];

export function weakest(statuses: readonly DnssecStatus[]): DnssecStatus {
  if (statuses.includes('bogus')) return 'bogus';
  return statuses.includes('insecure') || statuses.length === 0 ? 'insecure' : 'secure';
}

function fromTxt(result: LookupResult, malformed: string[]): Candidate[] {
  const candidates: Candidate[] = [];
  for (const data of recordsOf(result)) {
    const strings = readTxt(data);
    if (!strings.ok) {
      malformed.push(strings.error);
      continue;
    }
    const parsed = parseDelegation(fromUtf8(joinStrings(strings.value)));
    if (parsed.kind === 'malformed') malformed.push(parsed.why);
    if (parsed.kind !== 'delegation') continue;
    const { status } = result as Answer;
    candidates.push({ ...parsed.delegation, record: 'TXT', status });
  }
  return candidates;
}

/** IK-5: without a gateway the owner is its own. */
function ipseckeyGateway(record: UsableIpseckey, client: IpAddress): GatewayName {
  switch (record.gateway.kind) {
    case 'none':
      return { address: client };
    case 'address':
      return { address: record.gateway.address };
    case 'name':
      return { fqdn: record.gateway.name.toLowerCase() };
  }
}

/** The key of a record is that of the gateway it names, which may be another than the owner. */
function isOwn({ gateway }: UsableIpseckey, owner: GatewayName): boolean {
  switch (gateway.kind) {
    case 'none':
      return true;
    case 'address':
      return 'address' in owner && owner.address === gateway.address;
    case 'name':
      return 'fqdn' in owner && owner.fqdn === gateway.name.toLowerCase();
  }
}

function fromIpseckey(result: LookupResult, client: IpAddress): [Candidate[], string[]] {
  const { usable, ignored } = readIpseckeySet(recordsOf(result));
  const candidates = usable.map((record) => ({
    precedence: record.precedence,
    gateway: ipseckeyGateway(record, client),
    record: 'IPSECKEY' as const,
    status: (result as Answer).status,
    ...(record.key ? { key: record.key } : {}),
  }));
  return [candidates, ignored];
}

export interface Lookups {
  delegations(client: IpAddress): Promise<Delegations>;
  /** Keys of a gateway by its address or name: KEY and IPSECKEY, asked together. */
  keys(gateway: GatewayName): Promise<Keys>;
  addresses(name: string): Promise<{ addresses: IpAddress[]; findings: Finding[] }>;
}

export function createLookups(dns: Resolver): Lookups {
  async function ask(name: string, type: 'TXT' | 'KEY' | 'IPSECKEY' | 'A' | 'AAAA') {
    const result = await dns.lookup(name, RecordType[type]);
    return { result, found: finding(`${type} ${printable(name)}`, result) };
  }

  return {
    async delegations(client) {
      const name = reverseName(client);
      // IK-8: both at once
      const [ipseckey, txt] = await Promise.all([ask(name, 'IPSECKEY'), ask(name, 'TXT')]);
      const malformed: string[] = [];
      const [fromRecords, ignored] = fromIpseckey(ipseckey.result, client);
      const delegations = fromTxt(txt.result, malformed);
      const findings = [ipseckey.found, txt.found];
      if (ignored[0]) ipseckey.found.why ||= `record ignored: ${ignored[0]}`;
      return {
        candidates: [...fromRecords, ...delegations],
        findings,
        malformed,
        textStatus: txt.found.status,
      };
    },

    async keys(gateway) {
      const name = 'address' in gateway ? reverseName(gateway.address) : gateway.fqdn;
      const [key, ipseckey] = await Promise.all([ask(name, 'KEY'), ask(name, 'IPSECKEY')]);
      const fromKey = recordsOf(key.result).flatMap((data) => {
        const read = readIpsecKey(data);
        if (!read.ok) key.found.why ||= `record not used: ${read.error}`;
        return read.ok ? [read.value] : [];
      });
      const { usable } = readIpseckeySet(recordsOf(ipseckey.result));
      const fromIpsec = usable.flatMap((record) =>
        record.key && isOwn(record, gateway) ? [record.key] : [],
      );
      const used = [
        ...(fromKey.length > 0 ? [key.found] : []),
        ...(fromIpsec.length > 0 ? [ipseckey.found] : []),
      ];
      return {
        keys: [...fromKey, ...fromIpsec],
        status: weakest(used.map((each) => each.status)),
        ttlSeconds: Math.min(...used.map((each) => each.ttlSeconds), 86400),
        findings: [key.found, ipseckey.found],
      };
    },

    async addresses(name) {
      const [v4, v6] = await Promise.all([ask(name, 'A'), ask(name, 'AAAA')]);
      const read = (type: typeof RecordType.A | typeof RecordType.AAAA, result: LookupResult) =>
        recordsOf(result).flatMap((data) => {
          const address = readAddressRecord(type, data);
          return address.ok ? [address.value] : [];
        });
      return {
        addresses: [...read(RecordType.A, v4.result), ...read(RecordType.AAAA, v6.result)],
        findings: [v4.found, v6.found],
      };
    },
  };
}
