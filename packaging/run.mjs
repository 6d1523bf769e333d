// `npm run package`: makes what goes on routers, in dist/.
//   node packaging/run.mjs [ARCHITECTURE …]     only these; without any, all of architectures.mjs
//     --without-quickjs                         not the package of the engine (the longest part)
//     --built                                   the bundle is in dist/ already
//     --into FOLDER                             elsewhere than in dist/
// dist/feed: package folders for OpenWrt's SDK, with the bundle; dist/feed-24.10: the engine, which that
// release lacks. dist/packages: .ipk files with an index for opkg; dist/apk: .apk files by architecture, where
// apk-tools 3 is there (apk.mjs). The same bytes from the same sources. Sizes are printed.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { needNodeModules, root } from '../test/tools/dependencies.mjs';
import { apkProgram, writeApk } from './apk.mjs';
import { architectures } from './architectures.mjs';
import { quickjsFolder, writeFeed } from './feed.mjs';
import { writeIndex } from './index.mjs';
import { writeIpk } from './ipk.mjs';
import { translations, writeTranslation } from './luci.mjs';
import { describe, make } from './makefile.mjs';
import { quickjsProgram } from './quickjs.mjs';
import { toolchain } from './toolchain.mjs';

process.umask(0o022);

function parseArguments(argv) {
  const options = { architectures: [], hasQuickjs: true, into: path.join(root, 'dist') };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--without-quickjs') options.hasQuickjs = false;
    else if (argv[i] === '--built') options.isBuilt = true;
    else if (argv[i] === '--into') options.into = path.resolve(argv[++i]);
    else if (argv[i] in architectures) options.architectures.push(argv[i]);
    else throw new Error(`${argv[i]}: there are ${Object.keys(architectures).join(', ')}`);
  }
  if (options.architectures.length === 0) options.architectures = Object.keys(architectures);
  return options;
}

/** Seconds since 1970 that stand in the packages: when the sources were written. */
function sourceEpoch() {
  if (process.env.SOURCE_DATE_EPOCH) return Number(process.env.SOURCE_DATE_EPOCH);
  const log = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return log.status === 0 ? Number(log.stdout) : 0;
}

/** Runs `install` of a Makefile into a fresh folder, which `use` then gets. */
function withTree(use) {
  const tree = mkdtempSync(path.join(os.tmpdir(), 'autoipsec-tree-'));
  // it becomes the / of the package
  chmodSync(tree, 0o755);
  try {
    return use(tree);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** Both kinds of package of one tree. */
function writeBoth(tree, fields, { epoch, folder, apk }, architecture) {
  const made = [writeIpk(tree, fields, { epoch, folder, architecture })];
  if (apk) made.push(writeApk(tree, fields, { ...apk, epoch, architecture }));
  return made;
}

function autoipsecPackages(feed, architecture, tools, packing) {
  const folder = path.join(feed, 'autoipsec');
  return withTree((build) =>
    withTree((tree) => {
      const variables = {
        ...{ BUILD_DIR: build, ROOT: tree, TARGET_CC: tools.cc },
        TARGET_CROSS: `${tools.triplet}-`,
        TARGET_CFLAGS: `-Os -ffunction-sections -fdata-sections -ffile-prefix-map=${build}=.`,
        TARGET_LDFLAGS: '-Wl,--gc-sections -s',
      };
      make(folder, 'compile', variables);
      make(folder, 'install', variables);
      return writeBoth(tree, describe(folder), packing, architecture);
    }),
  );
}

function quickjsPackage(architecture, program, packing) {
  return withTree((tree) => {
    make(quickjsFolder, 'install', { PKG_BUILD_DIR: path.dirname(program), ROOT: tree });
    // static: it needs no library of the router
    const fields = { ...describe(quickjsFolder), Depends: '' };
    return writeIpk(tree, fields, { ...packing, architecture });
  });
}

/** The LuCI application and its translations. */
function luciPackages(feed, packing) {
  const folder = path.join(feed, 'luci-app-autoipsec');
  if (!existsSync(folder)) return [];
  const fields = { ...describe(folder), conffiles: '' };
  const application = withTree((tree) => {
    make(folder, 'install', { ROOT: tree, BUILD_DIR: tree });
    return writeBoth(tree, fields, packing, 'all');
  });
  const others = translations(folder).map((translation) =>
    withTree((tree) =>
      writeBoth(tree, writeTranslation(tree, translation, fields), packing, 'all'),
    ),
  );
  return [application, ...others].flat();
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;

/** What it takes on flash, about: squashfs and ubifs compress file by file, as gzip does. */
function printSizes(packages) {
  console.log('package                                                    download   unpacked');
  for (const { file, installedSize } of packages) {
    const name = path.basename(file).padEnd(56);
    const size = kilobytes(statSync(file).size).padStart(11);
    console.log(`${name}${size}${kilobytes(installedSize).padStart(11)}`);
  }
}

function buildBundle() {
  const built = spawnSync(process.execPath, ['build.mjs'], { cwd: root, stdio: 'inherit' });
  if (built.status !== 0) throw new Error('the bundle can not be built, see above');
}

async function main() {
  const options = parseArguments(process.argv.slice(2));
  needNodeModules();
  if (!options.isBuilt) buildBundle();
  const packages = path.join(options.into, 'packages');
  const feed = writeFeed(path.join(options.into, 'feed'));
  rmSync(packages, { recursive: true, force: true });
  mkdirSync(packages, { recursive: true });
  const apks = path.join(options.into, 'apk');
  rmSync(apks, { recursive: true, force: true });
  const apk = apkProgram();
  const packing = {
    epoch: sourceEpoch(),
    folder: packages,
    apk: apk && { program: apk, folder: apks },
  };
  const made = luciPackages(feed, packing);
  for (const architecture of options.architectures) {
    const tools = await toolchain(architecture);
    made.push(...autoipsecPackages(feed, architecture, tools, packing));
    if (!options.hasQuickjs) continue;
    const engine = await quickjsProgram(architecture, tools);
    made.push(quickjsPackage(architecture, engine, packing));
  }
  const isIpk = ({ file }) => file.endsWith('.ipk');
  writeIndex(packages, made.filter(isIpk));
  printSizes(made);
  const relative = (folder) => path.relative(process.cwd(), folder);
  console.log(`${relative(packages)}: ${made.filter(isIpk).length} packages with their index`);
  console.log(
    apk
      ? `${relative(apks)}: ${made.length - made.filter(isIpk).length} packages for apk`
      : 'no .apk files: apk-tools 3 is not installed, and the variable APK names no such program',
  );
}

await main();
