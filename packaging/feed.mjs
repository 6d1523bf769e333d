// The feed for OpenWrt's SDK: the package folders as they are in the sources, with the bundle in its place,
// because the builders have no npm.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from '../test/tools/dependencies.mjs';

const folders = {
  autoipsec: 'openwrt-package/autoipsec',
  'luci-app-autoipsec': 'luci-app/luci-app-autoipsec',
};

/** The engine, for 24.10 alone: a feed of its own, or it would take the place of the newer one elsewhere. */
export const quickjsFolder = path.join(root, 'openwrt-package/quickjs');

/** Writes the feed into `feed` (made anew), and the one for 24.10 beside it. The bundle must be built. */
export function writeFeed(feed) {
  rmSync(`${feed}-24.10`, { recursive: true, force: true });
  cpSync(quickjsFolder, path.join(`${feed}-24.10`, 'quickjs'), { recursive: true });
  rmSync(feed, { recursive: true, force: true });
  mkdirSync(feed, { recursive: true });
  for (const [name, from] of Object.entries(folders))
    if (existsSync(path.join(root, from)))
      cpSync(path.join(root, from), path.join(feed, name), { recursive: true });
  for (const name of ['autoipsec.js', 'LICENSES'])
    cpSync(path.join(root, 'dist', name), path.join(feed, 'autoipsec/src', name));
  return feed;
}
