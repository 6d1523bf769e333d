// What a person does in LuCI itself, for the tests that drive it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { patienceMs } from '../browser.mjs';
import { password } from './tree.mjs';

export async function logIn(page, address) {
  await page.goto(`${address}/cgi-bin/luci/`);
  await page.locator('input[type=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#topmenu li');
}

/** Opens a page of the app: `overview`, `settings`, `trust`, `records`. */
export const go = (page, address, view) =>
  page.goto(`${address}/cgi-bin/luci/admin/vpn/autoipsec/${view}`);

/** Presses Save & Apply, and waits until LuCI says that it is done. */
export async function applySettings(page) {
  await page.locator('.cbi-page-actions').getByText('Save & Apply').first().click();
  await page.getByText('Configuration changes applied').waitFor();
}

/** The text of the app's configuration in `tree`. */
export const configuration = (tree) =>
  readFileSync(path.join(tree, 'etc/config/autoipsec'), 'utf8');

/** Waits for what comes soon. */
export async function until(isThere, what) {
  for (const end = Date.now() + patienceMs; !isThere(); ) {
    assert.ok(Date.now() < end, `not there: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
