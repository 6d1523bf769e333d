// The init script, sourced by a POSIX shell with stubs in the place of rc.common, procd and fw4.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { assert, test } from '../../support/test.js';

const script = 'openwrt-package/autoipsec/files/autoipsec.init';

// Configuration as shell variables: `main_enabled`, and for each section of $sections `X_enabled`…
const stubs = `
config_load() { :; }
config_get() { eval "$1=\\"\\$\${2}_$3\\""; }
config_get_bool() { eval "$1=\\"\\\${\${2}_$3:-$4}\\""; }
config_foreach() { for section in $sections; do "$1" "$section"; done; }
fw4() { [ "$3" != lte ] && echo "zone_$3"; }
say() { echo "$*"; }
for name in procd_open_instance procd_set_param procd_close_instance procd_open_data procd_close_data \\
	procd_add_reload_trigger procd_add_reload_interface_trigger procd_send_signal \\
	json_add_array json_close_array json_add_object json_add_string json_close_object; do
	eval "$name() { say $name \\"\\$@\\"; }"
done
procd_running() { [ "$running" = 1 ]; }
start() { say start; }
. ./${script}
`;

/** Lines that the stubs said. */
function run(variables: string, call: string): string[] {
  const result = spawnSync('sh', ['-euc', `${variables}\n${stubs}\n${call}`], { encoding: 'utf8' });
  assert.is(result.stderr, '');
  assert.is(result.status, 0);
  return result.stdout.split('\n').filter((line) => line !== '');
}

const two = `sections="a b"; a_enabled=1; a_interface=wan; b_enabled=1; b_interface=lte`;
const off = 'running=0; main_enabled=0';
const on = 'running=0; main_enabled=1';

test('init: starts nothing while it is switched off or no WAN is on', () => {
  assert.equal(run(`${off}; ${two}`, 'start_service'), []);
  assert.equal(run(`${on}; sections=""`, 'start_service'), []);
  const disabled = 'sections="a"; a_enabled=0; a_interface=wan';
  assert.equal(run(`${on}; ${disabled}`, 'start_service'), []);
  assert.equal(run(`${on}; sections="a"; a_enabled=1; a_interface=`, 'start_service'), []);
});

test('init: starts the daemon, with rules for the zones that the firewall knows', () => {
  const lines = run(`${on}; ${two}`, 'start_service');
  assert.is(lines[0], 'procd_open_instance');
  assert.is(lines.at(-1), 'procd_close_instance');
  assert.ok(lines.includes('procd_set_param command /usr/sbin/autoipsec daemon'));
  const rules = lines.filter((line) => /json_add_string (name|src|dest_port)/.test(line));
  assert.equal(
    rules.map((line) => line.replace('json_add_string ', '')),
    [
      'name autoipsec-udp-wan',
      'src zone_wan',
      'dest_port 500 4500',
      'name autoipsec-esp-wan',
      'src zone_wan',
    ],
  );
});

test('init: a reload sends the signal only to a daemon that ran before', () => {
  assert.equal(run(`${on}; ${two}`, 'reload_service'), ['start']);
  assert.equal(run(`${on}; ${two}; running=1`, 'reload_service'), [
    'start',
    'procd_send_signal autoipsec * HUP',
  ]);
});

test('init: triggers are there for the configuration and for every WAN', () => {
  assert.equal(run(`${off}; ${two}`, 'service_triggers'), [
    'procd_add_reload_trigger autoipsec',
    'procd_add_reload_interface_trigger wan',
    'procd_add_reload_interface_trigger lte',
  ]);
});

test('init: the wrapper hands its words to the script as they are', () => {
  const wrapper = readFileSync('openwrt-package/autoipsec/files/autoipsec.sh', 'utf8');
  const shows = wrapper.replace('exec /usr/bin/qjs', "printf '%s|'");
  const result = spawnSync('sh', ['-c', shows, 'sh', 'forget', 'a b'], { encoding: 'utf8' });
  assert.is(
    result.stdout,
    '--std|--strip-source|--no-unhandled-rejection|-m|/usr/share/autoipsec/autoipsec.js|forget|a b|',
  );
});
