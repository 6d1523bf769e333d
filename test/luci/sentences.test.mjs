// Sentences of the daemon in the reader's language.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readPo } from '../../packaging/luci.mjs';
import { root } from '../tools/dependencies.mjs';
import { app, textsOf } from '../tools/pot.mjs';
import { shot } from './browser.mjs';
import { status, usual } from './scenes.mjs';

const german = Object.fromEntries(
  readPo(readFileSync(path.join(root, app, 'po/de/autoipsec.po'), 'utf8')).map(
    ({ id, texts: [text] }) => [id, text],
  ),
);
const file = `${app}/htdocs/luci-static/resources/autoipsec/sentences.js`;

/** What may say something to a person, with `%s` where a value stands. */
function spoken() {
  const folders = ['src', 'openwrt-package/autoipsec/files'];
  const sources = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true })
      .filter((name) => /\.(ts|uc)$/.test(name))
      .map((name) => readFileSync(path.join(root, folder, name), 'utf8')),
  );
  const text = sources.join('\n');
  // with texts in its values, and those texts themselves
  const values = [/\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}/g, /\$\{[^{}`]*\}/g];
  return values.map((value) => text.replace(value, '%s')).join('\n');
}

export const tests = {
  'LuCI sentences: each template is what the daemon or the command line says': async () => {
    const said = spoken();
    const templates = textsOf(file).map(({ id }) => id.replaceAll('%d', '%s'));
    assert.ok(templates.length > 80);
    assert.deepEqual(
      templates.filter((each) => !said.includes(each)),
      [],
    );
  },

  'LuCI sentences: the overview is German to a German reader, names and addresses as they came':
    async ({ open }) => {
      const warnings = ['WAN wan6 has no address', 'news that no table knows'];
      const scene = { ...usual, ubus: { ...usual.ubus, status: status({ warnings }) } };
      const { page, close } = await open('view.autoipsec.overview', scene, { words: german });
      for (const text of [
        'Verschlüsselt, denn: ein TXT-Eintrag nennt 203.0.113.9 als Gateway.',
        'kein Eintrag bei 100.2.0.192.in-addr.arpa',
        'Gateway 192.0.2.67: keine Antwort von UDP-Port 500 von 192.0.2.67 binnen 5 s; gefiltert? Wird in 60 Min. neu geprüft',
        'WAN wan6 hat keine Adresse',
        'news that no table knows',
        'Bereit, aber 1 könnte besser sein.',
        'eigene Einträge: TXT bei 7.100.51.198.in-addr.arpa: fehlt (den Namen gibt es nicht)',
        'veröffentlichen, was',
      ])
        await page.getByText(text).first().waitFor();
      await shot(page, 'overview-german');
      await close();
    },

  'LuCI sentences: a refusal and the records are German as well': async ({ open }) => {
    const error = { error: 'the plugin autovpn is not in use', running: true };
    const scene = { ...usual, ubus: { ...usual.ubus, peers: error, own: error } };
    const trust = await open('view.autoipsec.trust', scene, { words: german });
    await trust.page.getByText('das Plugin autovpn ist nicht in Gebrauch').waitFor();
    await trust.close();
    const records = await open('view.autoipsec.records', usual, { words: german });
    await records.page.getByText('Wer an 198.51.100.7 sendet, soll verschlüsseln').waitFor();
    await records.page.getByText("WAN 'wan6' hat gerade keine Adresse").waitFor();
    await records.close();
  },

  'LuCI sentences: a long text of a stranger is left alone, at once': async ({ open }) => {
    const why = 'no tunnel with a known peer ('.repeat(2000);
    const [first] = status().connections;
    const long = status({ connections: [{ ...first, why }] });
    const scene = { ...usual, ubus: { ...usual.ubus, status: long } };
    const { page, close } = await open('view.autoipsec.overview', scene);
    await page.getByText('no tunnel with a known peer (no tunnel').waitFor();
    await close();
  },
};
