// What a person does in LuCI itself, for the tests that drive it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startChromium } from '../../tools/chromium.mjs';
import { desktop, patienceMs, shot } from '../browser.mjs';
import { obstacle, password } from './tree.mjs';

async function logIn(page, address) {
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

/**
 * Runs `steps` in their order, each from where the one before has ended, and reports them under `name`.
 * `start` gives `{ address, stop, … }`, which each step gets with `page`. `picture` is kept of a failure.
 */
export async function runSteps({ name, steps, start, picture, pageMs = patienceMs }) {
  const why = obstacle();
  if (why) return console.log(`skip ${name} # ${why}`);
  const browser = await startChromium();
  const running = await start();
  const page = await browser.newPage({ viewport: desktop });
  page.setDefaultTimeout(pageMs);
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  try {
    await logIn(page, running.address);
    for (const [step, run] of Object.entries(steps)) {
      await run({ page, ...running });
      assert.deepEqual(problems, []);
      console.log(`ok ${name}: ${step}`);
    }
  } catch (error) {
    await shot(page, picture);
    console.log(`not ok ${name}\n${error.stack}`);
    process.exitCode = 1;
  }
  await browser.close();
  await running.stop();
}
