// What the router tells the pages, in the shapes of docs/ubus.md.

const now = 1_790_000_000;
const hour = 3600;

const tunnel = (n, more) => ({
  destination: `203.0.113.${n}`,
  source: '198.51.100.7',
  wan: 'wan',
  class: 'oe-permissive',
  state: 'keyed',
  why: `a TXT record names 203.0.113.${n} as gateway`,
  since: now - 2 * hour,
  until: now + 40 * 60,
  foundBy: 'oe-dns',
  peer: {
    address: `203.0.113.${n}`,
    identity: `203.0.113.${n}`,
    role: 'initiator',
    trust: 'dnssec',
    trustText: 'key vouched for by DNSSEC',
    spiIn: 'c0ffee01',
    spiOut: 'c0ffee02',
    ikeSpiInitiator: '0123456789abcdef',
    ikeSpiResponder: 'fedcba9876543210',
    suite: 'aes128gcm16, x25519',
  },
  counters: {
    bytesIn: 52_428_800,
    bytesOut: 1_310_720,
    packetsIn: 40_000,
    packetsOut: 9_000,
    lastUseSeconds: now - 12,
  },
  ...more,
});

const plain = (destination, state, more) => ({
  destination,
  source: '198.51.100.7',
  wan: 'wan',
  class: 'oe-permissive',
  state,
  why: '',
  since: now - 600,
  until: now + 6 * hour,
  ...more,
});

export const connections = [
  tunnel(9),
  tunnel(80, {
    foundBy: 'autovpn',
    peer: {
      ...tunnel(80).peer,
      identity: '@gw.example.org',
      role: 'responder',
      trust: 'dns',
      trustText: 'key from DNS without signature: safe from listeners, not from active attackers',
    },
    counters: {
      ...tunnel(80).counters,
      bytesIn: 2048,
      bytesOut: 4096,
      lastUseSeconds: now - 3 * hour,
    },
    why: 'the peer asked for it',
  }),
  plain('192.0.2.10', 'pending', { until: 0, why: 'a TXT record names 192.0.2.10 as gateway' }),
  plain('192.0.2.11', 'potential', { until: 0, why: 'looking for a gateway' }),
  plain('192.0.2.100', 'clear', { why: 'no record at 100.2.0.192.in-addr.arpa' }),
  plain('2001:db8::25', 'clear', { class: 'always-clear', why: 'a policy says so' }),
  plain('192.0.2.66', 'deny', {
    until: now + 600,
    why: 'TXT 66.2.0.192.in-addr.arpa: the DNSSEC signature is wrong, somebody may forge the answer',
  }),
  plain('192.0.2.67', 'deny', {
    class: 'oe-paranoid',
    until: now + hour,
    why: 'gateway 192.0.2.67: no answer from UDP port 500 of 192.0.2.67 within 5 s; filtered?',
  }),
];

export const status = (more = {}) => {
  const list = more.connections ?? connections;
  const count = (state) => list.filter((each) => each.state === state).length;
  const states = ['keyed', 'pending', 'potential', 'clear', 'deny'];
  return {
    version: '0.1.0',
    now,
    uptimeSeconds: 86_400,
    wans: [
      {
        name: 'wan',
        device: 'eth1',
        addresses: ['198.51.100.7'],
        plugins: [{ name: 'oe-dns', state: 'on', reason: '' }],
      },
    ],
    resolver: { servers: [{ address: '127.0.0.1', isTrusted: true }], validates: 'yes' },
    totals: Object.fromEntries(states.map((state) => [state, count(state)])),
    ike: {},
    warnings: [],
    ...more,
    connections: list,
  };
};

export const check = {
  ready: true,
  verdict: 'Ready, but 1 could be better.',
  findings: [
    { level: 'ok', what: 'clock', found: '2026-11-21 14:00 UTC' },
    {
      level: 'warn',
      what: 'own records',
      found: 'TXT at 7.100.51.198.in-addr.arpa: missing (name does not exist)',
      remedy: "publish what 'autoipsec records' prints, so that others encrypt to you",
    },
  ],
};

export const uci = [
  { '.name': 'main', '.type': 'autoipsec', enabled: '1' },
  { '.name': 'wan', '.type': 'wan', enabled: '1', interface: 'wan', plugin: ['oe-dns'] },
  { '.name': 'rule', '.type': 'policy', class: 'oe-paranoid', destination: ['198.51.100.0/24'] },
];

/** Everything well, every page full. */
export const usual = { ubus: { status: status(), check, forget: { forgotten: 1 } }, uci };

const key = (byte) => byte.repeat(32);

const peer = (id, state, more) => ({
  id,
  name: `CN=${id}.example.org`,
  fingerprint: key('a1'),
  state,
  address: '203.0.113.80',
  contact: '',
  firstSeen: Math.floor(Date.now() / 1000) - 30 * 86_400,
  lastSeen: Math.floor(Date.now() / 1000) - hour,
  hasSecret: false,
  ...more,
});

export const peers = [
  peer('gw', 'Unverified', {
    fingerprint: 'c3f09d1b5e7a24866f0213d4a5b6c7d800112233445566778899aabbccddeeff',
    addresses: ['203.0.113.80', '203.0.113.81'],
    tunnels: 2,
    contact: 'Gateway of Example Ltd.\nFingerprints: https://www.example.org/ipsec',
  }),
  peer('office', 'Trusted', { trustedBy: 'person', hasSecret: true, fingerprint: key('5e') }),
  peer('liar', 'Untrusted', { reason: 'their web site shows another one', fingerprint: key('07') }),
  peer('changed', 'Unverified', {
    fingerprint: key('3c'),
    conflict: {
      fingerprint: key('d9'),
      address: '198.51.100.99',
      lastSeen: Math.floor(Date.now() / 1000) - 300,
      count: 3,
    },
  }),
];

const owner = '7.100.51.198.in-addr.arpa';
const base64 = 'AQPY3Y2p0KJ1'.repeat(12);
const record = (kind, data, presence, detail) => ({
  kind,
  owner,
  line: `${owner}. IN ${kind} ${data}`,
  data,
  presence,
  detail,
});

export const records = {
  groups: [
    {
      purpose:
        'Who sends to 198.51.100.7 shall encrypt, and 198.51.100.7 itself is the gateway: for the router and for the hosts that are hidden behind this address. TXT is the older form, IPSECKEY the newer one.',
      records: [
        record(
          'TXT',
          `"X-IPsec-Server(10)=198.51.100.7 ${base64}"`,
          'present',
          'vouched for by DNSSEC',
        ),
        record('IPSECKEY', `10 0 2 . ${base64}`, 'missing', 'name does not exist'),
      ],
    },
    {
      purpose:
        'The key with which 198.51.100.7 signs, for peers that it calls and that read KEY records.',
      records: [
        record(
          'KEY',
          `16896 4 1 ${base64}`,
          'differs',
          '1 published, none with this gateway and key',
        ),
      ],
    },
  ],
  notes: ["WAN 'wan6' has no address now."],
};

Object.assign(usual.ubus, {
  peers: { peers },
  own: {
    name: 'CN=autovpn-5d1f0c9a7e3b2468',
    fingerprint: '5d1f0c9a7e3b24680f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778',
    contact: 'Example Ltd., noc@example.org\nFingerprints: https://www.example.org/ipsec',
  },
  records,
  rekey: { rekeyed: 1, failures: [] },
  trust: { trusted: true },
  distrust: { distrusted: true, ended: 1 },
  remove: { removed: true },
});
