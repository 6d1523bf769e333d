// The app in LuCI itself: node test/luci/openwrt/run.mjs
// OPENWRT_ROOT names an OpenWrt root file system for this machine's processor with LuCI (luci-base,
// luci-mod-status, a theme; for example unpacked from a release's rootfs archive). It is copied, not
// touched. Without one the test is skipped. LUCI_SHOTS=FOLDER keeps a picture of each page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startChromium } from '../../tools/chromium.mjs';
import { assertFits, desktop, phone, shot } from '../browser.mjs';
import { usual } from '../scenes.mjs';
import { obstacle, password, startTree } from './tree.mjs';

const name = 'LuCI on OpenWrt';

async function logIn(page, address) {
  await page.goto(`${address}/cgi-bin/luci/`);
  await page.locator('input[type=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#topmenu li');
}

const go = (page, address, view) =>
  page.goto(`${address}/cgi-bin/luci/admin/vpn/autoipsec/${view}`);

/** The steps, in order: each begins where the one before has ended. */
const steps = {
  'is in the menu, and its overview shows what the daemon says': async ({ page, address }) => {
    await page.goto(`${address}/cgi-bin/luci/admin/vpn/autoipsec`);
    await page.getByText('Encrypted, because a TXT record names 203.0.113.9').waitFor();
    await page.getByText('Ready, but 1 could be better').waitFor();
    const tabs = await page.locator('#tabmenu a').allTextContents();
    assert.deepEqual(
      tabs.map((each) => each.trim()),
      ['Overview', 'Settings', 'Trust', 'My records'],
    );
    await shot(page, 'openwrt-overview');
  },
  'tries a destination again': async ({ page, daemon }) => {
    await page.getByRole('button', { name: 'Try 192.0.2.100 again' }).click();
    await page.getByText('What was known about 192.0.2.100 is forgotten').waitFor();
    assert.deepEqual(daemon.requests, [{ address: '192.0.2.100', command: 'forget' }]);
  },
};

async function main() {
  const why = obstacle();
  if (why) return console.log(`skip ${name} # ${why}`);
  const browser = await startChromium();
  const running = await startTree(usual.ubus);
  const context = await browser.newContext({ viewport: desktop });
  const page = await context.newPage();
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
    await shot(page, 'openwrt-failed');
    console.log(`not ok ${name}\n${error.stack}`);
    process.exitCode = 1;
  }
  await browser.close();
  await running.stop();
}

await main();
