import { readFileSync } from 'node:fs';
import { configurationPage } from '../../../src/core/config/document.js';
import { loadSettings } from '../../../src/core/config/load.js';
import { mainSection, policySection, wanSection } from '../../../src/core/config/sections.js';
import { plugins } from '../../../src/plugins/index.js';
import { assert, test } from '../../support/test.js';

// The runner starts tests in the project's folder
const file = (name: string) => readFileSync(name, 'utf8');

test('config: docs/configuration.md is what the schema says (else: npm run docs)', () => {
  assert.is(file('docs/configuration.md'), configurationPage(plugins));
});

test('config: the page names every option of every section and plugin', () => {
  const page = configurationPage(plugins);
  for (const { options } of [mainSection, wanSection, policySection, ...plugins])
    for (const { uci } of Object.values(options as Record<string, { uci: string }>))
      assert.ok(page.includes(`| \`${uci}\``), uci);
});

test('config: no two options of a WAN section have one name', () => {
  const names = [wanSection, ...plugins].flatMap(({ options }) =>
    Object.values(options as Record<string, { uci: string }>).map(({ uci }) => uci),
  );
  assert.equal([...new Set(names)], names);
});

test('config: the example of the page is a valid configuration', () => {
  const example = /```\n([\s\S]*?)```/.exec(configurationPage(plugins))?.[1] ?? '';
  const loaded = loadSettings(example, 'example', plugins);
  assert.ok(loaded.ok && loaded.settings.enabled && loaded.settings.wans.length === 1);
  assert.equal(loaded.warnings, []);
});

test('config: the file of the package is valid and switched off; one switch turns it on', () => {
  const text = file('openwrt-package/autoipsec/files/autoipsec.conf');
  const loaded = loadSettings(text, 'autoipsec.conf', plugins);
  assert.equal(loaded.warnings, []);
  assert.ok(loaded.ok && !loaded.settings.enabled);
  const on = loadSettings(text.replace("enabled '0'", "enabled '1'"), 'on', plugins);
  assert.equal(on.ok && on.settings.wans.map((wan) => wan.interface), ['wan']);
});

test('config: the commented examples in the file of the package are valid', () => {
  const text = file('openwrt-package/autoipsec/files/autoipsec.conf');
  const open = text.replace(/^(\t?)#(?=\t|config|option|list)/gm, '$1');
  const loaded = loadSettings(open, 'autoipsec.conf', plugins);
  assert.equal(loaded.warnings, []);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.errors.join('\n'));
  if (!loaded.ok) return;
  assert.is(loaded.settings.policies.length, 2);
  assert.is(loaded.settings.wans[0]!.fqdn, 'gw.example.org');
});
