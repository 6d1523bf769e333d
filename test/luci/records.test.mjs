import assert from 'node:assert/strict';
import { assertFits, phone, shot } from './browser.mjs';
import { records, usual } from './scenes.mjs';

const view = 'view.autoipsec.records';

export const tests = {
  'LuCI records: each record as a line and for a form, and whether it is published': async ({
    open,
  }) => {
    const { page, close } = await open(view, usual);
    await page.getByText('1 of 3 records are published').waitFor();
    await shot(page, 'records');
    const cards = page.locator('.autoipsec-card');
    const texts = await cards.allTextContents();
    for (const [i, words] of ['✓ Published', '✗ Not published', '✗ Something else'].entries())
      assert.ok(texts[i].includes(words), `${words} is not in ${texts[i]}`);
    const [txt] = records.groups[0].records;
    const first = cards.first();
    assert.equal(await first.getByLabel('Line for TXT', { exact: true }).inputValue(), txt.line);
    await first.locator('summary').click();
    assert.equal(await first.getByLabel('Name', { exact: true }).inputValue(), txt.owner);
    assert.equal(await first.getByLabel('Value', { exact: true }).inputValue(), txt.data);
    await close();
  },

  'LuCI records: a button copies, or marks the text and says so': async ({ open }) => {
    const { page, close } = await open(view, usual);
    await page.evaluate(() => {
      navigator.clipboard.writeText = async (text) => {
        standIn.copied = text;
      };
    });
    const copy = page.getByRole('button', { name: 'Copy: Line for TXT' });
    await copy.click();
    await page.getByText('Copied.').waitFor();
    assert.equal(await page.evaluate(() => standIn.copied), records.groups[0].records[0].line);
    await page.evaluate(() => {
      navigator.clipboard.writeText = async () => {
        throw new Error('no');
      };
    });
    await copy.click();
    await page.getByText('press Ctrl+C').waitFor();
    const marked = await page.evaluate(() => {
      const { value, selectionStart, selectionEnd } = document.activeElement;
      return value.slice(selectionStart, selectionEnd);
    });
    assert.equal(marked, records.groups[0].records[0].line);
    await close();
  },

  'LuCI records: asks for hosts behind the router, and tells a refusal': async ({ open }) => {
    const refused = { error: 'there is no key in /etc/autoipsec', running: false };
    const { page, calls, close } = await open(view, { ubus: { records: refused }, uci: [] });
    await page.getByText('there is no key').waitFor();
    await page.getByLabel('Hosts behind this router').fill('198.51.100.0/24, 2001:db8::1');
    await page.keyboard.press('Enter');
    await page.getByText('there is no key').waitFor();
    const asked = (await calls('records')).map(({ args }) => args.for);
    assert.deepEqual(asked, [[], ['198.51.100.0/24', '2001:db8::1']]);
    await close();
  },

  'LuCI records: fits on a phone': async ({ open }) => {
    const { page, close } = await open(view, usual, { viewport: phone });
    await page.getByText('1 of 3 records are published').waitFor();
    await shot(page, 'records-phone');
    await assertFits(page);
    await close();
  },
};
