// Tests of the LuCI pages: node test/luci/run.mjs [part of a test's name …]
// Each view runs in Chromium over a stand-in for LuCI's modules (stand-in/, ours, small, and no proof
// of LuCI itself). LUCI_SHOTS=FOLDER keeps a picture of each page.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { startChromium } from '../tools/chromium.mjs';
import { root } from '../tools/dependencies.mjs';
import { openView } from './browser.mjs';
import { startServer } from './server.mjs';

const folder = path.join(root, 'test/luci');
const filters = process.argv.slice(2);
const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs'));
const browser = await startChromium();
const server = await startServer();
let failed = 0;

async function runOne([name, run]) {
  try {
    await run({ open: (...args) => openView(browser, server.address, ...args) });
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}\n${error.stack}`);
  }
}

const chosen = [];
for (const file of files.sort()) {
  const { tests } = await import(pathToFileURL(path.join(folder, file)).href);
  for (const test of Object.entries(tests))
    if (filters.length === 0 || filters.some((part) => test[0].includes(part))) chosen.push(test);
}
// a page mostly waits for its browser
const lane = async () => {
  for (let test = chosen.shift(); test; test = chosen.shift()) await runOne(test);
};
await Promise.all([lane(), lane(), lane()]);
server.stop();
await browser.close();
process.exitCode = failed ? 1 : 0;
