// The app in LuCI itself: node test/luci/openwrt/run.mjs
// OPENWRT_ROOT names an OpenWrt root file system for this machine's processor with LuCI (luci-base,
// luci-mod-status, a theme; for example unpacked from a release's rootfs archive). It is copied, not
// touched. Without one the test is skipped. LUCI_SHOTS=FOLDER keeps a picture of each page.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { assertFits, desktop, phone, shot } from '../browser.mjs';
import { connections, peers, status, usual } from '../scenes.mjs';
import { applySettings, configuration, go, runSteps, until } from './pages.mjs';
import { startTree } from './tree.mjs';

/** A picture as a phone shows the page, which must not be wider than its screen. */
async function onPhone({ page }, picture) {
  await page.setViewportSize(phone);
  await assertFits(page);
  await shot(page, picture);
  await page.setViewportSize(desktop);
}

const steps = {
  'is in the menu, and its overview shows what the daemon says': async (run) => {
    const { page, address } = run;
    await page.goto(`${address}/cgi-bin/luci/admin/vpn/autoipsec`);
    await page.getByText('Encrypted, because a TXT record names 203.0.113.9').waitFor();
    await page.getByText('Ready, but 1 could be better').waitFor();
    const tabs = await page.locator('#tabmenu a').allTextContents();
    const titles = ['Overview', 'Settings', 'Trust', 'My records'];
    assert.deepEqual(
      tabs.map((each) => each.trim()),
      titles,
    );
    await shot(page, 'openwrt-overview');
    await onPhone(run, 'openwrt-overview-phone');
  },
  'the overview is sorted and filtered, and draws what is new': async ({ page, daemon }) => {
    const first = page.locator('.autoipsec-destination strong').first();
    await page.getByLabel('Order').selectOption('destination');
    assert.equal(await first.textContent(), '192.0.2.10');
    await page.getByLabel('Filter').fill('gw.example.org');
    assert.equal(await page.locator('.autoipsec-destination').count(), 1);
    daemon.scene.status = status({ connections: connections.slice(1, 2), warnings: ['news'] });
    await page.getByText('news').waitFor();
    assert.equal(await first.textContent(), '203.0.113.80');
    daemon.scene.status = status();
    await page.getByLabel('Filter').fill('');
  },
  'a destination is tried again, and the details are told': async ({ page, daemon }) => {
    await page.getByRole('button', { name: 'Try 192.0.2.100 again' }).click();
    await page.getByText('What was known about 192.0.2.100 is forgotten').waitFor();
    assert.deepEqual(daemon.requests.splice(0), [{ address: '192.0.2.100', command: 'forget' }]);
    const button = page.getByRole('button', { name: 'Details of 203.0.113.80' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('aes128gcm16').waitFor();
    await shot(page, 'openwrt-details');
    await onPhone({ page }, 'openwrt-details-phone');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    assert.ok(await button.evaluate((node) => node === document.activeElement));
    assert.deepEqual(daemon.requests, []);
  },
  'settings: a plugin is ticked on a WAN, Save & Apply writes it': async (run) => {
    const { page, address, tree } = run;
    await go(page, address, 'settings');
    await page.getByText('Interfaces to the Internet').waitFor();
    await shot(page, 'openwrt-settings');
    await onPhone(run, 'openwrt-settings-phone');
    const row = page.locator('.cbi-section-table-row').nth(1);
    await page.locator('#cbi-autoipsec-main [data-name="enabled"] input[type=checkbox]').check();
    await row.locator('[data-name="enabled"] input[type=checkbox]').check();
    await row.locator('[data-name="_plugin_oe_dns"] input[type=checkbox]').uncheck();
    await applySettings(page);
    await until(() => /'main'\s+option enabled '1'/.test(configuration(tree)), 'enabled');
    const [, wan6] = configuration(tree).split("config wan 'wan6'");
    assert.match(wan6, /option enabled '1'/);
    assert.doesNotMatch(wan6, /list plugin/);
  },
  'settings: the dialog of a WAN has its tabs, and refuses nonsense': async (run) => {
    const { page } = run;
    await page
      .locator('.cbi-section-table-row')
      .first()
      .getByRole('button', { name: 'Edit' })
      .click();
    const dialog = page.locator('.cbi-modal');
    await dialog.locator('.cbi-tabmenu').getByText('Reverse DNS').waitFor();
    await shot(page, 'openwrt-wan');
    await dialog.locator('.cbi-tabmenu').getByText('AutoVPN', { exact: true }).click();
    await onPhone(run, 'openwrt-autovpn-phone');
    await dialog.locator('.cbi-tabmenu').getByText('Advanced').click();
    const name = dialog.locator('[data-name="fqdn"] input');
    await name.fill('no name');
    await name.blur();
    assert.match(await name.getAttribute('class'), /cbi-input-invalid/);
    await name.fill('gw.example.org');
    await name.blur();
    assert.doesNotMatch(await name.getAttribute('class'), /cbi-input-invalid/);
    await dialog.getByRole('button', { name: 'Dismiss' }).click();
  },
  'trust: a fingerprint is typed, and the daemon gets it': async (run) => {
    const { page, address, daemon } = run;
    await go(page, address, 'trust');
    await page.getByText('Alarm: another key came under this name').waitFor();
    await shot(page, 'openwrt-trust');
    await onPhone(run, 'openwrt-trust-phone');
    await page.getByRole('button', { name: 'Trust CN=gw.example.org', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What you got from them').fill('8899 aabb ccdd eeff');
    await shot(page, 'openwrt-trust-dialog');
    await onPhone(run, 'openwrt-trust-dialog-phone');
    await dialog.getByRole('button', { name: 'Trust this peer' }).click();
    await page.getByText('CN=gw.example.org is trusted').waitFor();
    const [asked] = daemon.requests.splice(0);
    assert.deepEqual(
      { ...asked },
      { peer: 'gw', fingerprint: '8899aabbccddeeff', command: 'trust' },
    );
  },
  'trust: Escape distrusts nobody': async ({ page, daemon }) => {
    await page
      .getByRole('button', { name: /^Distrust/ })
      .first()
      .click();
    await page.getByRole('dialog').getByText('Its tunnels end at once').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    assert.deepEqual(daemon.requests, []);
  },
  'my records: what to publish, and whether it is': async (run) => {
    const { page, address } = run;
    await go(page, address, 'records');
    await page.getByText('1 of 3 records are published').waitFor();
    await shot(page, 'openwrt-records');
    await onPhone(run, 'openwrt-records-phone');
    await page.getByLabel('Hosts behind this router').fill("'; reboot; '");
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('must be up to 16 addresses or blocks').waitFor();
  },
  'text of strangers stays text': async ({ page, address, daemon }) => {
    const attack = '<img src=x onerror=alert(1)>"><script>alert(1)</script>';
    const alerts = [];
    page.on('dialog', (dialog) => alerts.push(dialog.message()) && dialog.dismiss());
    const [first] = connections;
    const peer = { ...first.peer, identity: attack, suite: attack };
    daemon.scene.status = status({
      connections: [{ ...first, why: attack, peer }],
      warnings: [attack],
    });
    daemon.scene.peers = { peers: [{ ...peers[0], name: attack, contact: attack }] };
    for (const view of ['overview', 'trust']) {
      await go(page, address, view);
      await page.getByText(attack).first().waitFor();
      await page
        .getByRole('button', { name: /^(Details of|Distrust)/ })
        .first()
        .click();
      await page
        .getByRole('dialog')
        .getByText(view === 'trust' ? 'Why' : attack)
        .first()
        .waitFor();
      const made = page.locator('img[src="x"], #view script, .modal script');
      assert.deepEqual(await made.evaluateAll((nodes) => nodes.map((each) => each.outerHTML)), []);
    }
    assert.deepEqual(alerts, []);
    Object.assign(daemon.scene, { status: status(), peers: usual.ubus.peers });
  },
  'the status page has a box': async ({ page, address }) => {
    await page.goto(`${address}/cgi-bin/luci/admin/status/overview`);
    await page.getByText('What is encrypted, and why').waitFor();
    await page
      .locator('.cbi-section', { hasText: 'Automatic IPsec' })
      .screenshot(
        process.env.LUCI_SHOTS
          ? { path: path.join(process.env.LUCI_SHOTS, 'openwrt-box.png') }
          : {},
      );
  },
  'an empty configuration leads to the settings, which fill it': async ({
    page,
    address,
    tree,
  }) => {
    writeFileSync(path.join(tree, 'etc/config/autoipsec'), '');
    await go(page, address, 'overview');
    await go(page, address, 'settings');
    await page.getByRole('button', { name: 'Add an interface' }).click();
    const dialog = page.locator('.cbi-modal');
    await dialog.locator('[data-name="interface"] .cbi-dropdown').click();
    await dialog.locator('[data-name="interface"] .dropdown [data-value="wan"]').click();
    await dialog.locator('[data-name="enabled"] input[type=checkbox]').check();
    await dialog.locator('[data-name="_plugin_oe_dns"] input[type=checkbox]').check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.locator('#cbi-autoipsec-main [data-name="enabled"] input[type=checkbox]').check();
    await applySettings(page);
    await until(() => /list plugin 'oe-dns'/.test(configuration(tree)), 'a plugin');
    assert.match(configuration(tree), /config autoipsec 'main'\s+option enabled '1'/);
    assert.match(configuration(tree), /config wan\s+option interface 'wan'\s+option enabled '1'/);
  },
};

await runSteps({
  name: 'LuCI on OpenWrt',
  steps,
  start: () => startTree(usual.ubus),
  picture: 'openwrt-failed',
});
