// The feed for OpenWrt's SDK: the package folders as they are in the sources, with the bundle in its place,
// because the builders have no npm.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from '../test/tools/dependencies.mjs';

const folders = {
  autoipsec: 'openwrt-package/autoipsec',
  quickjs: 'openwrt-package/quickjs',
  'luci-app-autoipsec': 'luci-app/luci-app-autoipsec',
};

/** Writes the feed into `feed`, which is made anew; gives its path. The bundle must be built. */
export function writeFeed(feed) {
  rmSync(feed, { recursive: true, force: true });
  mkdirSync(feed, { recursive: true });
  for (const [name, from] of Object.entries(folders))
    if (existsSync(path.join(root, from)))
      cpSync(path.join(root, from), path.join(feed, name), { recursive: true });
  for (const name of ['autoipsec.js', 'LICENSES'])
    cpSync(path.join(root, 'dist', name), path.join(feed, 'autoipsec/src', name));
  return feed;
}
