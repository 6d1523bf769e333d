/** Compares records that should be published with what the DNS says today (IK-9, OE-79). */
import { fromUtf8, printable } from '../core/bytes/text.js';
import { ipseckeyPublicKey, readIpseckey } from '../core/dns/ipseckey-record.js';
import { readIpsecKey } from '../core/dns/key-record.js';
import { type Answer, type LookupResult, RecordType, type Resolver } from '../core/dns/resolver.js';
import { joinStrings, readTxt } from '../core/dns/txt-record.js';
import { keyId } from '../core/pki/public-key.js';
import { parseDelegation } from '../plugins/oe-dns/delegation.js';
import type { PlannedRecord, RecordKind } from './publish.js';

export type Presence = 'present' | 'missing' | 'differs' | 'unknown';

export interface Comparison {
  record: PlannedRecord;
  presence: Presence;
  /** What was found, for a person: printable. */
  detail: string;
  /** How far the answer is vouched for; absent when none came. */
  status?: Answer['status'];
}

/**
 * What a record says, without what the administrator may choose (precedence, how strings are cut,
 * letters' case): two records with the same meaning do the same. `undefined` for a record of another
 * application.
 */
const meanings: Readonly<Record<RecordKind, (data: Uint8Array) => string | undefined>> = {
  TXT: (data) => {
    const strings = readTxt(data);
    const parsed = strings.ok ? parseDelegation(fromUtf8(joinStrings(strings.value))) : undefined;
    if (parsed?.kind === 'malformed') return `malformed: ${parsed.why}`;
    if (parsed?.kind !== 'delegation') return undefined;
    const { gateway, key, keyName } = parsed.delegation;
    const where = 'fqdn' in gateway ? `@${gateway.fqdn}` : gateway.address;
    return `${where} ${key ? keyId(key) : (keyName ?? 'no key')}`;
  },
  KEY: (data) => {
    const read = readIpsecKey(data);
    return read.ok ? keyId(read.value) : undefined;
  },
  IPSECKEY: (data) => {
    const record = readIpseckey(data);
    const key = record.ok ? ipseckeyPublicKey(record.value) : record;
    if (!record.ok || !key.ok) return 'malformed';
    const { gateway } = record.value;
    const where =
      gateway.kind === 'none' ? '.' : gateway.kind === 'address' ? gateway.address : gateway.name;
    return `${where.toLowerCase()} ${key.value ? keyId(key.value) : 'no key'}`;
  },
};

function compare(record: PlannedRecord, result: LookupResult): Comparison {
  if (result.kind === 'failed')
    return { record, presence: 'unknown', detail: printable(result.reason) };
  const { status } = result;
  if (status === 'bogus')
    return { record, presence: 'unknown', detail: 'the DNSSEC signature is wrong', status };
  if (result.kind === 'none') return { record, presence: 'missing', detail: result.reason, status };
  const meaning = meanings[record.kind];
  const wanted = meaning(record.data);
  const found = result.records.map(meaning).filter((each) => each !== undefined);
  const alias = result.owner === record.owner ? '' : ` (at ${printable(result.owner)})`;
  if (found.includes(wanted!))
    return { record, presence: 'present', detail: `${vouched(status)}${alias}`, status };
  if (found.length === 0)
    return { record, presence: 'missing', detail: `other records only${alias}`, status };
  const detail = `${found.length} published, none with this gateway and key${alias}`;
  return { record, presence: 'differs', detail, status };
}

const vouched = (status: Answer['status']): string =>
  status === 'secure' ? 'vouched for by DNSSEC' : 'not vouched for by DNSSEC';

/** Asks for every record, once for each name and type. */
export async function comparePublished(
  records: readonly PlannedRecord[],
  resolver: Resolver,
): Promise<Comparison[]> {
  const questions = new Map<string, Promise<LookupResult>>();
  const ask = ({ owner, kind }: PlannedRecord) => {
    const question = `${kind} ${owner}`;
    const result = questions.get(question) ?? resolver.lookup(owner, RecordType[kind]);
    questions.set(question, result);
    return result;
  };
  return Promise.all(records.map(async (record) => compare(record, await ask(record))));
}
