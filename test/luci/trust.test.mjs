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
    await page.keyboard.press('Escape');
    assert.equal(await dialog.count(), 0);
    assert.deepEqual(await calls('distrust'), []);
    await page.getByRole('button', { name: 'Distrust CN=office.example.org' }).click();
    await dialog.getByLabel('Why').fill('called them');
    await dialog.getByRole('button', { name: 'Distrust this peer' }).click();
    await page.getByText('CN=office.example.org is not trusted').waitFor();
    assert.deepEqual((await calls('distrust'))[0].args, { peer: 'office', reason: 'called them' });
    await close();
  },

  'LuCI trust: a card tells the new state at once, and keeps the focus': async ({ open }) => {
    const { page, goOn, close } = await open(view, usual);
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    const next = async (more) =>
      goOn({ ubus: { ...usual.ubus, peers: { peers: [{ ...peers[0], ...more }] } } });
    await next({});
    await page.getByRole('button', { name: 'Distrust CN=gw.example.org' }).focus();
    await next({ tunnels: 0 });
    assert.equal(await focused(), 'Distrust CN=gw.example.org');
    await next({ tunnels: 0, state: 'Untrusted' });
    assert.match(await card(page, 'gw').textContent(), /Not trusted/);
    assert.equal(await focused(), 'Trust CN=gw.example.org');
    await close();
  },

  'LuCI trust: the alarm for a changed key comes first and can not be clicked away': async ({
    open,
  }) => {
    const { page, goOn, calls, close } = await open(view, usual);
    const first = page.locator('section.autoipsec-card').first();
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

  'LuCI trust: the own fingerprint and contact text can be copied': async ({ open }) => {
    const { page, close } = await open(view, usual);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByText('What others see of this router').click();
    const own = page.locator('details');
    await shot(page, 'trust-own');
    const { fingerprint, contact } = usual.ubus.own;
    for (const [label, text] of [
      ['Fingerprint of this router', fingerprint.match(/.{4}/g).join(' ')],
      ['Contact text of this router', contact],
    ]) {
      assert.equal(await own.getByLabel(label, { exact: true }).inputValue(), text);
      await own.getByRole('button', { name: `Copy: ${label}` }).click();
      await page.getByText('Copied.').first().waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
    }
    await close();
  },

  'LuCI trust: without AutoVPN nothing is said of the own router': async ({ open }) => {
    const error = { error: 'the plugin autovpn is not in use', running: true };
    const off = { ...usual, ubus: { ...usual.ubus, peers: error, own: error } };
    const { page, close } = await open(view, off);
    await page.getByText('the plugin autovpn is not in use').waitFor();
    assert.equal(await page.getByText('What others see of this router').count(), 0);
    await close();
  },

  'LuCI trust: a shared secret is never shown, even if the router told it': async ({ open }) => {
    const told = peers.map((each) => ({ ...each, secret: '5ec4e7', sharedSecret: '5ec4e7' }));
    const { page, close } = await open(view, {
      ...usual,
      ubus: { ...usual.ubus, peers: { peers: told } },
    });
    await card(page, 'office').getByText('Shared secret').waitFor();
    assert.doesNotMatch(await page.content(), /5ec4e7/);
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
