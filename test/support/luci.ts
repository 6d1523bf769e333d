/** LuCI modules of the app under Node: those that need no document, with stand-ins for what they take. */
import { readFileSync } from 'node:fs';

export const resources = 'luci-app/luci-app-autoipsec/htdocs/luci-static/resources';

/** `Class.extend(members)` gives the members: enough for modules that only say things. */
const baseclass = { extend: (members: unknown) => members };
const lib = { toArray: (value: unknown) => (Array.isArray(value) ? value : []) };

/** `%s` and `%d` of LuCI's String.format. */
function format(this: string, ...args: unknown[]): string {
  let next = 0;
  return this.replace(/%[sd]/g, () => String(args[next++]));
}
Object.assign(String.prototype, { format });

/** The module `name`, like `autoipsec.words`, with all that it requires. */
export function luciModule<T>(name: string): T {
  if (name === 'baseclass') return baseclass as T;
  const source = readFileSync(`${resources}/${name.replaceAll('.', '/')}.js`, 'utf8');
  const required = [...source.matchAll(/^'require ([\w.]+)(?: as (\w+))?';$/gm)];
  const names = required.map(([, wanted, alias]) => alias ?? wanted!);
  const modules = required.map(([, wanted]) => luciModule(wanted!));
  return new Function('_', 'L', ...names, source)((text: string) => text, lib, ...modules) as T;
}
