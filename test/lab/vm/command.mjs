// What any kind of machine runs, and how its end is told.
import { readFileSync } from 'node:fs';

/** Exit status when the time limit ended the command, as timeout(1) has it. */
export const timedOut = 124;
/** Exit status when the machine ended without telling the command's status. */
export const machineFailed = 125;

/** `options`: cwd, and env, which is added to the machine's. */
export function commandScript(argv, { cwd = process.cwd(), env = {} }) {
  const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [...variables, `cd ${quote(cwd)}`, `exec ${argv.map(quote).join(' ')}`, ''].join('\n');
}

function quote(word) {
  return `'${String(word).replaceAll("'", "'\\''")}'`;
}

/** Last lines of a console. */
export function tail(file) {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-30).join('\n');
  } catch {
    return '(nothing)';
  }
}
