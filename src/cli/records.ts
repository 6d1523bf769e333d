/**
 * `autoipsec records`: the lines to publish, then a comparison with what is published today. All that
 * is no record is a comment, so the whole output is a zone file.
 */
import type { Settings } from '../core/config/settings.js';
import { wrap } from '../core/control/columns.js';
import type { Prefix } from '../core/net/address.js';
import type { PublicKey } from '../core/pki/public-key.js';
import { type CliContext, type ExitStatus, settingsOrComplain } from './context.js';
import { ownRecords } from './own-records.js';
import type { RecordGroup } from './publish.js';
import { type Comparison, comparePublished } from './published.js';

const comment = (sentence: string): string => wrap(sentence, 2, '; ').map(asComment).join('\n');
const asComment = (line: string): string => (line.startsWith(';') ? line : `;${line.slice(1)}`);

function comparisonLines(comparisons: readonly Comparison[]): string[] {
  const lines = comparisons.map(({ record, presence, detail }) =>
    comment(`${presence}: ${record.kind} at ${record.owner}: ${detail}`),
  );
  return ['; Published today:', ...lines, comment(verdict(comparisons))];
}

function verdict(comparisons: readonly Comparison[]): string {
  const unknown = comparisons.filter((each) => each.presence === 'unknown').length;
  const present = comparisons.filter((each) => each.presence === 'present').length;
  const total = comparisons.length;
  if (present === total) return 'All of them are published.';
  const wrong = total - present - unknown;
  const sentences = [
    wrong > 0 &&
      `${wrong} of ${total} are not published as above: put the lines above into the zones, or ask whoever runs these zones to.`,
    unknown > 0 &&
      `${unknown} of ${total} could not be looked up: 'autoipsec check' looks at the name servers.`,
  ];
  return sentences.filter(Boolean).join(' ');
}

export interface RecordsOptions {
  /** Hosts and blocks behind this router. */
  clients: readonly Prefix[];
  /** Do not compare. */
  offline: boolean;
  /** Values for programs in the place of lines for a zone. */
  json?: boolean;
}

interface Report {
  groups: readonly RecordGroup[];
  notes: readonly string[];
  /** One for each record, in order; empty when nothing was compared. */
  comparisons: readonly Comparison[];
}

async function report(
  context: CliContext,
  settings: Settings,
  keys: readonly PublicKey[],
  options: RecordsOptions,
): Promise<Report> {
  const { groups, notes } = await ownRecords(context, settings, keys, options.clients);
  if (keys.every((key) => key.type !== 'rsa'))
    notes.push(
      'TXT and KEY records carry RSA keys only, so there is none for this key: peers that do not read IPSECKEY will not find this router.',
    );
  const planned = options.offline ? [] : groups.flatMap((group) => group.records);
  const comparisons =
    planned.length > 0 ? await comparePublished(planned, context.resolver(settings)) : [];
  return { groups, notes, comparisons };
}

function print(context: CliContext, { groups, notes, comparisons }: Report): void {
  for (const note of notes) context.print(`${comment(note)}\n`);
  for (const { purpose, records } of groups)
    context.print(`${comment(purpose)}\n${records.map((each) => each.line).join('\n')}\n\n`);
  if (comparisons.length > 0) context.print(`${comparisonLines(comparisons).join('\n')}\n`);
}

/** What `records --json` prints (docs/ubus.md). */
function valuesOf({ groups, notes, comparisons }: Report) {
  return {
    groups: groups.map(({ purpose, records }) => ({
      purpose,
      records: records.map((record) => {
        const { kind, owner, line } = record;
        const found = comparisons.find((each) => each.record === record);
        const compared = found ? { presence: found.presence, detail: found.detail } : {};
        // a provider's form asks for name and type apart
        return { kind, owner, line, data: line.replace(/^\S+ IN \S+ /, ''), ...compared };
      }),
    })),
    notes,
  };
}

/** Exit status 1 when a record is missing, differs, or can not be looked up. */
export async function records(context: CliContext, options: RecordsOptions): Promise<ExitStatus> {
  const settings = settingsOrComplain(context);
  if (!settings) return 1;
  const own = context.ownKeys(settings);
  if (!own.ok) {
    context.complain(`${own.why}: start the daemon once, it makes the key`);
    return 1;
  }
  if (settings.wans.length === 0) {
    context.complain(`no WAN is enabled in ${context.locations.configFile}: enable one first`);
    return 1;
  }
  const made = await report(context, settings, own.keys, options);
  if (options.json) context.print(`${JSON.stringify(valuesOf(made))}\n`);
  else print(context, made);
  if (made.groups.length === 0) return 1;
  return made.comparisons.every((each) => each.presence === 'present') ? 0 : 1;
}
