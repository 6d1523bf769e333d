/**
 * UCI text into `Settings`, with every mistake named: file, line, section, option, what stands there
 * and what is allowed. Never throws: on errors the caller keeps the settings it had. What is unknown
 * is a warning, as the file may be written for a newer release.
 */
import { fromUtf8, printable } from '../bytes/text.js';
import type { Files } from '../platform/platform.js';
import type { Plugin } from '../plugin.js';
import type { Option, Options } from './schema.js';
import { mainSection, policySection, wanSection } from './sections.js';
import type { PolicySettings, Settings, WanSettings } from './settings.js';
import { parseUci, type UciOption, type UciSection } from './uci.js';

/** Where the configuration is, unless the command line says else. */
export const defaultConfigFile = '/etc/config/autoipsec';

/** More WANs than netfilter queues of ours (`WanDevice.index`). */
export const maxWans = 16;

export type LoadResult =
  | { ok: true; settings: Settings; warnings: string[] }
  /** Each error is one sentence that begins with file and line. */
  | { ok: false; errors: string[]; warnings: string[] };

/** Collects what is wrong; every line begins `FILE:LINE: section`. */
class Problems {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  constructor(private readonly file: string) {}

  error = (section: UciSection, message: string, line = section.line): void => {
    this.errors.push(this.sentence(section, message, line));
  };

  warning = (section: UciSection, message: string, line = section.line): void => {
    this.warnings.push(this.sentence(section, message, line));
  };

  private sentence(section: UciSection, message: string, line: number): string {
    return `${this.file}:${line}: ${nameOf(section)}: ${message}`;
  }
}

const nameOf = (section: UciSection): string => {
  const type = printable(section.type, 40);
  return section.name ? `${type} '${section.name}'` : type;
};

/** The values of a list that was written as one `option` are parted by spaces, as in OpenWrt's scripts. */
function valuesOf(option: Option<unknown>, written: UciOption): readonly string[] {
  const isSplit = option.isList && written.kind === 'option';
  const values = isSplit ? written.values[0]!.split(/\s+/) : written.values;
  return values.filter((value) => value !== '');
}

const shown = (values: readonly string[]): string =>
  values.map((value) => `'${printable(value, 60)}'`).join(' ');

/** One option's value; the default when it is absent, empty or wrong. */
function readOption<T>(option: Option<T>, section: UciSection, problems: Problems): T {
  const written = section.options.get(option.uci);
  const values = written ? valuesOf(option, written) : [];
  // `option x ''` is how UCI says "unset"
  if (!written || values.length === 0) return option.default;
  const parsed = option.parse(values);
  if (parsed.ok) return parsed.value;
  const message = `option '${option.uci}' is ${shown(values)}; allowed: ${parsed.allowed}`;
  problems.error(section, message, written.line);
  return option.default;
}

function readOptions<T>(options: Options<T>, section: UciSection, problems: Problems): T {
  const values: Partial<T> = {};
  for (const key of Object.keys(options) as (keyof T)[])
    values[key] = readOption(options[key], section, problems);
  return values as T;
}

function warnOfUnknown(section: UciSection, known: ReadonlySet<string>, problems: Problems): void {
  for (const { name, line } of section.options.values())
    if (!known.has(name))
      problems.warning(section, `option '${printable(name, 40)}' is not known and ignored`, line);
}

const uciNames = (options: object): string[] =>
  Object.values(options as Record<string, Option<unknown>>).map((option) => option.uci);

function readMain(sections: readonly UciSection[], problems: Problems) {
  const mains = sections.filter((section) => section.type === mainSection.type);
  const first: UciSection = mains.find((section) => section.name === mainSection.name) ?? {
    type: mainSection.type,
    name: 'main',
    line: 1,
    options: new Map(),
  };
  for (const section of mains)
    if (section !== first)
      problems.warning(section, `only the section named '${mainSection.name}' counts; ignored`);
  const values = readOptions(mainSection.options, first, problems);
  warnOfUnknown(first, new Set(uciNames(mainSection.options)), problems);
  for (const [soft, hard] of [
    ['saSoftSeconds', 'saHardSeconds'],
    ['saSoftBytes', 'saHardBytes'],
    ['saSoftPackets', 'saHardPackets'],
    ['ikeSoftSeconds', 'ikeHardSeconds'],
  ] as const) {
    // 0: no limit
    if (values[hard] === 0 || values[hard] > values[soft]) continue;
    const { [soft]: lower, [hard]: upper } = mainSection.options;
    problems.error(
      first,
      `option '${upper.uci}' is '${values[hard]}'; allowed: above ${lower.uci}, which is ${values[soft]}`,
    );
  }
  return values;
}

/** A section's name, or its place in the file as UCI writes it (`@wan[0]`). */
const labelOf = (section: UciSection, index: number): string =>
  section.name || `@${section.type}[${index}]`;

function checkPlugins(
  section: UciSection,
  listed: readonly string[],
  plugins: readonly Plugin[],
  problems: Problems,
): void {
  const names = plugins.map((plugin) => plugin.name);
  const line = section.options.get(wanSection.options.plugins.uci)?.line;
  for (const [index, name] of listed.entries()) {
    const say = (what: string) =>
      problems.error(section, `option 'plugin' is '${printable(name, 60)}'; ${what}`, line);
    if (!names.includes(name)) say(`allowed: ${names.join(', ')}`);
    else if (listed.indexOf(name) !== index) say('named twice');
  }
  if (listed.length === 0)
    problems.warning(section, `no 'list plugin': no peer is looked for here (${names.join(', ')})`);
}

function readWan(
  section: UciSection,
  index: number,
  plugins: readonly Plugin[],
  problems: Problems,
): WanSettings | undefined {
  const { enabled, ...values } = readOptions(wanSection.options, section, problems);
  const pluginOptions: Record<string, unknown> = {};
  for (const plugin of plugins)
    pluginOptions[plugin.name] = readOptions(
      plugin.options as Options<Record<string, unknown>>,
      section,
      problems,
    );
  const known = [wanSection, ...plugins].flatMap((each) => uciNames(each.options));
  warnOfUnknown(section, new Set(known), problems);
  if (!enabled) return undefined;
  if (values.interface === '' && !section.options.has('interface'))
    problems.error(section, "option 'interface' is missing; name one of /etc/config/network");
  checkPlugins(section, values.plugins, plugins, problems);
  return { section: labelOf(section, index), ...values, pluginOptions };
}

function readWans(
  sections: readonly UciSection[],
  plugins: readonly Plugin[],
  problems: Problems,
): WanSettings[] {
  const wans: WanSettings[] = [];
  const written = sections.filter((section) => section.type === wanSection.type);
  for (const [index, section] of written.entries()) {
    const wan = readWan(section, index, plugins, problems);
    if (!wan) continue;
    const twin = wans.find((other) => other.interface === wan.interface && wan.interface !== '');
    if (twin)
      problems.error(section, `interface '${wan.interface}' has section '${twin.section}' already`);
    if (wans.length === maxWans) problems.error(section, `more than ${maxWans} enabled WANs`);
    wans.push(wan);
  }
  return wans;
}

function readPolicies(sections: readonly UciSection[], problems: Problems): PolicySettings[] {
  const written = sections.filter((section) => section.type === policySection.type);
  return written.map((section, index) => {
    const values = readOptions(policySection.options, section, problems);
    warnOfUnknown(section, new Set(uciNames(policySection.options)), problems);
    if (!section.options.has('class'))
      problems.error(
        section,
        `option 'class' is missing; allowed: ${policySection.options.class.allowed}`,
      );
    return { section: labelOf(section, index), ...values };
  });
}

const knownTypes = [mainSection.type, wanSection.type, policySection.type];

/** Reads the text of the file `file`; `plugins` are all that this build has. */
export function loadSettings(text: string, file: string, plugins: readonly Plugin[]): LoadResult {
  const parsed = parseUci(text);
  if (!parsed.ok) {
    const { line, message } = parsed.error;
    return { ok: false, errors: [`${file}:${line}: ${message}`], warnings: [] };
  }
  const problems = new Problems(file);
  const { sections } = parsed;
  const { noRecordSeconds, refusedSeconds, silentSeconds, ...main } = readMain(sections, problems);
  const settings: Settings = {
    ...main,
    lifespans: { noRecordSeconds, refusedSeconds, silentSeconds },
    wans: readWans(sections, plugins, problems),
    policies: readPolicies(sections, problems),
  };
  for (const section of sections)
    if (!knownTypes.includes(section.type))
      problems.warning(section, 'sections of this type are not known and ignored');
  const { errors, warnings } = problems;
  return errors.length > 0 ? { ok: false, errors, warnings } : { ok: true, settings, warnings };
}

/** Reads a file of the machine. A missing or unreadable file is an error. */
export function loadSettingsFile(
  files: Pick<Files, 'read'>,
  file: string,
  plugins: readonly Plugin[],
): LoadResult {
  const fail = (why: string): LoadResult => ({
    ok: false,
    errors: [`${file}: ${why}`],
    warnings: [],
  });
  try {
    const content = files.read(file);
    return content ? loadSettings(fromUtf8(content), file, plugins) : fail('there is no such file');
  } catch (error) {
    return fail(`can not be read: ${printable(String((error as Error).message))}`);
  }
}
