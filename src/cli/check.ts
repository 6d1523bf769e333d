/**
 * `autoipsec check`: is this router ready? Every line says what was looked at and what was found, and
 * where something is wrong, what to do about it. The single looks are in `findings.ts`.
 */
import { loadSettings } from '../core/config/load.js';
import { columns, wrap } from '../core/control/columns.js';
import type { CliContext, ExitStatus } from './context.js';
import {
  checkClock,
  checkConfiguration,
  checkDaemon,
  checkKernel,
  checkNames,
  checkWans,
  type Finding,
} from './findings.js';

/** One finding as lines: `FAIL  kernel: no ESP → install kmod-ipsec4`. */
export function findingLines({ level, what, found, remedy }: Finding): string[] {
  const sentence = `${what}: ${found}${remedy ? ` → ${remedy}` : ''}`;
  return wrap(sentence, 6, level);
}

/** Each look on its own, so that one that breaks does not hide the others. */
async function look(what: string, run: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await run();
  } catch (error) {
    const found = `could not be looked at: ${String((error as Error).message ?? error)}`;
    return [{ level: 'FAIL', what, found, remedy: 'report this as a bug' }];
  }
}

function verdict(findings: readonly Finding[]): string {
  const failures = findings.filter((each) => each.level === 'FAIL').length;
  const warnings = findings.filter((each) => each.level === 'warn').length;
  const also = warnings > 0 ? `${warnings} could be better` : '';
  if (failures > 0)
    return `Not ready: ${[`${failures} to mend`, also].filter(Boolean).join(', ')}.`;
  return warnings > 0 ? `Ready, but ${also}.` : 'Ready.';
}

/** What `check --json` prints (docs/ubus.md). */
export interface CheckReport {
  /** Nothing has to be mended before the service works. */
  ready: boolean;
  verdict: string;
  findings: readonly Finding[];
}

/** Exit status 1 when something has to be mended before the service works. */
export async function check(context: CliContext, json = false): Promise<ExitStatus> {
  const loaded = context.loadSettings();
  // With a broken file the rest is looked at with the defaults
  const fallback = loadSettings('', '', []);
  const settings = loaded.ok ? loaded.settings : fallback.ok ? fallback.settings : undefined;
  if (!settings) throw new Error('the default settings are wrong');
  const looks = [
    look('configuration', async () => checkConfiguration(context, loaded)),
    look('clock', async () => checkClock(context)),
    look('kernel and tools', () => checkKernel(context, settings)),
    look('daemon', () => checkDaemon(context)),
    look('WAN', () => checkWans(context, settings)),
    look('names', () => checkNames(context, settings)),
  ];
  const all: Finding[] = [];
  for (const running of looks) {
    const findings = await running;
    all.push(...findings);
    if (json) continue;
    for (const finding of findings) context.print(`${findingLines(finding).join('\n')}\n`);
  }
  const ready = all.every((each) => each.level !== 'FAIL');
  const report: CheckReport = { ready, verdict: verdict(all), findings: all };
  if (json) context.print(`${JSON.stringify(report)}\n`);
  else context.print(`\n${columns([[report.verdict]]).join('\n')}\n`);
  return ready ? 0 : 1;
}
