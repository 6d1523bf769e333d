// The packages of `npm run package`, for one architecture: big-endian and without floating point unit, as it
// is the most particular. They are unpacked and looked at, their scripts run in a root folder, their programs
// under qemu-user. Then the ubus object in OpenWrt's own rpcd, where OPENWRT_ROOT names its tree.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { needPackages } from '../tools/apt.mjs';
import { root } from '../tools/dependencies.mjs';
import { qjsCommand } from '../tools/qjs.mjs';
import { apkChecks } from './apk.mjs';
import { check, runChecks } from './checks.mjs';
import { contentChecks } from './contents.mjs';
import { lmoChecks } from './lmo.mjs';
import { routerChecks } from './router.mjs';
import { rpcdChecks } from './rpcd.mjs';

const architecture = 'mips_24kc';

/** Packages into `into`, in the given surroundings; output is shown when it fails. */
function pack(into, environment = {}, umask = '022') {
  const argv = ['packaging/run.mjs', architecture, '--without-quickjs', '--built', '--into', into];
  const script = `umask ${umask}; exec "$0" "$@"`;
  const result = spawnSync('sh', ['-c', script, process.execPath, ...argv], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (result.status !== 0) throw new Error(`packaging failed: ${result.stdout}`);
  return result.stdout;
}

/** Every file below it by its path; nothing where there is no such folder. */
const bytesIn = (folder) =>
  Object.fromEntries(
    (existsSync(folder) ? readdirSync(folder, { recursive: true }) : [])
      .filter((name) => statSync(path.join(folder, name)).isFile())
      .map((name) => [name, readFileSync(path.join(folder, name))]),
  );

await needPackages(['busybox-static', 'qemu-user-static', 'iproute2', 'binutils']);
const folder = mkdtempSync(path.join(os.tmpdir(), 'autoipsec-package-'));
try {
  if (!existsSync(path.join(root, 'dist/autoipsec.js')))
    throw new Error('the bundle is not built: npm run build');
  const printed = pack(folder);
  const packages = path.join(folder, 'packages');
  const apks = path.join(folder, 'apk');
  const files = readdirSync(packages).filter((name) => name.endsWith('.ipk'));
  const at = (name, machine) => {
    const file = files.find(
      (each) => each.startsWith(`${name}_`) && each.endsWith(`_${machine}.ipk`),
    );
    assert.ok(file, `no package ${name} for ${machine} among ${files.join(', ')}`);
    return path.join(packages, file);
  };

  check('package: sizes are told', () => {
    for (const name of files)
      assert.match(printed, new RegExp(`^${name}\\s+\\d+ kB\\s+\\d+ kB$`, 'm'));
  });
  check('package: the same bytes again, elsewhere and in other surroundings', () => {
    const again = path.join(folder, 'somewhere/else');
    mkdirSync(again, { recursive: true });
    pack(again, { TZ: 'Asia/Kathmandu', LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, '077');
    assert.deepEqual(bytesIn(path.join(again, 'packages')), bytesIn(packages));
    assert.deepEqual(bytesIn(path.join(again, 'apk')), bytesIn(apks));
  });
  const unpacked = path.join(folder, 'unpacked');
  const names = files.map((name) => name.slice(0, name.indexOf('_')));
  const own = contentChecks({ packages: names, at, folder: unpacked, architecture });
  const command = await qjsCommand('mips');
  const program = command.find((word) => word.endsWith('/qjs'));
  const qjs = { program, emulator: command.slice(0, command.indexOf(program)) };
  lmoChecks();
  apkChecks(own, { apks, folder, architecture });
  routerChecks(own, { folder, architecture, qjs });
  rpcdChecks(own, { folder, qjs });
  process.exitCode = (await runChecks()) > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
