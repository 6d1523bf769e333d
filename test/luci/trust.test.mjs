import assert from 'node:assert/strict';
import { assertFits, phone, shot } from './browser.mjs';
import { peers, usual } from './scenes.mjs';

const view = 'view.autoipsec.trust';
const card = (page, id) => page.locator(`[data-peer="${id}"]`);

export const tests = {
  'LuCI trust: each peer with its state in words, fingerprint, times and what it says': async ({
    open,
  }) => {
    const { page, close } = await open(view, usual);
    await shot(page, 'trust');
    const text = await card(page, 'gw').textContent();
    for (const fact of [
      'Not verified',
      'c3f0 9d1b',
      'ccdd eeff',
      'min ago',
      '30 days ago',
      'Example Ltd.',
      '203.0.113.80, 203.0.113.81',
    ])
      assert.ok(text.includes(fact), `${fact} is not in ${text}`);
    assert.match(
      await card(page, 'liar').textContent(),
      /Not trusted.*their web site shows another/,
    );
    assert.match(await card(page, 'office').textContent(), /Trusted.*Shared secretyes/);
    await close();
  },

  'LuCI trust: to trust needs the fingerprint, typed, and not a click': async ({ open }) => {
    const { page, calls, close } = await open(view, usual);
    await page.getByRole('button', { name: 'Trust CN=gw.example.org', exact: true }).click();
    const dialog = page.getByRole('dialog');
    const trust = dialog.getByRole('button', { name: 'Trust this peer' });
    assert.ok(await trust.isDisabled());
    const typed = dialog.getByLabel('What you got from them');
    for (const wrong of ['ddeeff', 'aabbccddeeff0011', peers[1].fingerprint]) {
      await typed.fill(wrong);
      assert.ok(await trust.isDisabled(), wrong);
    }
    await shot(page, 'trust-other');
    await typed.fill('8899:AABB:CCDD:EEFF');
    await dialog.getByText('✓ It is the same').waitFor();
    await trust.click();
    await page.getByText('CN=gw.example.org is trusted').waitFor();
    const args = { peer: 'gw', fingerprint: '8899aabbccddeeff' };
    assert.deepEqual(await calls('trust'), [{ object: 'autoipsec', method: 'trust', args }]);
    await close();
  },

  'LuCI trust: to distrust says what happens, and takes a note': async ({ open }) => {
    const { page, calls, close } = await open(view, usual);
    await page.getByRole('button', { name: 'Distrust CN=office.example.org' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Its tunnels end at once').waitFor();
    await dialog.getByLabel('Why').fill('called them');
    await dialog.getByRole('button', { name: 'Distrust this peer' }).click();
    await page.getByText('CN=office.example.org is not trusted').waitFor();
    assert.deepEqual((await calls('distrust'))[0].args, { peer: 'office', reason: 'called them' });
    await close();
  },

  'LuCI trust: the alarm for a changed key comes first and can not be clicked away': async ({
    open,
  }) => {
    const { page, goOn, calls, close } = await open(view, usual);
    const first = page.locator('.autoipsec-card').first();
    assert.equal(await first.getAttribute('data-peer'), 'changed');
    const alarm = first.getByRole('alert');
    assert.equal(await alarm.locator('button, a').count(), 0);
    assert.match(await alarm.textContent(), /3c3c 3c3c.*d9d9 d9d9.*198.51.100.99, 3 times/);
    assert.ok(
      await page
        .getByRole('button', { name: 'Trust CN=changed.example.org', exact: true })
        .isDisabled(),
    );
    await page.getByRole('button', { name: 'Forget CN=changed.example.org' }).click();
    const forget = page.getByRole('dialog').getByRole('button', { name: 'Forget this peer' });
    assert.ok(await forget.isDisabled());
    await page.keyboard.press('Escape');
    await goOn(usual);
    assert.equal(await alarm.count(), 1);
    await page.getByRole('button', { name: 'Forget CN=changed.example.org' }).click();
    await page.getByLabel('They told me so').check();
    await forget.click();
    await page.getByText('CN=changed.example.org is forgotten').waitFor();
    assert.deepEqual((await calls('remove'))[0].args, { peer: 'changed' });
    await close();
  },

  'LuCI trust: no peers, and a service that does not run': async ({ open }) => {
    const none = { ...usual, ubus: { ...usual.ubus, peers: { peers: [] } } };
    const { page, goOn, close } = await open(view, none);
    await page.getByText('No peer is known yet').waitFor();
    await goOn({
      ubus: { ...usual.ubus, peers: { error: 'the service does not run', running: false } },
    });
    await page.getByText('the service does not run').waitFor();
    await close();
  },

  'LuCI trust: fits on a phone': async ({ open }) => {
    const { page, close } = await open(view, usual, { viewport: phone });
    await shot(page, 'trust-phone');
    await assertFits(page);
    await close();
  },
};
