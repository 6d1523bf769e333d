/** `autoipsec status`: the daemon's report, as text or as JSON. */
import type { StatusReport } from '../core/control/status.js';
import { statusText } from '../core/control/status-text.js';
import { askDaemon } from './ask-daemon.js';
import type { CliContext, ExitStatus } from './context.js';

/** A daemon of another release may run while a package is being upgraded. */
function isReport(value: unknown): value is StatusReport {
  if (typeof value !== 'object' || value === null) return false;
  const report = value as Partial<StatusReport>;
  return (
    typeof report.version === 'string' &&
    typeof report.resolver === 'object' &&
    [report.wans, report.connections, report.warnings].every(Array.isArray)
  );
}

export async function status(context: CliContext, json: boolean): Promise<ExitStatus> {
  const asked = await askDaemon(context, { command: 'status' });
  if (!asked.ok) {
    context.complain(asked.why);
    return 1;
  }
  if (json) context.print(`${JSON.stringify(asked.result, undefined, 2)}\n`);
  else if (isReport(asked.result)) context.print(statusText(asked.result));
  else {
    context.complain("the daemon's report is of another release: 'service autoipsec restart'");
    return 1;
  }
  return 0;
}
