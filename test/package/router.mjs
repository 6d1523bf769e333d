// The package in a root folder with BusyBox and stand-ins for OpenWrt's shell libraries: its scripts run
// there as opkg and procd would run them, and its programs as the router's processor would.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { architectures } from '../../packaging/architectures.mjs';
import { root } from '../tools/dependencies.mjs';
import { check } from './checks.mjs';
import { must } from './unpack.mjs';

const standIn = path.join(root, 'test/package/stand-in');
const tools = ['sh', 'awk', 'basename', 'cat', 'env', 'grep', 'rm', 'ls', 'mkdir', 'readlink'];

/** Installs the unpacked package `own` into a root folder, as opkg would lay it out. */
function furnish(tree, own) {
  cpSync(own.root, tree, { recursive: true });
  for (const name of [
    'bin',
    'lib',
    'etc/init.d',
    'sbin',
    'tmp',
    'usr/bin',
    'usr/lib/opkg/info',
    'dev',
    'proc',
    'var/run',
  ])
    mkdirSync(path.join(tree, name), { recursive: true });
  cpSync(must('sh', ['-c', 'command -v busybox']).trim(), path.join(tree, 'bin/busybox'), {
    dereference: true,
  });
  for (const name of tools) symlinkSync('busybox', path.join(tree, 'bin', name));
  const script = (name, text) => {
    writeFileSync(path.join(tree, name), text);
    chmodSync(path.join(tree, name), 0o755);
  };
  script('lib/functions.sh', readFileSync(path.join(standIn, 'functions.sh')));
  script('etc/rc.common', readFileSync(path.join(standIn, 'rc.common')));
  script('etc/init.d/rpcd', '#!/bin/sh\necho "rpcd $*" >> /tmp/log\n');
  script('sbin/fw4', '#!/bin/sh\n[ "$3" = wan ] && echo internet\n');
  const info = (name) => path.join(tree, 'usr/lib/opkg/info', `autoipsec.${name}`);
  for (const { name } of own.controlFiles.filter(({ mode }) => !mode.startsWith('d')))
    script(`usr/lib/opkg/info/autoipsec.${path.basename(name)}`, own.control(path.basename(name)));
  const files = own.files.filter(({ mode }) => mode.startsWith('-')).map(({ name }) => name);
  writeFileSync(info('list'), `${files.join('\n')}\n`);
}

/** Puts an emulator before a program of another processor. */
export function emulated(tree, program, binary, emulator) {
  const [name, ...words] = emulator;
  const at = must('sh', ['-c', `command -v ${name}`]).trim();
  cpSync(at, path.join(tree, 'usr/bin', name), { dereference: true });
  cpSync(binary, path.join(tree, `${program}.real`), { dereference: true });
  const file = path.join(tree, program);
  rmSync(file, { force: true });
  writeFileSync(
    file,
    `#!/bin/sh\nexec /usr/bin/${[name, ...words].join(' ')} /${program}.real "$@"\n`,
  );
  chmodSync(file, 0o755);
}

/** Runs words in the root folder, with a network of its own. */
function inside(tree, argv, environment = {}) {
  const script = 'ip link set lo up; exec chroot "$0" "$@"';
  const separate = ['--net', '--mount', ...(process.getuid() === 0 ? [] : ['--map-root-user'])];
  return spawnSync('unshare', [...separate, 'sh', '-c', script, tree, ...argv], {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...environment },
  });
}

/** The array that procd would keep for fw4, from the calls that built it. */
function firewallData(said) {
  const rules = [];
  for (const line of said) {
    const [call, name, ...value] = line.split(' ');
    if (call === 'json_add_object') rules.push({});
    if (call === 'json_add_string') rules.at(-1)[name] = value.join(' ');
  }
  return rules;
}

export function routerChecks(own, { folder, architecture, qjs }) {
  const tree = path.join(folder, 'router');
  furnish(tree, own);
  const log = path.join(tree, 'tmp/log');
  /** What was written down while `argv` ran. */
  const lines = (argv, environment) => {
    rmSync(log, { force: true });
    const { status, stderr, error } = inside(tree, argv, environment);
    assert.equal(stderr, '', error?.message);
    assert.equal(status, 0);
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  };
  const info = (name) => `/usr/lib/opkg/info/autoipsec.${name}`;
  const configure = (change) => {
    const shipped = readFileSync(path.join(own.root, 'etc/config/autoipsec'), 'utf8');
    writeFileSync(path.join(tree, 'etc/config/autoipsec'), change(shipped));
  };
  const triggers = ['procd_add_reload_trigger autoipsec', 'procd_add_reload_interface_trigger wan'];

  check('router: after the installation rpcd knows the object, and nothing runs yet', () => {
    assert.deepEqual(lines([info('postinst'), 'configure']), [
      'rpcd reload',
      'enable',
      'start',
      ...triggers,
    ]);
  });

  check('router: in an image that is being built, nothing is started', () => {
    assert.deepEqual(lines([info('postinst')], { IPKG_NO_SCRIPT: '1' }), []);
  });

  check(
    'router: switched on, the service starts under its name, watched and without core dumps',
    () => {
      configure((text) => text.replace("option enabled '0'", "option enabled '1'"));
      const said = lines(['/etc/init.d/autoipsec', 'start']);
      own.firewall = firewallData(said);
      for (const line of [
        'procd_set_param command /usr/sbin/autoipsec daemon',
        'procd_set_param file /usr/share/autoipsec/autoipsec.js /usr/sbin/autoipsec-broker',
        'procd_set_param limits core=0',
        'json_add_string src internet',
        'json_add_string dest_port 500 4500',
      ])
        assert.ok(said.includes(line), `${line} is missing in\n${said.join('\n')}`);
      for (const name of ['/usr/sbin/autoipsec', '/usr/share/autoipsec/autoipsec.js'])
        assert.ok(existsSync(path.join(tree, name)), name);
      assert.deepEqual(said.slice(-2), triggers);
    },
  );

  check('router: a reload signals a daemon that ran, and no other', () => {
    const signal = 'procd_send_signal autoipsec * HUP';
    assert.ok(!lines(['/etc/init.d/autoipsec', 'reload']).includes(signal));
    writeFileSync(path.join(tree, 'tmp/running'), '');
    assert.equal(lines(['/etc/init.d/autoipsec', 'reload']).at(-1), signal);
  });

  check('router: a reload while the daemon still loads does not end it', () => {
    // in the place of the engine: the signal comes before any handler
    const engine = path.join(tree, 'usr/bin/qjs');
    writeFileSync(engine, '#!/bin/sh\nkill -HUP $$\necho alive\n', { mode: 0o755 });
    assert.equal(inside(tree, ['/usr/sbin/autoipsec', 'daemon']).stdout, 'alive\n');
    assert.equal(inside(tree, ['/usr/sbin/autoipsec', 'status']).stdout, '');
  });

  check('router: the removal stops and disables it, and takes what it had in memory', () => {
    assert.deepEqual(lines([info('prerm'), 'remove']), ['disable', 'stop']);
    mkdirSync(path.join(tree, 'var/run/autoipsec/state'), { recursive: true });
    assert.deepEqual(lines([info('postrm'), 'remove']), ['rpcd reload']);
    assert.ok(!existsSync(path.join(tree, 'var/run/autoipsec')));
  });

  const { emulator, triplet, softFloat } = architectures[architecture];
  check('router: script and broker answer with the version, as the feed asks of programs', () => {
    emulated(tree, 'usr/bin/qjs', qjs.program, qjs.emulator);
    const broker = path.join(own.root, 'usr/sbin/autoipsec-broker');
    emulated(tree, 'usr/sbin/autoipsec-broker', broker, emulator);
    const version = own.fields.Version.replace(/-r\d+$/, '');
    for (const name of ['autoipsec', 'autoipsec-broker']) {
      const { stdout, status } = inside(tree, [`/usr/sbin/${name}`, '--version']);
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`\\b${version.replaceAll('.', '\\.')}$`, 'm'));
    }
  });

  check('router: the packaged script talks to the packaged broker', () => {
    const { stdout, stderr } = inside(tree, ['/usr/sbin/autoipsec', 'check', '--json']);
    const { findings } = JSON.parse(stdout || stderr);
    const level = (what) => findings.find((each) => each.what === what)?.level;
    assert.equal(level('configuration'), 'ok');
    // the broker bound them
    assert.equal(level('port 500'), 'ok', JSON.stringify(findings));
    assert.equal(level('port 4500'), 'ok');
  });

  check('router: the broker asks nothing of a floating point unit, and no library', () => {
    const broker = path.join(own.root, 'usr/sbin/autoipsec-broker');
    assert.doesNotMatch(must('readelf', ['-d', broker]), /NEEDED/);
    assert.ok(softFloat, 'the check is for a processor without one');
    const code = must(`${triplet}-objdump`, ['-d', broker]);
    assert.match(code, /\bjr\b/);
    assert.doesNotMatch(code, /\s([ls][wd]c1|m[tf]c1|c[tf]c1|bc1[tf]|(add|sub|mul|div)\.[sd])\s/);
  });
}
