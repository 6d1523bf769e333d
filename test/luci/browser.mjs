// Opens pages of the app in Chromium, over the stand-in, with a scene of what the router tells.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

/** For anything to appear: other stages may have the processor. */
export const patienceMs = 180_000;
export const phone = { width: 375, height: 740 };
export const desktop = { width: 1180, height: 900 };

/**
 * The view `name` as it stands when it has drawn the scene; `problems` collects what must not be. `options`:
 * viewport, isReadonly, words (translations).
 */
export async function openView(browser, address, name, scene, options = {}) {
  const context = await browser.newContext({ viewport: options.viewport ?? desktop });
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('dialog', (dialog) => {
    problems.push(`a script of a stranger ran: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(`${address}/${options.isReadonly ? '?readonly' : ''}`);
  await page.evaluate(
    ([view, value, words]) => {
      Object.assign(translations, words);
      standIn.scene = value;
      return L.require(view);
    },
    [name, scene, options.words],
  );
  if (name.startsWith('view.autoipsec.')) await page.waitForSelector('body[data-ready]');
  return {
    page,
    problems,
    /** Calls of the ubus object, without the polled ones. */
    calls: (method) =>
      page.evaluate((wanted) => standIn.calls.filter((each) => each.method === wanted), method),
    /** A new scene, and the next poll. */
    async goOn(next) {
      await page.evaluate((value) => {
        Object.assign(standIn.scene, value);
        return standIn.poll();
      }, next);
    },
    async close() {
      await context.close();
      assert.deepEqual(problems, []);
    },
  };
}

/** Fails when the page is wider than its window. */
export async function assertFits(page) {
  const [wide, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  assert.ok(wide <= window, `the page is ${wide} wide, its window ${window}`);
}

/** Keeps a picture of the page where LUCI_SHOTS names a folder. */
export async function shot(page, name) {
  const folder = process.env.LUCI_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
