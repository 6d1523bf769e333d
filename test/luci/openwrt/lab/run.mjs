// LuCI with the daemon behind it: node test/luci/openwrt/lab/run.mjs
// In the lab's virtual machine SG-A runs uhttpd, LuCI, rpcd and ubus of OPENWRT_ROOT (see ../run.mjs) and our
// daemon; Chromium outside drives it, and what happens to packets is seen on the wire. In the place of procd
// and netifd are service.uc and ../objects.uc. LUCI_SHOTS=FOLDER keeps a picture of each page.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from '../../../lab/prepare.mjs';
import { abortOnSignal, runInVm, workFolder } from '../../../lab/vm.mjs';
import { shot } from '../../browser.mjs';
import { applySettings, go, runSteps } from '../pages.mjs';
import { freePort } from '../tree.mjs';
import { controlPort, luciPort } from './ports.mjs';

const timeoutSeconds = 1200;
/** For a page of the emulated router to come. */
const pageMs = 300_000;
const [bob, carol] = ['198.18.2.66', '198.18.3.67'];

const steps = {
  'plugins are ticked on the WAN, Save & Apply: the service is told': async ({
    page,
    address,
    ask,
  }) => {
    await go(page, address, 'settings');
    const row = page.locator('.cbi-section-table-row').first();
    await page.locator('#cbi-autoipsec-main [data-name="enabled"] input[type=checkbox]').check();
    await row.locator('[data-name="enabled"] input[type=checkbox]').check();
    for (const plugin of ['oe_dns', 'autovpn'])
      await row.locator(`[data-name="_plugin_${plugin}"] input[type=checkbox]`).check();
    await applySettings(page);
    const { news } = await ask('applied');
    assert.deepEqual(news, [{ type: 'config.change', data: { package: 'autoipsec' } }]);
  },
  'and the traffic of a host gets encrypted': async ({ ask }) => {
    const { isKeyed, goesOn, errors, clear, esp } = await ask('encrypted');
    assert.ok(isKeyed, 'both gateways have a tunnel');
    assert.ok(goesOn, 'the connection goes on');
    assert.deepEqual(errors, []);
    assert.equal(clear, 0);
    assert.ok(esp > 0);
  },
  'the overview shows it, and what the check of the router found': async ({ page, address }) => {
    await go(page, address, 'overview');
    const row = page.locator('tr', { hasText: bob });
    await row.getByText('Encrypted', { exact: true }).waitFor();
    await row.getByText('AutoVPN', { exact: true }).waitFor();
    await page.getByText(/^Ready, but \d could be better/).waitFor();
    await shot(page, 'lab-overview');
  },
  'a setting that changes later reaches the daemon, and the tunnel stays': async ({
    page,
    address,
    ask,
  }) => {
    const before = (await ask('connections'))[bob].peer;
    await go(page, address, 'settings');
    await page.locator('#cbi-autoipsec-main [data-name="log_level"] select').selectOption('debug');
    await applySettings(page);
    assert.equal((await ask('applied')).news.length, 1);
    const { peer } = (await ask('connections'))[bob];
    assert.equal(peer.spiIn, before.spiIn);
    await go(page, address, 'overview');
  },
  'the tunnel gets new keys by a button': async ({ page, ask }) => {
    const before = (await ask('connections'))[bob].peer;
    await page.getByRole('button', { name: `Details of ${bob}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'New keys now' }).click();
    await page.getByText(`The tunnel to ${bob} has new keys`).waitFor();
    const { peer } = (await ask('connections'))[bob];
    assert.notEqual(peer.spiIn, before.spiIn);
    assert.notEqual(peer.spiOut, before.spiOut);
  },
  'an address is forgotten by a button': async ({ page, ask }) => {
    assert.equal((await ask('clear')).received, 1);
    assert.equal((await ask('connections'))[carol].state, 'clear');
    await page
      .locator('tr', { hasText: carol })
      .getByText('Not encrypted', { exact: true })
      .waitFor();
    await page.getByRole('button', { name: `Try ${carol} again` }).click();
    await page.getByText(`What was known about ${carol} is forgotten`).waitFor();
    assert.equal((await ask('connections'))[carol], undefined);
  },
  'the page shows the own fingerprint, as the command line does': async ({
    page,
    address,
    ask,
  }) => {
    await go(page, address, 'trust');
    await page.getByText('What others see of this router').click();
    const field = page.getByLabel('Fingerprint of this router', { exact: true });
    assert.equal((await field.inputValue()).replaceAll(' ', ''), (await ask('own')).fingerprint);
  },
  'the peer is distrusted on the page, and its tunnel goes': async ({ page, ask }) => {
    await page.getByRole('button', { name: /^Distrust CN=/ }).click();
    await shot(page, 'lab-distrust');
    await page.getByRole('dialog').getByRole('button', { name: 'Distrust this peer' }).click();
    await page.getByText('Not trusted', { exact: true }).waitFor();
    const { areGone, states } = await ask('ended');
    assert.ok(areGone, 'no gateway has a tunnel');
    assert.doesNotMatch(states, /proto esp/);
    await shot(page, 'lab-trust');
  },
};

/** Waits until the guest answers; `isOver` tells when it never will. */
async function awaitGuest(address, isOver) {
  for (;;) {
    if (isOver()) throw new Error('the virtual machine ended');
    const limit = AbortSignal.timeout(10_000);
    if (await fetch(address, { signal: limit }).catch(() => undefined)) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const asker = (address) => async (deed) => {
  const answer = await (await fetch(`${address}/${deed}`)).json();
  assert.equal(answer.error, undefined);
  return answer;
};

/** Starts the virtual machine; `stop` ends it. */
async function startRouters() {
  const parts = await prepare((text) => console.error(`lab: ${text}`), []);
  const folder = mkdtempSync(path.join(workFolder, 'luci-'));
  const partsFile = path.join(folder, 'parts.json');
  writeFileSync(partsFile, JSON.stringify(parts));
  const [luci, control] = [await freePort(), await freePort()];
  const guest = fileURLToPath(new URL('guest.mjs', import.meta.url));
  let isOver = false;
  const ended = runInVm([process.execPath, guest, partsFile, process.env.OPENWRT_ROOT], {
    timeoutSeconds,
    signal: abortOnSignal(),
    env: process.env.LAB_DEBUG ? { LAB_DEBUG: '1' } : {},
    forwards: [
      [luci, luciPort],
      [control, controlPort],
    ],
  }).finally(() => {
    isOver = true;
    rmSync(folder, { recursive: true, force: true });
  });
  const controlAddress = `http://127.0.0.1:${control}`;
  await awaitGuest(controlAddress, () => isOver);
  const stop = async () => {
    await fetch(`${controlAddress}/end`).catch(() => undefined);
    await ended;
  };
  return { address: `http://127.0.0.1:${luci}`, ask: asker(controlAddress), stop };
}

await runSteps({
  name: 'LuCI with a daemon',
  steps,
  start: startRouters,
  picture: 'lab-failed',
  pageMs,
});
