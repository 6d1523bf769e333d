// Text of strangers comes from the DNS, certificates, contact details and vendor IDs, and from anywhere
// else in time: here every string that the router tells is markup, all at once.
import assert from 'node:assert/strict';
import { usual } from './scenes.mjs';

const attack = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '&lt;b&gt; &amp; <b>bold</b>',
].join(' ');

/** The value with every string replaced; those in `kept` choose what is drawn at all. */
function poison(value, kept = []) {
  if (typeof value === 'string') return attack;
  if (Array.isArray(value)) return value.map((each) => poison(each, kept));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      kept.includes(name) ? each : poison(each, kept),
    ]),
  );
}

const views = {
  overview: { kept: ['state', 'level'], dialogs: ['Details of'] },
  trust: { kept: ['state'], dialogs: ['Trust ', 'Distrust ', 'Forget '] },
  records: { kept: [], dialogs: [] },
};

/** Elements that only an attack could have made, and handlers that only it could have set. */
const traces = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('#view *, #modal_overlay *, #notifications *')]
      .filter(
        (node) =>
          ['IMG', 'SCRIPT', 'SVG', 'B', 'IFRAME'].includes(node.nodeName.toUpperCase()) ||
          [...node.attributes].some(({ name }) => name.startsWith('on')),
      )
      .map((node) => node.outerHTML),
  );

async function attackView(open, view, { kept, dialogs }) {
  for (const left of [kept, []]) {
    const scene = { ubus: poison(usual.ubus, left), uci: usual.uci };
    const { page, close } = await open(`view.autoipsec.${view}`, scene);
    await page.getByText(attack).first().waitFor({ state: 'attached' });
    for (const label of dialogs) {
      await page.locator(`button[aria-label^="${label}"]:enabled`).first().click();
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await traces(page), []);
      await page.keyboard.press('Escape');
    }
    assert.deepEqual(await traces(page), []);
    await close();
  }
}

const errors = async (open, view) => {
  const error = { error: attack, running: true };
  const methods = Object.keys(usual.ubus);
  const ubus = Object.fromEntries(methods.map((method) => [method, error]));
  const { page, close } = await open(`view.autoipsec.${view}`, { ubus, uci: usual.uci });
  await page.getByText(attack).first().waitFor({ state: 'attached' });
  assert.deepEqual(await traces(page), []);
  await close();
};

export const tests = {
  ...Object.fromEntries(
    Object.entries(views).flatMap(([view, how]) => [
      [
        `LuCI ${view}: script and markup in any string stay text`,
        async ({ open }) => {
          await attackView(open, view, how);
        },
      ],
      [
        `LuCI ${view}: script and markup in a refusal stay text`,
        async ({ open }) => {
          await errors(open, view);
        },
      ],
    ]),
  ),
  'LuCI overview: script and markup in what a button answers stay text': async ({ open }) => {
    const refused = { error: attack, running: true };
    const { page, close } = await open('view.autoipsec.overview', {
      ...usual,
      ubus: { ...usual.ubus, forget: refused },
    });
    await page.locator('button[aria-label^="Try"]').first().click();
    await page.getByText(attack).waitFor();
    assert.deepEqual(await traces(page), []);
    await close();
  },
};
