import { utf8 } from '../../../src/core/bytes/text.js';
import { loadSettings, loadSettingsFile } from '../../../src/core/config/load.js';
import { flag, seconds } from '../../../src/core/config/schema.js';
import type { Settings } from '../../../src/core/config/settings.js';
import { espProposalHelp, ikeProposalHelp } from '../../../src/core/ike/proposals/names.js';
import { prefix } from '../../../src/core/net/address.js';
import type { Plugin } from '../../../src/core/plugin.js';
import { assert, test } from '../../support/test.js';

const create = () => {
  throw new Error('not for this test');
};
const plugins: Plugin[] = [
  {
    name: 'oe-dns',
    options: {
      ttlFloor: seconds({ uci: 'oe_dns_ttl_floor', default: 60, help: 'h' }),
    } as unknown as Plugin['options'],
    create,
  },
  {
    name: 'natt',
    options: {
      isEager: flag({ uci: 'natt_eager', default: false, help: 'h' }),
    } as unknown as Plugin['options'],
    create,
  },
];

const file = '/etc/config/autoipsec';
const load = (text: string) => loadSettings(text, file, plugins);

function settings(text: string): Settings {
  const result = load(text);
  if (!result.ok) throw new Error(result.errors.join('\n'));
  assert.equal(result.warnings, []);
  return result.settings;
}

function errors(text: string): string[] {
  const result = load(text);
  return result.ok ? [] : result.errors;
}

test('config: default lifespans of the negative verdicts', () => {
  assert.equal(settings('').lifespans, {
    noRecordSeconds: 21600,
    refusedSeconds: 3600,
    silentSeconds: 600,
  });
});

test('config: an empty file is a valid configuration that does nothing', () => {
  const { lifespans, ...rest } = settings('');
  assert.ok(lifespans);
  assert.equal(rest, {
    enabled: false,
    logLevel: 'info',
    stateFolder: '/etc/autoipsec',
    runFolder: '/var/run/autoipsec',
    keyType: 'rsa',
    nameServers: [],
    trustedNameServers: [],
    dnsPort: 53,
    markBit: 0x20000000,
    firstQueue: 4500,
    firstReqid: 0x41490000,
    dnsPatienceMs: 3000,
    patienceMs: 5000,
    rejectsDenied: false,
    saSoftSeconds: 3240,
    saHardSeconds: 3600,
    ikeProposals: [],
    espProposals: [],
    saSoftBytes: 900_000_000_000,
    saHardBytes: 1_000_000_000_000,
    saSoftPackets: 3_000_000_000,
    saHardPackets: 4_000_000_000,
    ikeSoftSeconds: 14_400,
    ikeHardSeconds: 18_000,
    wans: [],
    policies: [],
    keyLog: false,
    metricsFile: '',
  });
});

const whole = `
config autoipsec 'main'
	option enabled '1'
	option log_level 'debug'
	list name_server '127.0.0.1'
	list name_server '2001:db8::53'
	option trusted_name_server '192.0.2.53 192.0.2.54'
	option patience '2.5'
	option no_record_lifespan '60'

config wan 'uplink'
	option enabled '1'
	option interface 'wan'
	option device 'eth1'
	list plugin 'natt'
	list plugin 'oe-dns'
	option default_class 'oe-paranoid'
	option masquerade 'yes'
	option fqdn 'GW.example.org.'
	option oe_dns_ttl_floor '30'

config wan
	option enabled '0'
	option interface 'lte'

config policy 'office'
	option class 'always-clear'
	list destination '198.51.100.0/24'
	list source '192.168.1.0/24'

config policy
	option class 'deny'
`;

test('config: a file with everything', () => {
  const read = settings(whole);
  assert.is(read.enabled, true);
  assert.equal(read.nameServers, ['127.0.0.1', '2001:db8::53']);
  assert.equal(read.trustedNameServers, ['192.0.2.53', '192.0.2.54']);
  assert.is(read.patienceMs, 2500);
  assert.is(read.lifespans.noRecordSeconds, 60);
  assert.equal(read.wans, [
    {
      section: 'uplink',
      interface: 'wan',
      device: 'eth1',
      plugins: ['natt', 'oe-dns'],
      defaultClass: 'oe-paranoid',
      includesPrivate: false,
      masquerade: 'yes',
      fqdn: 'gw.example.org',
      pluginOptions: { 'oe-dns': { ttlFloor: 30 }, natt: { isEager: false } },
    },
  ]);
  assert.equal(read.policies, [
    {
      section: 'office',
      class: 'always-clear',
      destinations: [prefix('198.51.100.0/24')],
      sources: [prefix('192.168.1.0/24')],
    },
    {
      section: '@policy[1]',
      class: 'deny',
      destinations: [prefix('0.0.0.0/0'), prefix('::/0')],
      sources: [],
    },
  ]);
});

test('config: the four classes of the draft and accept-only are accepted', () => {
  const classes = ['deny', 'always-clear', 'oe-permissive', 'oe-paranoid', 'accept-only'];
  for (const name of classes) {
    const read = settings(`config policy\noption class ${name}`);
    assert.is(read.policies[0]!.class, name);
  }
});

const wan = "config wan 'u'\noption enabled 1\noption interface wan\n";
const mistakes: [string, string, string][] = [
  [
    'a value out of range',
    "config autoipsec 'main'\noption patience '900'",
    `${file}:2: autoipsec 'main': option 'patience' is '900'; allowed: 0.5..300 seconds`,
  ],
  [
    'an ESP proposal without integrity',
    "config autoipsec 'main'\nlist esp_proposal aes128",
    `${file}:2: autoipsec 'main': option 'esp_proposal' is 'aes128'; allowed: ${espProposalHelp}`,
  ],
  [
    'a word that no proposal has',
    "config autoipsec 'main'\nlist ike_proposal default\nlist ike_proposal aes128-md5",
    `${file}:3: autoipsec 'main': option 'ike_proposal' is 'default' 'aes128-md5'; allowed: ${ikeProposalHelp}`,
  ],
  [
    'a word that is none of the class names',
    'config policy\noption class paranoid',
    `${file}:2: policy: option 'class' is 'paranoid'; allowed: deny, always-clear, oe-permissive, oe-paranoid, accept-only`,
  ],
  [
    'a policy without class',
    'config policy',
    `${file}:1: policy: option 'class' is missing; allowed: deny, always-clear, oe-permissive, oe-paranoid, accept-only`,
  ],
  [
    'hard below soft',
    "config autoipsec 'main'\noption sa_hard_lifetime 3000",
    `${file}:1: autoipsec 'main': option 'sa_hard_lifetime' is '3000'; allowed: above sa_soft_lifetime, which is 3240`,
  ],
  [
    'a WAN without interface',
    'config wan\noption enabled 1\nlist plugin natt',
    `${file}:1: wan: option 'interface' is missing; name one of /etc/config/network`,
  ],
  [
    'a plugin that this build does not have',
    `${wan}list plugin magic`,
    `${file}:4: wan 'u': option 'plugin' is 'magic'; allowed: oe-dns, natt`,
  ],
  [
    'a plugin named twice',
    `${wan}list plugin natt\nlist plugin natt`,
    `${file}:5: wan 'u': option 'plugin' is 'natt'; named twice`,
  ],
  [
    "a mistake in a plugin's option",
    `${wan}list plugin natt\noption natt_eager maybe`,
    `${file}:5: wan 'u': option 'natt_eager' is 'maybe'; allowed: 0 or 1`,
  ],
  [
    'two sections for one interface',
    `${wan}list plugin natt\nconfig wan 'v'\noption enabled 1\noption interface wan\nlist plugin natt`,
    `${file}:5: wan 'v': interface 'wan' has section 'u' already`,
  ],
  [
    'a value list for a single option',
    "config autoipsec 'main'\nlist dns_port 53\nlist dns_port 54",
    `${file}:3: autoipsec 'main': option 'dns_port' is '53' '54'; allowed: 1..65535`,
  ],
  [
    'a syntax error',
    'config a\noption',
    `${file}:2: 'option' has 0 words after it: option NAME 'VALUE'`,
  ],
  [
    'a hostile value, shown as escapes',
    'config policy\noption class "\u001b[2J<b>"',
    `${file}:2: policy: option 'class' is '\\u001b[2J\\u003cb\\u003e'; allowed: deny, always-clear, oe-permissive, oe-paranoid, accept-only`,
  ],
];
for (const [what, text, message] of mistakes)
  test(`config: names ${what}`, () => assert.equal(errors(text), [message]));

test('config: all mistakes are told at once', () => {
  const found = errors(
    "config autoipsec 'main'\noption patience x\noption dns_port y\nconfig policy",
  );
  assert.is(found.length, 3);
});

test('config: more WANs than queues are refused', () => {
  const text = Array.from(
    { length: 17 },
    (_, i) => `config wan\noption enabled 1\noption interface w${i}\nlist plugin natt\n`,
  ).join('');
  assert.equal(errors(text), [`${file}:65: wan: more than 16 enabled WANs`]);
});

test('config: what is unknown is a warning and changes nothing', () => {
  const result = load(
    "config autoipsec 'main'\noption colour red\nconfig rsip\noption x 1\nconfig autoipsec\nconfig wan\noption speed 9",
  );
  assert.is(result.ok, true);
  assert.equal(result.warnings, [
    `${file}:5: autoipsec: only the section named 'main' counts; ignored`,
    `${file}:2: autoipsec 'main': option 'colour' is not known and ignored`,
    `${file}:7: wan: option 'speed' is not known and ignored`,
    `${file}:3: rsip: sections of this type are not known and ignored`,
  ]);
});

test('config: an enabled WAN without plugin is a warning', () => {
  const result = load(wan);
  assert.is(result.ok, true);
  assert.equal(result.warnings, [
    `${file}:1: wan 'u': no 'list plugin': no peer is looked for here (oe-dns, natt)`,
  ]);
});

test("config: option x '' is the default", () => {
  assert.is(settings("config autoipsec 'main'\noption patience ''").patienceMs, 5000);
});

test('config: reads a file, and says when there is none', () => {
  const text = "config autoipsec 'main'\noption enabled 1";
  const read = loadSettingsFile({ read: () => utf8(text) }, file, plugins);
  assert.ok(read.ok && read.settings.enabled);
  assert.equal(loadSettingsFile({ read: () => undefined }, file, plugins), {
    ok: false,
    errors: [`${file}: there is no such file`],
    warnings: [],
  });
});

test('config: a file that can not be read is an error, not a throw', () => {
  const read = (): never => {
    throw new Error('Is a directory');
  };
  assert.equal(loadSettingsFile({ read }, file, plugins), {
    ok: false,
    errors: [`${file}: can not be read: Is a directory`],
    warnings: [],
  });
});
