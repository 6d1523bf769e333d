import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { assertFits, phone } from './browser.mjs';
import { usual } from './scenes.mjs';

const view = 'view.autoipsec.overview';

export async function shot(page, name) {
  const folder = process.env.LUCI_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

export const tests = {
  'overview: tells why each destination is as it is': async ({ open }) => {
    const { page, close } = await open(view, usual);
    await shot(page, 'overview');
    const text = await page.textContent('.autoipsec-table');
    assert.match(text, /Encrypted, because a TXT record names 203.0.113.9 as gateway/);
    await close();
  },
  'overview: fits on a phone': async ({ open }) => {
    const { page, close } = await open(view, usual, { viewport: phone });
    await shot(page, 'overview-phone');
    await assertFits(page);
    await close();
  },
  'settings: shows the configuration': async ({ open }) => {
    const { page, close } = await open('view.autoipsec.settings', usual);
    await shot(page, 'settings');
    await close();
  },
};
