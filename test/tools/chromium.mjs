// Chromium for the tests of the LuCI pages: Debian's package, driven by playwright-core.
import { chromium } from 'playwright-core';
import { needPackages } from './apt.mjs';

/** A headless browser; the caller closes it. */
export async function startChromium() {
  await needPackages(['chromium', 'fonts-dejavu-core']);
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    // its sandbox wants no root, and tests often are
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
}
