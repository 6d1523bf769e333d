import assert from 'node:assert/strict';
import { assertFits, phone, shot } from './browser.mjs';
import { connections, status, usual } from './scenes.mjs';

const view = 'view.autoipsec.overview';

/** Addresses in the order of the rows. */
const order = (page) => page.locator('.autoipsec-destination strong').allTextContents();
const rowOf = (page, address) =>
  page.locator('tr', { has: page.locator('strong', { hasText: new RegExp(`^${address}$`) }) });

export const tests = {
  'LuCI overview: a plain sentence tells why each destination is as it is, and until when': async ({
    open,
  }) => {
    const { page, close } = await open(view, usual);
    await shot(page, 'overview');
    const expected = {
      '203.0.113.9': [
        'Encrypted',
        'Encrypted, because a TXT record names 203.0.113.9 as gateway. Its keys hold for another 40 min.',
      ],
      '192.0.2.10': ['Being set up', 'A tunnel is being set up; packets wait for it.'],
      '192.0.2.100': [
        'Not encrypted',
        'Not encrypted, as no tunnel can be had: no record at 100.2.0.192.in-addr.arpa. Looked at again in 6 h.',
      ],
      '2001:db8::25': [
        'Not encrypted',
        'Not encrypted, as you have set it for this network. Looked at again in 6 h.',
      ],
      '192.0.2.67': [
        'Blocked',
        'Blocked, because you insist on encryption and it can not be had: gateway 192.0.2.67: no answer from UDP port 500 of 192.0.2.67 within 5 s; filtered? Looked at again in 60 min.',
      ],
    };
    for (const [address, [state, sentence]] of Object.entries(expected)) {
      const row = rowOf(page, address);
      assert.equal(await row.locator('.autoipsec-state').textContent(), state);
      assert.equal(await row.locator('.autoipsec-destination small').textContent(), sentence);
    }
    const peer = await rowOf(page, '203.0.113.80').textContent();
    for (const fact of ['@gw.example.org', 'AutoVPN', 'unsigned DNS', '2 h', '3 h ago', '2.0 KiB'])
      assert.ok(peer.includes(fact), `${fact} is not in ${peer}`);
    assert.match(await page.textContent('.autoipsec-totals'), /Encrypted2Being set up1/);
    await close();
  },

  'LuCI overview: sorted by its headings and by the list': async ({ open }) => {
    const { page, close } = await open(view, usual);
    assert.deepEqual((await order(page)).slice(0, 2), ['203.0.113.9', '203.0.113.80']);
    const byData = () => order(page).then((all) => all.filter((each) => each.startsWith('203.')));
    const heading = page.getByRole('columnheader', { name: 'Data in, out' });
    await heading.getByRole('button').click();
    assert.equal(await heading.getAttribute('aria-sort'), 'descending');
    assert.deepEqual(await byData(), ['203.0.113.9', '203.0.113.80']);
    await heading.getByRole('button').click();
    assert.equal(await heading.getAttribute('aria-sort'), 'ascending');
    assert.deepEqual(await byData(), ['203.0.113.80', '203.0.113.9']);
    await page.getByLabel('Order').selectOption('destination');
    const sorted = await order(page);
    assert.deepEqual(sorted.slice(0, 3), ['192.0.2.10', '192.0.2.11', '192.0.2.66']);
    assert.equal(await heading.getAttribute('aria-sort'), null);
    await close();
  },

  'LuCI overview: the filter goes by text and by state, and says what it left out': async ({
    open,
  }) => {
    const { page, close } = await open(view, usual);
    await page.getByLabel('Filter').fill('GW.example');
    assert.deepEqual(await order(page), ['203.0.113.80']);
    assert.match(await page.textContent('#view'), /1 of 8 destinations pass the filter/);
    await page.getByLabel('Filter').fill('');
    await page.getByLabel('Which states').selectOption('deny');
    assert.deepEqual((await order(page)).sort(), ['192.0.2.66', '192.0.2.67']);
    await page.getByLabel('Filter').fill('no such thing');
    assert.match(await page.textContent('.placeholder'), /Nothing passes the filter/);
    await close();
  },

  'LuCI overview: every 5 s it looks again, and the keyboard stays where it is': async ({
    open,
  }) => {
    const { page, goOn, close } = await open(view, usual);
    assert.deepEqual(await page.evaluate(() => standIn.polls.map(({ seconds }) => seconds)), [5]);
    await page.getByLabel('Order').selectOption('state');
    const button = page.getByRole('button', { name: 'Try 192.0.2.67 again' });
    await button.focus();
    const changed = connections.map((each) =>
      each.destination === '192.0.2.67'
        ? { ...connections[0], destination: '192.0.2.67', source: each.source }
        : each,
    );
    await goOn({ ubus: { ...usual.ubus, status: status({ connections: changed }) } });
    assert.match(await rowOf(page, '192.0.2.67').textContent(), /^Encrypted/);
    assert.ok(await button.evaluate((node) => node === document.activeElement));
    await close();
  },

  'LuCI overview: a button tries again, by keyboard too, and says so': async ({ open }) => {
    const { page, calls, close } = await open(view, usual);
    await page.getByRole('button', { name: 'Try 192.0.2.100 again' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('What was known about 192.0.2.100 is forgotten').waitFor();
    assert.deepEqual(await calls('forget'), [
      { object: 'autoipsec', method: 'forget', args: { address: '192.0.2.100' } },
    ]);
    await close();
  },

  'LuCI overview: a refusal is told': async ({ open }) => {
    const refused = { error: 'another command is under way', running: true };
    const { page, close } = await open(view, {
      ...usual,
      ubus: { ...usual.ubus, forget: refused },
    });
    await page.getByRole('button', { name: 'Try 192.0.2.100 again' }).click();
    await page.getByRole('alert').getByText('another command is under way').waitFor();
    await close();
  },

  'LuCI overview: whoever may only look has no button to change anything': async ({ open }) => {
    const { page, close } = await open(view, usual, { isReadonly: true });
    const buttons = page.getByRole('button', { name: /again$/ });
    assert.equal(await buttons.count(), 8);
    for (const button of await buttons.all()) assert.ok(await button.isDisabled());
    await close();
  },

  'LuCI overview: details in a dialog that Escape closes, and the focus goes back': async ({
    open,
  }) => {
    const { page, calls, close } = await open(view, usual);
    const button = page.getByRole('button', { name: 'Details of 203.0.113.9' });
    await button.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('aes128gcm16, x25519').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await dialog.count(), 0);
    assert.deepEqual(await calls('rekey'), []);
    assert.ok(await button.evaluate((node) => node === document.activeElement));
    await close();
  },

  'LuCI overview: a tunnel gets new keys by a button, and a refusal is told': async ({ open }) => {
    const { page, goOn, calls, close } = await open(view, usual);
    const renew = async () => {
      await page.getByRole('button', { name: 'Details of 203.0.113.9' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'New keys now' }).click();
    };
    await renew();
    await page.getByText('The tunnel to 203.0.113.9 has new keys').waitFor();
    assert.deepEqual((await calls('rekey'))[0].args, { address: '203.0.113.9' });
    const failures = ['203.0.113.9: it is gone'];
    await goOn({ ubus: { ...usual.ubus, rekey: { rekeyed: 0, failures } } });
    await renew();
    await page.getByText('No new keys for 203.0.113.9: 203.0.113.9: it is gone').waitFor();
    await page.getByRole('button', { name: 'Details of 192.0.2.100' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    assert.equal(await dialog.getByRole('button', { name: 'New keys now' }).count(), 0);
    await close();
  },

  'LuCI overview: warnings stand on top, each with what to do, and are said once': async ({
    open,
  }) => {
    const warnings = [
      'the resolver does not check DNSSEC signatures: encryption is safe from listeners',
      'something new',
    ];
    const findings = [
      {
        level: 'FAIL',
        what: 'clock',
        found: '1970-01-01 can not be right',
        remedy: 'let NTP set it',
      },
      { level: 'FAIL', what: 'kernel and tools', found: 'no ESP', remedy: 'install kmod-ipsec4' },
    ];
    const scene = {
      ...usual,
      ubus: {
        ...usual.ubus,
        status: status({ warnings }),
        check: { verdict: 'Not ready.', findings },
      },
    };
    const { page, goOn, close } = await open(view, scene);
    await page.getByText('install kmod-ipsec4').first().waitFor();
    await shot(page, 'overview-warnings');
    const texts = await page.locator('.alert-message').allTextContents();
    assert.equal(texts.length, 5);
    const expected = [
      /Another key came under the name of CN=changed.example.org.*Somebody may pose/,
      /DNSSEC.*unbound-daemon/,
      /something new.*check at the foot/,
      /1970-01-01.*NTP/,
      /no ESP.*kmod-ipsec4/,
    ];
    for (const [i, pattern] of expected.entries()) assert.match(texts[i], pattern);
    const first = await page.locator('.alert-message').first().elementHandle();
    await goOn(scene);
    assert.ok(await first.evaluate((node) => node.isConnected), 'the warnings were drawn again');
    await close();
  },

  'LuCI overview: an empty configuration leads to the settings': async ({ open }) => {
    const error = { error: 'the service does not run', running: false };
    const scene = { ubus: { status: error, check: error, peers: error }, uci: [] };
    const { page, close } = await open(view, scene);
    await page.getByText('Automatic IPsec is switched off').waitFor();
    await page.getByRole('link', { name: 'Go to the settings' }).waitFor();
    assert.match(await page.textContent('.placeholder'), /Nothing yet/);
    await close();
  },

  'LuCI overview: tells when the service should run and does not, and when rpcd knows nothing':
    async ({ open }) => {
      const { page, close } = await open(view, { ubus: {}, uci: usual.uci });
      await page.getByText('The service does not run: Object not found').waitFor();
      await page.getByRole('link', { name: 'Go to the system log' }).waitFor();
      await close();
    },

  'LuCI overview: a daemon that runs and can not answer is told as such': async ({ open }) => {
    const busy = { error: 'it is busy', running: true };
    const { page, close } = await open(view, { ubus: { status: busy }, uci: [] });
    await page.getByRole('alert').getByText('it is busy').waitFor();
    await close();
  },

  'LuCI overview: fits on a phone': async ({ open }) => {
    const { page, close } = await open(view, usual, { viewport: phone });
    await shot(page, 'overview-phone');
    await assertFits(page);
    await close();
  },

  'LuCI overview: as many destinations as rpcd takes are drawn within a poll': async ({ open }) => {
    const many = Array.from({ length: 250 }, (_, i) => ({
      ...connections[i % connections.length],
      destination: `198.18.${i >> 8}.${i & 255}`,
    }));
    const big = { ...status({ connections: many }), totals: { keyed: 4000, clear: 96 } };
    const { page, goOn, close } = await open(view, {
      ...usual,
      ubus: { ...usual.ubus, status: big },
    });
    assert.equal((await order(page)).length, 250);
    assert.match(
      await page.textContent('#view'),
      /250 of 4096 destinations, those with tunnels first/,
    );
    await goOn({ ubus: { ...usual.ubus, status: { ...big, now: big.now + 600 } } });
    assert.match(await rowOf(page, '198.18.0.0').textContent(), /another 30 min/);
    await close();
  },

  'LuCI status page: a box with the sums, and none where the service does not run': async ({
    open,
  }) => {
    const { page, close } = await open('view.status.include.75_autoipsec', usual);
    const box = await page.evaluate(async () => {
      const include = await L.require('view.status.include.75_autoipsec');
      const drawn = (report) => include.render(report)?.textContent ?? null;
      return [include.title, drawn(await include.load()), drawn({ error: 'x', running: false })];
    });
    assert.deepEqual(box, [
      'Automatic IPsec',
      'Encrypted2Not encrypted2Blocked2WarningsnoneWhat is encrypted, and why',
      null,
    ]);
    await close();
  },
};
