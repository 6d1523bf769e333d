// The template of translations of the LuCI app: every text in _() of its scripts, the titles of its menu and
// the description of its rights, as LuCI's own scan finds them. `npm run docs` writes it.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './dependencies.mjs';

export const app = 'luci-app/luci-app-autoipsec';
export const templateFile = `${app}/po/templates/autoipsec.pot`;

const header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8"\n';

const patterns = {
  '.js': /\b_\((?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\)/g,
  '.json': /"(?:title|description)": "([^"]+)"/g,
};

/** `{ id, reference }` for each text of one file, in its order. */
export function textsOf(file) {
  const pattern = patterns[path.extname(file)];
  if (!pattern) return [];
  const source = readFileSync(path.join(root, file), 'utf8');
  return [...source.matchAll(pattern)].map((match) => ({
    id: (match[1] ?? match[2]).replace(/\\(['"])/g, '$1'),
    // without the line, which would change with every other edit
    reference: file.replace('luci-app/', 'applications/'),
  }));
}

/** Every text of the app with the places that have it, by text. */
export function texts() {
  const files = ['htdocs', 'root'].flatMap((folder) =>
    readdirSync(path.join(root, app, folder), { recursive: true })
      .map((name) => path.posix.join(app, folder, name))
      .sort(),
  );
  const found = new Map();
  for (const { id, reference } of files.flatMap(textsOf))
    found.set(id, new Set([...(found.get(id) ?? []), reference]));
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const quoted = (text) => `"${text.replace(/["\\]/g, '\\$&')}"`;

export function template() {
  const blocks = [...texts()].map(([id, places]) =>
    [...[...places].map((place) => `#: ${place}`), `msgid ${quoted(id)}`, 'msgstr ""', ''].join(
      '\n',
    ),
  );
  return [header, ...blocks].join('\n');
}
