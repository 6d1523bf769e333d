import assert from 'node:assert/strict';
import { assertFits, phone, shot } from './browser.mjs';
import { usual } from './scenes.mjs';

const view = 'view.autoipsec.settings';

/** What Save & Apply has left in UCI. */
async function saved(page) {
  await page.getByRole('button', { name: 'Save & Apply' }).click();
  return page.evaluate(() => standIn.saved ?? standIn.refused);
}

export const tests = {
  'LuCI settings: what nobody touches stays as it is': async ({ open }) => {
    const { page, close } = await open(view, usual);
    await shot(page, 'settings');
    assert.deepEqual(await saved(page), usual.uci);
    await close();
  },

  'LuCI settings: an empty configuration can be filled by keyboard': async ({ open }) => {
    const { page, close } = await open(view, { uci: [], ubus: {} });
    await page.getByLabel('Switch on').focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Add an interface' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Use it', { exact: true }).focus();
    await page.keyboard.press('Space');
    await page.getByLabel('Interface', { exact: true }).selectOption('wan6');
    await page.getByLabel('Reverse DNS').focus();
    await page.keyboard.press('Space');
    const [main, wan] = await saved(page);
    assert.deepEqual(wan, {
      '.name': wan['.name'],
      '.type': 'wan',
      interface: 'wan6',
      enabled: '1',
      plugin: ['oe-dns'],
    });
    assert.equal(main.enabled, '1');
    await close();
  },

  'LuCI settings: plugins keep their order, and one of another release stays': async ({ open }) => {
    const plugin = ['of-tomorrow', 'oe-dns'];
    const uci = [{ '.name': 'w', '.type': 'wan', enabled: '1', interface: 'wan', plugin }];
    const { page, close } = await open(view, { uci, ubus: {} });
    assert.deepEqual((await saved(page))[0].plugin, plugin);
    await page.getByLabel('Reverse DNS').uncheck();
    assert.deepEqual((await saved(page))[0].plugin, ['of-tomorrow']);
    await close();
  },

  'LuCI settings: the classes have words for a home': async ({ open }) => {
    const { page, close } = await open(view, usual);
    const words = await page.getByLabel('What to do').locator('option').allTextContents();
    assert.deepEqual(words, [
      'Encrypt when possible',
      'Insist on encryption',
      'Never encrypt',
      'Block',
      'Encrypt when the other side starts',
    ]);
    await page.getByLabel('What to do').selectOption({ label: 'Block' });
    assert.equal((await saved(page))[2].class, 'deny');
    await close();
  },

  'LuCI settings: what the daemon would refuse is refused at once': async ({ open }) => {
    const { page, close } = await open(view, usual);
    await page.getByLabel('Name of this router').fill('no name');
    assert.match(await saved(page), /fqdn: Expecting: a full name like gw.example.org/);
    await close();
  },

  'LuCI settings: fit on a phone': async ({ open }) => {
    const { page, close } = await open(view, usual, { viewport: phone });
    await assertFits(page);
    await close();
  },
};
