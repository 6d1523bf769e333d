// What can be said about the app's files without running them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readPo } from '../../packaging/luci.mjs';
import { root } from '../tools/dependencies.mjs';
import { app, template, templateFile, texts } from '../tools/pot.mjs';

const read = (file) => readFileSync(path.join(root, file), 'utf8');
const scripts = readdirSync(path.join(root, app, 'htdocs'), { recursive: true })
  .filter((name) => name.endsWith('.js'))
  .map((name) => path.join(app, 'htdocs', name));

/** `%s` and the like, in their order. */
const places = (text) => (text.match(/%[sd]/g) ?? []).join(' ');

export const tests = {
  'LuCI sources: no script writes markup': async () => {
    assert.ok(scripts.length > 10);
    for (const file of scripts)
      assert.doesNotMatch(
        read(file),
        /innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b/,
        file,
      );
  },

  'LuCI sources: rights name the methods that the pages call, and no others': async () => {
    const rights = JSON.parse(read(`${app}/root/usr/share/rpcd/acl.d/luci-app-autoipsec.json`));
    const { read: looks, write: changes } = rights['luci-app-autoipsec'];
    const calls = read(`${app}/htdocs/luci-static/resources/autoipsec/calls.js`);
    const declared = [...calls.matchAll(/declare\('(\w+)'/g)].map(([, method]) => method);
    const allowed = [...looks.ubus.autoipsec, ...changes.ubus.autoipsec];
    assert.deepEqual(allowed.sort(), declared.sort());
    for (const method of ['forget', 'rekey', 'trust', 'distrust', 'remove'])
      assert.ok(changes.ubus.autoipsec.includes(method), `${method} changes something`);
  },

  'LuCI sources: the overview asks for no more than the plugin of rpcd gives': async () => {
    const number = (file, pattern) => Number(pattern.exec(read(file))[1]);
    const most = number(`${app}/htdocs/luci-static/resources/autoipsec/calls.js`, /most: (\d+)/);
    const limit = number('openwrt-package/autoipsec/files/rpcd.uc', /LARGEST_LIMIT = (\d+)/);
    assert.ok(most <= limit, `${most} are asked for, ${limit} given`);
  },

  'LuCI sources: there are words for each trust that the daemon knows': async () => {
    const names = (text) =>
      [...text.matchAll(/^\s+'?([a-z][a-z ]*)'?[,:]/gm)].map(([, name]) => name);
    const [, known] = /trusts = \[(.*?)\]/s.exec(read('src/core/plugin.ts'));
    const words = read(`${app}/htdocs/luci-static/resources/autoipsec/words.js`);
    const [, told] = /trusts = \{(.*?)\}/s.exec(words);
    assert.ok(names(known).length > 4);
    assert.deepEqual(names(told), names(known));
  },

  'LuCI sources: each page of the menu is there, and asks for the rights': async () => {
    const menu = JSON.parse(read(`${app}/root/usr/share/luci/menu.d/luci-app-autoipsec.json`));
    const pages = Object.values(menu).filter(({ action }) => action.type === 'view');
    assert.equal(pages.length, 4);
    for (const { action, depends } of pages) {
      assert.ok(read(`${app}/htdocs/luci-static/resources/view/${action.path}.js`));
      assert.deepEqual(depends.acl, ['luci-app-autoipsec']);
    }
  },

  'LuCI sources: the template of translations has all texts (npm run docs)': async () => {
    assert.ok(texts().size > 150);
    assert.equal(read(templateFile), template());
  },

  'LuCI sources: the German translation is there, with all places for values': async () => {
    const german = new Map(
      readPo(read(`${app}/po/de/autoipsec.po`)).map(({ id, texts: [text] }) => [id, text]),
    );
    const ids = [...texts().keys()];
    const translated = ids.filter((id) => german.has(id));
    // a new text may wait for somebody who speaks the language
    assert.ok(translated.length > 0.9 * ids.length, `${translated.length} of ${ids.length}`);
    for (const id of translated) assert.equal(places(german.get(id)), places(id), id);
  },
};
