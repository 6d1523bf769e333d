// Translations of a LuCI application: each po/LANGUAGE/NAME.po becomes a package luci-i18n-NAME-LANGUAGE with
// one catalogue in LuCI's .lmo format, as its po2lmo writes it.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The hash by which LuCI finds a text: Paul Hsieh's SuperFastHash, started with the length. */
export function lmoHash(bytes) {
  let hash = bytes.length >>> 0;
  const half = (at) => bytes[at] | (bytes[at + 1] << 8);
  const signed = (at) => (bytes[at] << 24) >> 24;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    hash = (hash + half(at)) >>> 0;
    const mixed = ((half(at + 2) << 11) ^ hash) >>> 0;
    hash = ((hash << 16) ^ mixed) >>> 0;
    hash = (hash + (hash >>> 11)) >>> 0;
  }
  const rest = bytes.length & 3;
  if (rest === 3) {
    hash = (hash + half(whole)) >>> 0;
    hash = (hash ^ (hash << 16)) >>> 0;
    hash = (hash ^ (signed(whole + 2) << 18)) >>> 0;
    hash = (hash + (hash >>> 11)) >>> 0;
  } else if (rest === 2) {
    hash = (hash + half(whole)) >>> 0;
    hash = (hash ^ (hash << 11)) >>> 0;
    hash = (hash + (hash >>> 17)) >>> 0;
  } else if (rest === 1) {
    hash = (hash + signed(whole)) >>> 0;
    hash = (hash ^ (hash << 10)) >>> 0;
    hash = (hash + (hash >>> 1)) >>> 0;
  }
  for (const [left, right] of [
    [3, 5],
    [4, 17],
    [25, 6],
  ]) {
    hash = (hash ^ (hash << left)) >>> 0;
    hash = (hash + (hash >>> right)) >>> 0;
  }
  return hash;
}

/** Messages of a .po file: `{ context, id, plural, texts }`; fuzzy and empty ones are left out. */
export function readPo(text) {
  const messages = [];
  for (const block of text.split(/\n\s*\n/)) {
    if (/^#,.*\bfuzzy\b/m.test(block)) continue;
    const message = { context: '', id: '', plural: '', texts: [] };
    let append = () => undefined;
    for (const line of block.split('\n')) {
      const [, keyword, index, quoted] =
        /^(?:(msg\w+)(?:\[(\d+)\])?\s+)?("(?:[^"\\]|\\.)*")\s*$/.exec(line) ?? [];
      if (quoted === undefined) continue;
      // as po2lmo has it: other escapes stay as they are written
      const value = quoted.slice(1, -1).replace(/\\(["\\])/g, '$1');
      const into = (name) => {
        append = (more) => {
          message[name] += more;
        };
      };
      if (keyword === 'msgctxt') into('context');
      else if (keyword === 'msgid') into('id');
      else if (keyword === 'msgid_plural') into('plural');
      else if (keyword === 'msgstr')
        append = (more) => {
          const at = Number(index ?? 0);
          message.texts[at] = (message.texts[at] ?? '') + more;
        };
      append(value);
    }
    if (message.texts.some(Boolean)) messages.push(message);
  }
  return messages;
}

/** The key of a message: its text, with the context and the number of the plural form where there are any. */
function keyOf({ context, id, plural }, form) {
  const start = context ? `${context}\u0001${id}` : id;
  return plural ? `${start}\u0002${form}` : start;
}

/** Whole numbers as LuCI reads them: 32 bits, the highest byte first. */
function u32(...values) {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4);
  return bytes;
}

/** The catalogue: texts, padded to four bytes, an index by hash, and where the index begins. */
export function writeLmo(messages) {
  const entries = [];
  const texts = [];
  let offset = 0;
  const add = (key, plural, text) => {
    const bytes = Buffer.from(text);
    const padded = Buffer.alloc((bytes.length + 3) & ~3);
    bytes.copy(padded);
    texts.push(padded);
    entries.push({ key, plural, offset, length: bytes.length });
    offset += padded.length;
  };
  for (const message of messages) {
    // the header's formula for plurals stands under hash 0
    const formula = message.id === '' && /Plural-Forms: (.*?)\\n/i.exec(message.texts[0])?.[1];
    if (formula) add(0, 0, formula);
    if (message.id === '') continue;
    for (const [form, text] of message.texts.entries()) {
      const key = keyOf(message, form);
      if (text && text !== key) add(lmoHash(Buffer.from(key)), message.texts.length, text);
    }
  }
  entries.sort((a, b) => a.key - b.key);
  const index = entries.map((each) => u32(each.key, each.plural, each.offset, each.length));
  return Buffer.concat([...texts, ...index, u32(offset)]);
}

/** `{ language, file }` for each translation of the application in `folder`. */
export function translations(folder) {
  const po = path.join(folder, 'po');
  if (!existsSync(po)) return [];
  return readdirSync(po)
    .filter((language) => language !== 'templates')
    .flatMap((language) =>
      readdirSync(path.join(po, language))
        .filter((name) => name.endsWith('.po'))
        .map((name) => ({ language, file: path.join(po, language, name) })),
    )
    .sort((a, b) => (a.language < b.language ? -1 : 1));
}

const languageNames = { de: 'Deutsch (German)' };

/** Puts the catalogue of a translation into `tree`; gives what goes into the package's control file. */
export function writeTranslation(tree, { language, file }, application) {
  const name = path.basename(file, '.po');
  const folder = path.join(tree, 'usr/lib/lua/luci/i18n');
  mkdirSync(folder, { recursive: true });
  const lmo = writeLmo(readPo(readFileSync(file, 'utf8')));
  writeFileSync(path.join(folder, `${name}.${language}.lmo`), lmo);
  // LuCI offers the languages that it finds in its configuration
  const defaults = path.join(tree, 'etc/uci-defaults');
  mkdirSync(defaults, { recursive: true });
  const option = `luci.languages.${language.replace('-', '_')}`;
  const set = `uci set ${option}='${languageNames[language] ?? language}'; uci commit luci\n`;
  writeFileSync(path.join(defaults, `luci-i18n-${name}-${language}`), set);
  return {
    ...application,
    Package: `luci-i18n-${name}-${language}`,
    Depends: `+${application.Package}`,
    Description: `Translation for ${application.Package} - ${language}`,
    conffiles: '',
    postinst: '',
    prerm: '',
    postrm: '',
  };
}
