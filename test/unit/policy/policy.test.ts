import type { PolicySettings, Settings } from '../../../src/core/config/settings.js';
import type { IkeDaemon, Tunnel, TunnelResult, TunnelWish } from '../../../src/core/ike/daemon.js';
import { addressIdentity } from '../../../src/core/ike/identity.js';
import type { ChildSa } from '../../../src/core/kernel/child-sa.js';
import { silentLogger } from '../../../src/core/log.js';
import { address, hostPrefix, type IpAddress, prefix } from '../../../src/core/net/address.js';
import type { Gateway, OwnTunnel, Plan, PluginInstance } from '../../../src/core/plugin.js';
import { maxConnections, maxOrigins } from '../../../src/core/policy/connections.js';
import { WanPlugins } from '../../../src/core/policy/plugins.js';
import { createPolicy, type Policy } from '../../../src/core/policy/policy.js';
import { heldPacket, recordingKernel } from '../../support/recording-kernel.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { testKey } from '../../support/table-resolver.js';
import { assert, test } from '../../support/test.js';

const sga = address('198.18.0.1');
const sgb = address('198.18.0.2');
const alice = '198.18.1.10';
const bob = '198.18.2.10';
const key = testKey(1);
const gateway = (host: string): Gateway => ({ address: address(host), keys: [key] });
const toSgb: Plan = {
  kind: 'key',
  gateways: [gateway(sgb)],
  ttlSeconds: 300,
  trust: 'dns',
  why: 'found',
};

const settingsWith = (policies: PolicySettings[], more: Partial<Settings> = {}): Settings => ({
  enabled: true,
  logLevel: 'info',
  keyLog: false,
  metricsFile: '',
  stateFolder: '/etc/autoipsec',
  runFolder: '/var/run/autoipsec',
  keyType: 'rsa',
  nameServers: [],
  trustedNameServers: [],
  dnsPort: 53,
  markBit: 1,
  firstQueue: 4500,
  firstReqid: 1000,
  lifespans: { noRecordSeconds: 21600, refusedSeconds: 3600, silentSeconds: 600 },
  dnsPatienceMs: 3000,
  patienceMs: 5000,
  rejectsDenied: false,
  saSoftSeconds: 3000,
  saHardSeconds: 3600,
  ikeProposals: [],
  espProposals: [],
  saSoftBytes: 0,
  saHardBytes: 0,
  saSoftPackets: 0,
  saHardPackets: 0,
  ikeSoftSeconds: 14_400,
  ikeHardSeconds: 18_000,
  wans: [],
  policies,
  ...more,
});

const everything = (name: PolicySettings['class']): PolicySettings => ({
  section: name,
  class: name,
  destinations: [prefix('0.0.0.0/0'), prefix('::/0')],
  sources: [],
});

function childSa(wish: {
  local: IpAddress;
  remote: IpAddress;
  ours: string;
  theirs: string;
}): ChildSa {
  const selector = (host: string) => ({
    prefix: hostPrefix(address(host)),
    protocol: 0,
    startPort: 0,
    endPort: 65535,
  });
  const keys = {
    kind: 'aead',
    name: 'rfc4106(gcm(aes))',
    key: new Uint8Array(20),
    icvBits: 128,
  } as const;
  return {
    local: wish.local,
    remote: wish.remote,
    inbound: { spi: 0x1001, keys },
    outbound: { spi: 0x2001, keys },
    mode: 'tunnel',
    ours: selector(wish.ours),
    theirs: selector(wish.theirs),
    softSeconds: 3000,
    hardSeconds: 3600,
  };
}

/** The engine with a plugin that answers `plans` and an IKE daemon that answers `results`. */
function engine(options: {
  class?: PolicySettings['class'];
  plan?: () => Plan | Promise<Plan>;
  connect?: (wish: TunnelWish) => TunnelResult | Promise<TunnelResult> | undefined;
  policies?: PolicySettings[];
  settings?: Partial<Settings>;
  plugin?: Partial<PluginInstance>;
}) {
  const clock = new SteppedClock();
  const kernel = recordingKernel();
  const asked: string[] = [];
  const wishes: TunnelWish[] = [];
  const closed: Tunnel[] = [];
  const rekeyed: number[] = [];
  const fates: string[] = [];
  let tunnels = 0;
  const instance: PluginInstance = {
    plan: async (wish) => {
      asked.push(wish.destination);
      return (await options.plan?.()) ?? toSgb;
    },
    keysFor: async () => ({ kind: 'keys', keys: [key], trust: 'dnssec', ttlSeconds: 60 }),
    authorize: async () => ({ kind: 'granted' }),
    forget: () => undefined,
    stop: () => undefined,
    ...options.plugin,
  };
  const policies = options.policies ?? [everything(options.class ?? 'oe-permissive')];
  const settings = settingsWith(policies, options.settings);
  const wan = {
    name: 'wan',
    device: 'eth1',
    index: 0,
    addresses: [sga],
    settings: {
      section: 'wan',
      interface: 'wan',
      device: 'eth1',
      plugins: ['one'],
      defaultClass: 'oe-permissive' as const,
      includesPrivate: false,
      masquerade: 'auto' as const,
      fqdn: '',
      pluginOptions: {},
    },
    plugins: new WanPlugins([{ name: 'one', instance, failure: '' }], silentLogger),
  };
  const policy: Policy = createPolicy({
    kernel,
    clock,
    timers: clock,
    log: silentLogger,
    settings,
    wans: [wan],
  });

  async function tunnelFor(
    pair: { ours: string; theirs: string; remote?: IpAddress },
    role: Tunnel['role'],
  ): Promise<Tunnel> {
    const remote = pair.remote ?? sgb;
    const installed = await policy.owner.install(childSa({ local: sga, remote, ...pair }));
    tunnels++;
    return {
      id: tunnels,
      role,
      installed,
      peer: { address: remote, identity: addressIdentity(remote), proof: 'key', key },
      ike: { spiInitiator: '1', spiResponder: '2', suite: 'test' },
    };
  }

  const ike: IkeDaemon = {
    restore: async () => [],
    start: async () => undefined,
    async connect(wish) {
      wishes.push(wish);
      const given = await options.connect?.(wish);
      if (given) return given;
      const pair = { ours: wish.ours.address, theirs: wish.theirs.address, remote: wish.remote };
      return { ok: true, tunnel: await tunnelFor(pair, 'initiator') };
    },
    async close(tunnel) {
      closed.push(tunnel);
      await kernel.remove(tunnel.installed);
      policy.owner.ended(tunnel, 'deleted by us');
    },
    async rekey(tunnel) {
      rekeyed.push(tunnel.id);
      const { sa } = tunnel.installed;
      tunnel.installed = await policy.owner.install(sa);
      policy.owner.rekeyed(tunnel);
      return { ok: true };
    },
    rekeyIke: async () => ({ ok: true }),
    expired: () => undefined,
    stop: async () => undefined,
    counters: () => ({}),
    pressure: () => undefined,
  };
  policy.useIke(ike);
  const send = (
    about: { source?: string; destination?: string; name?: string; port?: number } = {},
  ) => policy.held(heldPacket(fates, { source: alice, destination: bob, ...about }));
  const state = () => policy.connections().map((each) => each.state);
  return {
    policy,
    kernel,
    clock,
    wan,
    asked,
    wishes,
    closed,
    rekeyed,
    fates,
    send,
    state,
    tunnelFor,
  };
}

test('OE-39 OE-47 a packet to a gateway with records ends keyed and is released', async () => {
  const one = engine({});
  one.send();
  await one.clock.advance(0);
  assert.equal(one.state(), ['keyed']);
  assert.equal(one.fates, [`${bob} released`]);
  assert.is(one.wishes[0]!.remote, sgb);
  assert.is(one.kernel.cache.get(`wan ${alice} ${bob}`)!.verdict, 'encrypt');
});

test('SP-3 ten packets in a running attempt: one question, one exchange', async () => {
  const one = engine({});
  for (let port = 0; port < 10; port++) one.send({ port });
  await one.clock.advance(0);
  assert.is(one.asked.length, 1);
  assert.is(one.wishes.length, 1);
  assert.is(one.fates.filter((fate) => fate.endsWith('released')).length, 10);
});

test('OE-4 OE-5 a packet of a settled pair causes no look-up', async () => {
  const one = engine({ plan: () => ({ kind: 'none', ttlSeconds: 900, why: 'no record' }) });
  one.send();
  await one.clock.advance(0);
  one.send({ port: 2 });
  await one.clock.advance(0);
  assert.is(one.asked.length, 1);
  assert.is(one.fates.length, 2);
  const entry = one.kernel.cache.get(`wan ${alice} ${bob}`)!;
  assert.equal([entry.verdict, entry.lifespanSeconds], ['pass', 900]);
});

const failures: [string, Plan | undefined, TunnelResult | undefined][] = [
  ['no record', { kind: 'none', ttlSeconds: 900, why: '' }, undefined],
  ['no DNS', { kind: 'unknown', why: 'timeout' }, undefined],
  ['a silent gateway', undefined, { ok: false, failure: { kind: 'silent', why: '' } }],
  ['a refusal', undefined, { ok: false, failure: { kind: 'refused', why: '' } }],
  ['a wrong signature', undefined, { ok: false, failure: { kind: 'signature', why: '' } }],
  ['an internal error', undefined, { ok: false, failure: { kind: 'internal', why: '' } }],
];
for (const [what, plan, result] of failures) {
  for (const [name, verdict, fate] of [
    ['oe-permissive', 'pass', 'released'],
    ['oe-paranoid', 'deny', 'dropped'],
  ] as const) {
    test(`OE-24 OE-28 ${what} under ${name}: ${fate}`, async () => {
      const one = engine({ class: name, plan: () => plan ?? toSgb, connect: () => result });
      one.send();
      await one.clock.advance(0);
      assert.equal(one.fates, [`${bob} ${fate}`]);
      assert.is(one.kernel.cache.get(`wan ${alice} ${bob}`)!.verdict, verdict);
    });
  }
}

for (const name of ['oe-permissive', 'oe-paranoid'] as const) {
  test(`OE-37 a malformed or forged record denies, also under ${name}`, async () => {
    const plan: Plan = { kind: 'refuse', ttlSeconds: 300, why: 'malformed' };
    const one = engine({ class: name, plan: () => plan });
    one.send();
    await one.clock.advance(0);
    assert.equal(one.state(), ['deny']);
    assert.equal(one.fates, [`${bob} dropped`]);
  });
}

test('the wall clock of a router that comes up jumps by years, and verdicts keep their time', async () => {
  const one = behindNat([everything('oe-permissive')], { kind: 'none', ttlSeconds: 900, why: '' });
  const lifespan = (host: string) => one.kernel.cache.get(`wan ${host} ${bob}`)!.lifespanSeconds;
  one.send({ source: open });
  await one.clock.advance(0);
  const before = one.clock.wallSeconds.bind(one.clock);
  one.clock.wallSeconds = () => before() + 1e8;
  await one.clock.advance(10_000);
  one.send({ source: careful });
  await one.clock.advance(0);
  assert.is(lifespan(careful), 890);
  one.kernel.cache.clear();
  one.policy.cacheLost();
  assert.equal([lifespan(open), lifespan(careful)], [890, 890]);
});

test('a full table forgets the oldest verdict, and takes nothing when none can go', async () => {
  const wish = (i: number) => ({ destination: `198.19.${i >> 8}.${i & 255}` });
  const one = engine({ plan: () => ({ kind: 'none', ttlSeconds: 900, why: '' }) });
  for (let i = 0; i <= maxConnections; i++) one.send(wish(i));
  await one.clock.advance(0);
  assert.is(one.policy.connections().length, maxConnections);
  const busy = engine({ plan: () => new Promise(() => undefined) });
  for (let i = 0; i <= maxConnections; i++) busy.send(wish(i));
  await busy.clock.advance(0);
  assert.is(busy.policy.connections().length, maxConnections);
  assert.equal(busy.fates, [`${wish(maxConnections).destination} dropped`]);
});

test('a host that forges sources behind NAT fills neither memory nor cache', async () => {
  const one = engine({ plan: () => ({ kind: 'none', ttlSeconds: 900, why: '' }) });
  one.kernel.translate = async () => sga;
  for (let i = 0; i < 2000; i++) one.send({ source: `192.168.${i >> 8}.${i & 255}` });
  await one.clock.advance(0);
  assert.is(one.policy.connections()[0]!.origins.size, maxOrigins);
  assert.is(one.kernel.cache.size, maxOrigins);
  assert.is(one.fates.length, 2000);
});

test('the classes deny and always-clear ask nobody', async () => {
  for (const [name, fate] of [
    ['deny', 'dropped'],
    ['always-clear', 'released'],
    ['accept-only', 'released'],
  ] as const) {
    const one = engine({ class: name });
    one.send();
    await one.clock.advance(0);
    assert.equal(one.fates, [`${bob} ${fate}`]);
    assert.is(one.asked.length, 0);
  }
});

const spans: [string, Plan | undefined, TunnelResult | undefined, number][] = [
  ['SP-26 no record', { kind: 'none', ttlSeconds: 86400, why: '' }, undefined, 21600],
  ['OE-55 no record, MINIMUM 60', { kind: 'none', ttlSeconds: 60, why: '' }, undefined, 60],
  [
    'SP-28 OE-42 a silent gateway',
    undefined,
    { ok: false, failure: { kind: 'silent', why: '' } },
    600,
  ],
  ['SP-27 OE-44 a refusal', undefined, { ok: false, failure: { kind: 'refused', why: '' } }, 3600],
  [
    'OE-46 a wrong signature, TTL 300',
    undefined,
    { ok: false, failure: { kind: 'signature', why: '' } },
    300,
  ],
];
for (const [what, plan, result, seconds] of spans) {
  test(`${what}: the entry lives ${seconds} s, then the next packet asks again`, async () => {
    const one = engine({ plan: () => plan ?? toSgb, connect: () => result });
    one.send();
    await one.clock.advance(0);
    assert.is(one.kernel.cache.get(`wan ${alice} ${bob}`)!.lifespanSeconds, seconds);
    await one.clock.advance((seconds - 1) * 1000);
    assert.equal(one.state(), ['clear']);
    await one.clock.advance(1000);
    assert.equal(one.state(), []);
    assert.is(one.kernel.cache.size, 0);
    one.send();
    await one.clock.advance(0);
    assert.is(one.asked.length, 2);
  });
}

test('OE-40 a failure only after every gateway was tried, in order', async () => {
  const gateways = ['198.18.0.7', '198.18.0.8', sgb].map(gateway);
  const one = engine({
    plan: () => ({ ...toSgb, gateways }),
    connect: (wish) =>
      wish.remote === sgb ? undefined : { ok: false, failure: { kind: 'refused', why: 'no' } },
  });
  one.send();
  await one.clock.advance(0);
  assert.equal(
    one.wishes.map((wish) => wish.remote),
    ['198.18.0.7', '198.18.0.8', sgb],
  );
  assert.equal(one.state(), ['keyed']);
});

test('OE-39 a plugin that throws ends by class and is off, not a stuck hold', async () => {
  const one = engine({
    plan: () => {
      throw new Error('bug');
    },
  });
  one.send();
  await one.clock.advance(0);
  assert.equal(one.fates, [`${bob} released`]);
});

test('SP-1 a pair that a foreign policy covers is left to it: no look-up, no IKE', async () => {
  const one = engine({ class: 'oe-paranoid' });
  one.kernel.configured.add(`${alice} ${bob}`);
  one.send();
  await one.clock.advance(0);
  assert.equal(one.fates, [`${bob} released`]);
  assert.is(one.asked.length, 0);
  assert.is(one.wishes.length, 0);
});

test('OE-134 OE-136 two masqueraded hosts share one connection with the address of the WAN', async () => {
  const one = engine({});
  for (const host of ['192.168.1.10', '192.168.1.11']) one.kernel.nat.set(address(host), sga);
  one.send({ source: '192.168.1.10' });
  await one.clock.advance(0);
  one.send({ source: '192.168.1.11' });
  await one.clock.advance(0);
  assert.is(one.wishes.length, 1);
  assert.is(one.wishes[0]!.ours.address, sga);
  for (const host of ['192.168.1.10', '192.168.1.11', sga])
    assert.is(one.kernel.cache.get(`wan ${host} ${bob}`)!.verdict, 'encrypt');
});

test('SP-4 nothing is released while an attempt runs', async () => {
  let finish: (plan: Plan) => void = () => undefined;
  const one = engine({ plan: () => new Promise((resolve) => (finish = resolve)) });
  one.send();
  await one.clock.advance(4000);
  assert.equal(one.fates, []);
  assert.equal(one.state(), ['potential']);
  finish({ kind: 'none', ttlSeconds: 60, why: '' });
  await one.clock.advance(0);
  assert.equal(one.fates, [`${bob} released`]);
});

test('SP-43 a forgotten address asks again at its next packet', async () => {
  const one = engine({ plan: () => ({ kind: 'none', ttlSeconds: 900, why: '' }) });
  one.send();
  await one.clock.advance(0);
  assert.is(await one.policy.forget(address(bob)), 1);
  assert.is(one.kernel.cache.size, 0);
  one.send();
  await one.clock.advance(0);
  assert.is(one.asked.length, 2);
});

test('OE-20 a peer that keys first makes the entry before any packet of ours', async () => {
  const one = engine({});
  one.policy.owner.established(await one.tunnelFor({ ours: alice, theirs: bob }, 'responder'));
  await one.clock.advance(0);
  assert.equal(one.state(), ['keyed']);
  assert.is(one.kernel.cache.get(`wan ${alice} ${bob}`)!.verdict, 'encrypt');
});

test('OE-62 the latest negotiation of a peer wins, and one instance is left', async () => {
  const one = engine({});
  const first = await one.tunnelFor({ ours: alice, theirs: bob }, 'responder');
  one.policy.owner.established(first);
  await one.clock.advance(60_000);
  const second = await one.tunnelFor({ ours: alice, theirs: bob }, 'responder');
  one.policy.owner.established(second);
  assert.is(one.policy.connections().length, 1);
  assert.is(one.policy.connections()[0]!.tunnel, second);
  await one.clock.advance(30_000);
  assert.equal(one.closed, [first]);
});

for (const [remote, expected] of [
  ['198.18.0.0', 'initiator'],
  ['198.18.0.9', 'responder'],
] as const) {
  test(`both ends start at once: the greater address keeps its tunnel (peer ${remote})`, async () => {
    const peer = address(remote);
    const one = engine({ plan: () => ({ ...toSgb, gateways: [gateway(remote)] }) });
    one.send();
    await one.clock.advance(100);
    const theirs = await one.tunnelFor({ ours: alice, theirs: bob, remote: peer }, 'responder');
    one.policy.owner.established(theirs);
    await one.clock.advance(2900);
    assert.is(one.closed.length, 0, 'what is on its way still comes');
    await one.clock.advance(100);
    assert.is(one.policy.connections()[0]!.tunnel!.role, expected);
    assert.is(one.closed.length, expected === 'responder' ? 1 : 0);
  });
}

test('OE-120 OE-121 OE-122 an idle tunnel goes after a minute, a busy one is looked at again', async () => {
  const idle = engine({});
  idle.send();
  await idle.clock.advance(0);
  idle.kernel.lastUseSeconds = idle.clock.wallSeconds() + 25;
  await idle.clock.advance(60_000);
  assert.equal(idle.state(), [], 'last traffic at 25 s: closed at 60 s');
  assert.is(idle.kernel.installed.length, 0);
  const busy = engine({});
  busy.send();
  await busy.clock.advance(0);
  busy.kernel.lastUseSeconds = busy.clock.wallSeconds() + 35;
  await busy.clock.advance(60_000);
  assert.equal(busy.state(), ['keyed'], 'traffic at 35 s: kept at 60 s');
  await busy.clock.advance(20 * 60_000 - 1);
  assert.equal(busy.state(), ['keyed']);
  await busy.clock.advance(1);
  assert.equal(busy.state(), []);
});

test('OE-48 the peer ends the tunnel: the instance and the cache entry go', async () => {
  const one = engine({});
  one.send();
  await one.clock.advance(0);
  one.policy.owner.ended(one.policy.connections()[0]!.tunnel!, 'deleted by peer');
  await one.clock.advance(0);
  assert.equal(one.state(), []);
  assert.is(one.kernel.cache.size, 0);
});

const claimOf = (ours: string, theirs: string, more: object = {}) => ({
  identity: addressIdentity(sgb),
  address: sgb,
  local: sga,
  proof: 'key' as const,
  key,
  ours: hostPrefix(address(ours)),
  theirs: hostPrefix(address(theirs)),
  isWholePair: true,
  isBehindNat: false,
  isRekey: false,
  ...more,
});

test('OE-156 a peer gets no tunnel for a clear class, nor for a configured pair', async () => {
  const claim = claimOf(alice, bob);
  const clear = engine({ class: 'always-clear' });
  assert.ok((await clear.policy.owner.keysFor(claim)).ok);
  assert.not.ok((await clear.policy.owner.authorize(claim)).ok);
  const open = engine({});
  await open.policy.owner.keysFor(claim);
  assert.ok((await open.policy.owner.authorize(claim)).ok);
  open.kernel.configured.add(`${alice} ${bob}`);
  assert.not.ok((await open.policy.owner.authorize(claim)).ok);
});

test('OE-101 a peer can not speak for more than one address, nor for a part of its traffic', async () => {
  const one = engine({});
  const more = { theirs: prefix('198.18.2.0/24') };
  assert.not.ok((await one.policy.owner.authorize(claimOf(alice, bob, more))).ok);
  const part = { isWholePair: false };
  assert.not.ok((await one.policy.owner.authorize(claimOf(alice, bob, part))).ok);
});

const sides: [string, string, string, boolean][] = [
  ['our own address', sga, bob, true],
  ['a routed host of ours', alice, bob, true],
  ['somebody on the Internet as ours', '9.9.9.9', bob, false],
  ['our own loopback', '127.0.0.1', bob, false],
  ['a host that NAT hides', '192.168.1.10', bob, false],
  ['a host of ours as his', alice, '198.18.1.11', false],
  ['a private address as his', alice, '10.0.0.1', false],
  ['multicast as his', alice, '224.0.0.5', false],
];
for (const [what, ours, theirs, isGranted] of sides) {
  test(`a peer that asks for ${what}: ${isGranted ? 'granted' : 'refused'}`, async () => {
    const one = engine({});
    one.kernel.nat.set(address('192.168.1.10'), sga);
    const answer = await one.policy.owner.authorize(claimOf(ours, theirs));
    assert.is(answer.ok, isGranted, answer.ok ? '' : answer.why);
  });
}

test('one peer does not get tunnels without end', async () => {
  const one = engine({});
  one.kernel.ownSide.push(prefix('198.19.0.0/16'));
  for (let i = 0; i < 256; i++) {
    const ours = `198.19.1.${i}`;
    assert.ok((await one.policy.owner.authorize(claimOf(ours, bob))).ok);
    one.policy.owner.established(await one.tunnelFor({ ours, theirs: bob }, 'responder'));
  }
  const answer = await one.policy.owner.authorize(claimOf('198.19.2.1', bob));
  assert.match(answer.ok ? '' : answer.why, 'limit');
});

test('a peer whose keys made room for those of many others can still have a tunnel', async () => {
  const one = engine({});
  await one.policy.owner.keysFor(claimOf(alice, bob));
  for (let i = 0; i < 1001; i++) {
    const stranger = address(`198.19.${i >> 8}.${i & 255}`);
    const more = { address: stranger, identity: addressIdentity(stranger) };
    await one.policy.owner.keysFor(claimOf(alice, stranger, more));
  }
  assert.ok((await one.policy.owner.authorize(claimOf(alice, bob))).ok);
});

test('a record that names a gateway inside causes no IKE there', async () => {
  for (const inside of ['127.0.0.1', '192.168.1.20', '255.255.255.255', 'fe80::1']) {
    const one = engine({ plan: () => ({ ...toSgb, gateways: [gateway(inside)] }) });
    one.send();
    await one.clock.advance(0);
    assert.is(one.wishes.length, 0);
    assert.equal(one.state(), ['clear']);
  }
});

test('after a stop no timer, no packet and no cache entry is left', async () => {
  const one = engine({});
  one.send();
  one.send({ destination: '198.18.2.11' });
  await one.clock.advance(0);
  one.policy.stop();
  await one.clock.advance(0);
  assert.is(one.kernel.cache.size, 0);
  assert.is(one.clock.pendingTimers, 0);
});

test('a configured tunnel that can not be looked up ends by class, not in a stuck hold', async () => {
  for (const [name, fate] of [
    ['oe-permissive', 'released'],
    ['oe-paranoid', 'dropped'],
  ] as const) {
    const one = engine({ class: name });
    one.kernel.isConfigured = () => Promise.reject(new Error('ip xfrm: killed'));
    one.send();
    await one.clock.advance(0);
    assert.equal(one.fates, [`${bob} ${fate}`]);
  }
});

test('both states of a tunnel reach their soft limit: one rekey, after a look at the records', async () => {
  const one = engine({});
  one.send();
  await one.clock.advance(0);
  one.kernel.lastUseSeconds = one.clock.wallSeconds();
  const { installed } = one.policy.connections()[0]!.tunnel!;
  one.policy.expired(installed, 'soft');
  one.policy.expired(installed, 'soft');
  await one.clock.advance(1000);
  assert.equal(one.rekeyed, [1]);
  assert.is(one.asked.length, 2);
  assert.is(one.wishes.length, 1);
  assert.equal(one.state(), ['keyed']);
});

test('OE-124 a tunnel that nobody uses is not rekeyed, until somebody uses it', async () => {
  const one = engine({});
  one.send();
  await one.clock.advance(0);
  const { installed } = one.policy.connections()[0]!.tunnel!;
  one.kernel.lastUseSeconds = one.clock.wallSeconds();
  await one.clock.advance(50_000);
  one.kernel.lastUseSeconds = one.clock.wallSeconds() - 301;
  one.policy.expired(installed, 'soft');
  await one.clock.advance(5000);
  assert.equal(one.rekeyed, []);
  one.kernel.lastUseSeconds = one.clock.wallSeconds();
  await one.clock.advance(30_000);
  assert.equal(one.rekeyed, [1]);
});

test('a tunnel whose records name another gateway by now gets one with that, and is closed', async () => {
  let gateway = sgb;
  const plan = () => ({ ...toSgb, gateways: [{ address: gateway, keys: [key] }] }) as Plan;
  const one = engine({ plan });
  one.send();
  await one.clock.advance(0);
  one.kernel.lastUseSeconds = one.clock.wallSeconds();
  const old = one.policy.connections()[0]!.tunnel!;
  gateway = address('198.18.0.9');
  one.policy.expired(old.installed, 'soft');
  await one.clock.advance(3000);
  assert.equal([one.rekeyed, one.closed], [[], [old]]);
  assert.is(one.policy.connections()[0]!.tunnel!.peer.address, gateway);
});

test('OE-50 a tunnel whose records are gone is not rekeyed, and stays until its hard limit', async () => {
  const plans: Plan[] = [toSgb];
  const none = { kind: 'none', ttlSeconds: 900, why: 'no record' } as const;
  const one = engine({ plan: () => plans.shift() ?? none });
  one.send();
  await one.clock.advance(0);
  one.kernel.lastUseSeconds = one.clock.wallSeconds();
  const { tunnel } = one.policy.connections()[0]!;
  one.policy.expired(tunnel!.installed, 'soft');
  await one.clock.advance(50_000);
  assert.equal([one.rekeyed, one.closed], [[], []]);
  assert.equal(one.state(), ['keyed']);
});

test('a tunnel that the peer has made is rekeyed when it is still granted', async () => {
  for (const isGranted of [true, false]) {
    const one = engine({});
    const tunnel = await one.tunnelFor({ ours: '198.18.0.1', theirs: bob }, 'responder');
    one.policy.owner.established(tunnel);
    one.kernel.lastUseSeconds = one.clock.wallSeconds();
    if (!isGranted) one.kernel.configured.add(`198.18.0.1 ${bob}`);
    one.policy.expired(tunnel.installed, 'soft');
    await one.clock.advance(1000);
    assert.equal(one.rekeyed, isGranted ? [tunnel.id] : []);
  }
});

test('a pair forgotten while its tunnel is made has that tunnel when it asks again', async () => {
  let finish: (result: TunnelResult) => void = () => undefined;
  // the IKE daemon has one answer for all who wish the same
  const shared = new Promise<TunnelResult>((resolve) => (finish = resolve));
  const one = engine({ connect: () => shared });
  one.send();
  await one.clock.advance(0);
  await one.policy.forget(address(bob));
  one.send({ name: 'second' });
  await one.clock.advance(0);
  finish({ ok: true, tunnel: await one.tunnelFor({ ours: alice, theirs: bob }, 'initiator') });
  await one.clock.advance(0);
  assert.equal(one.fates, [`${bob} dropped`, 'second released']);
  assert.equal(one.state(), ['keyed']);
  assert.equal(one.closed, []);
});

test('both ends start at once: the peer deletes its loser before our winner is up, and ours stays', async () => {
  let finish: (result: TunnelResult) => void = () => undefined;
  const one = engine({ connect: () => new Promise<TunnelResult>((resolve) => (finish = resolve)) });
  one.send();
  await one.clock.advance(0);
  const loser = await one.tunnelFor({ ours: alice, theirs: bob }, 'responder');
  one.policy.owner.established(loser);
  one.policy.owner.ended(loser, 'deleted by peer');
  const tunnel = await one.tunnelFor({ ours: alice, theirs: bob }, 'initiator');
  finish({ ok: true, tunnel });
  await one.clock.advance(0);
  assert.equal(one.state(), ['keyed']);
  assert.equal(one.closed, []);
});

test('a tunnel that comes up after its pair was forgotten is closed', async () => {
  let finish: (result: TunnelResult) => void = () => undefined;
  const one = engine({ connect: () => new Promise<TunnelResult>((resolve) => (finish = resolve)) });
  one.send();
  await one.clock.advance(0);
  await one.policy.forget(address(bob));
  const tunnel = await one.tunnelFor({ ours: alice, theirs: bob }, 'initiator');
  finish({ ok: true, tunnel });
  await one.clock.advance(0);
  assert.equal(one.closed, [tunnel]);
});

test('a kernel that can not be asked refuses the peer, and the log says why', async () => {
  const one = engine({});
  one.kernel.isOwnSide = () => Promise.reject(new Error('ip: killed'));
  const answer = await one.policy.owner.authorize(claimOf(alice, bob));
  assert.match(answer.ok ? '' : answer.why, 'ip: killed');
});

test('a tunnel that is reported twice is not taken for its own rival', async () => {
  const one = engine({});
  const tunnel = await one.tunnelFor({ ours: alice, theirs: bob }, 'responder');
  one.policy.owner.established(tunnel);
  one.policy.owner.established(tunnel);
  await one.clock.advance(30_000);
  assert.equal(one.closed, []);
});

const strict: PolicySettings = {
  ...everything('oe-paranoid'),
  sources: [prefix('192.168.1.10/32')],
};
const [open, careful] = ['192.168.1.11', '192.168.1.10'];

function behindNat(policies: PolicySettings[], plan?: Plan) {
  const one = engine({ policies, ...(plan ? { plan: () => plan } : {}) });
  for (const host of [open, careful]) one.kernel.nat.set(address(host), sga);
  return one;
}

test('OE-24 hosts behind one address keep their own class: what one may send clear another may not', async () => {
  const nothing: Plan = { kind: 'none', ttlSeconds: 900, why: 'no record' };
  const one = behindNat([everything('oe-permissive'), strict], nothing);
  one.send({ source: open, name: 'open' });
  await one.clock.advance(0);
  one.send({ source: careful, name: 'careful' });
  await one.clock.advance(0);
  assert.equal(one.fates, ['open released', 'careful dropped']);
  assert.is(one.asked.length, 1);
  assert.is(one.kernel.cache.get(`wan ${careful} ${bob}`)!.verdict, 'deny');
  assert.is(one.kernel.cache.get(`wan ${open} ${bob}`)!.verdict, 'pass');
});

test('a host whose class is clear does not keep its neighbour behind NAT from encrypting', async () => {
  const one = behindNat([everything('always-clear'), strict]);
  one.send({ source: open, name: 'open' });
  await one.clock.advance(0);
  one.send({ source: careful, name: 'careful' });
  await one.clock.advance(0);
  assert.equal(one.fates, ['open released', 'careful released']);
  assert.equal(one.state(), ['keyed']);
  assert.is(one.kernel.cache.get(`wan ${open} ${bob}`), undefined);
});

test('new settings with the same classes keep tunnels of hosts behind NAT', async () => {
  const one = behindNat([everything('oe-permissive'), strict]);
  one.send({ source: careful });
  await one.clock.advance(0);
  one.policy.update(settingsWith([everything('oe-permissive'), strict]));
  assert.equal(one.state(), ['keyed']);
  one.policy.update(settingsWith([everything('oe-permissive')]));
  await one.clock.advance(0);
  assert.equal(one.state(), []);
  assert.is(one.kernel.cache.size, 0);
});

test('a WAN with another address: its tunnels end, and their pairs are asked about anew', async () => {
  const one = behindNat([everything('oe-permissive')]);
  one.send({ source: open });
  await one.clock.advance(0);
  one.policy.addressesChanged();
  assert.equal(one.state(), ['keyed'], 'nothing changed for this tunnel');
  one.wan.addresses = [address('198.18.0.77')];
  one.policy.addressesChanged();
  await one.clock.advance(0);
  assert.equal(one.state(), []);
  assert.is(one.kernel.cache.size, 0, 'the LAN host is not sent into a tunnel that is gone');
  assert.is(one.closed.length, 1);
});

test('a kernel that does not tell the last use is asked again, and the tunnel is not forgotten', async () => {
  const one = engine({});
  const { use } = one.kernel;
  one.send();
  await one.clock.advance(0);
  one.kernel.use = () => Promise.reject(new Error('ip: killed'));
  await one.clock.advance(60_000);
  assert.equal(one.state(), ['keyed']);
  one.kernel.use = use;
  await one.clock.advance(60_000);
  assert.equal(one.state(), []);
});

test('SP-43 an address of the LAN can be forgotten too', async () => {
  const one = behindNat([everything('oe-permissive')]);
  one.send({ source: open });
  await one.clock.advance(0);
  assert.is(await one.policy.forget(address(open)), 1);
});

test('after a stop packets that still come are dropped, and no timer waits for a loser', async () => {
  const one = engine({});
  for (const wait of [0, 60_000]) {
    await one.clock.advance(wait);
    one.policy.owner.established(await one.tunnelFor({ ours: alice, theirs: bob }, 'responder'));
  }
  one.policy.stop();
  one.send();
  await one.clock.advance(0);
  assert.equal(one.fates, [`${bob} dropped`]);
  assert.is(one.clock.pendingTimers, 0);
});

test('OE-12 packets held for our own attempt wait until a peer that keys has its states', async () => {
  const one = engine({ plan: () => new Promise(() => undefined) });
  one.send();
  await one.clock.advance(100);
  one.policy.owner.established(await one.tunnelFor({ ours: alice, theirs: bob }, 'responder'));
  await one.clock.advance(499);
  assert.equal(one.fates, []);
  await one.clock.advance(1);
  assert.equal(one.fates, [`${bob} released`]);
});

for (const remote of ['198.18.0.0', '198.18.0.9'])
  test(`OE-12 both ends start at once: held packets wait for our own tunnel, whichever stays (peer ${remote})`, async () => {
    const peer = address(remote);
    let finish: (result: TunnelResult) => void = () => undefined;
    const one = engine({
      plan: () => ({ ...toSgb, gateways: [gateway(remote)] }),
      connect: () => new Promise<TunnelResult>((resolve) => (finish = resolve)),
    });
    one.send();
    await one.clock.advance(100);
    const pair = { ours: alice, theirs: bob, remote: peer };
    one.policy.owner.established(await one.tunnelFor(pair, 'responder'));
    await one.clock.advance(2000);
    assert.equal(one.fates, [], 'the peer may not have its states yet');
    finish({ ok: true, tunnel: await one.tunnelFor(pair, 'initiator') });
    await one.clock.advance(0);
    assert.equal(one.fates, [`${bob} released`]);
  });

test('OE-12 both ends start at once, and ours never comes: held packets go with the tunnel of the peer', async () => {
  const one = engine({ connect: () => new Promise(() => undefined) });
  one.send();
  await one.clock.advance(100);
  one.policy.owner.established(await one.tunnelFor({ ours: alice, theirs: bob }, 'responder'));
  await one.clock.advance(2999);
  assert.equal(one.fates, []);
  await one.clock.advance(1);
  assert.equal(one.fates, [`${bob} released`]);
});

test('OE-12 a peer that deletes its own of two tunnels at once costs no held packet', async () => {
  let plans = 0;
  const one = engine({
    plan: () => (++plans === 1 ? new Promise(() => undefined) : toSgb),
  });
  one.send();
  await one.clock.advance(100);
  const theirs = await one.tunnelFor({ ours: alice, theirs: bob }, 'responder');
  one.policy.owner.established(theirs);
  await one.clock.advance(200);
  one.policy.owner.ended(theirs, 'deleted by peer');
  await one.clock.advance(0);
  assert.equal(one.fates, [`${bob} released`]);
  assert.equal(one.state(), ['keyed']);
});

for (const [proof, trust] of [
  ['key', 'dnssec'],
  ['null', 'unauthenticated'],
] as const)
  test(`trust: a caller with proof '${proof}' counts as ${trust}, whatever vouches for its address`, async () => {
    const one = engine({});
    await one.policy.owner.keysFor(claimOf(alice, bob));
    const tunnel = await one.tunnelFor({ ours: alice, theirs: bob }, 'responder');
    one.policy.owner.established({ ...tunnel, peer: { ...tunnel.peer, proof } });
    assert.is(one.policy.connections()[0]?.trust, trust);
  });

const own = (source = sga): OwnTunnel => ({
  wish: { source, destination: address(bob) },
  gateway: gateway(sgb),
  trust: () => 'first contact',
  why: 'probes',
});
const silent: TunnelResult = { ok: false, failure: { kind: 'silent', why: 'no answer' } };

for (const [says, state, verdict] of [
  ['allow', undefined, undefined],
  ['block', 'deny', 'deny'],
] as const)
  test(`AV-152 AV-153 AV-154: no tunnel with a known peer, and the fallback is ${says}`, async () => {
    const asked: string[] = [];
    const fallback = (destination: string) => {
      asked.push(destination);
      return says;
    };
    const { policy, kernel, clock } = engine({ connect: () => silent, plugin: { fallback } });
    const opened = await policy.ownTunnels.open('one', 'wan', own());
    assert.equal([opened.ok, asked], [false, [bob]]);
    assert.is(policy.connections()[0]?.state, state);
    assert.is(kernel.cache.get(`wan ${sga} ${bob}`)?.verdict, verdict);
    // Not for ever: afterwards there is another attempt
    await clock.advance(601_000);
    assert.equal(policy.connections(), []);
    assert.is(kernel.cache.get(`wan ${sga} ${bob}`), undefined);
    policy.stop();
  });

for (const [says, end, state] of [
  ['block', 'peer is dead', 'deny'],
  ['allow', 'peer is dead', undefined],
  ['block', 'deleted by peer', undefined],
] as const)
  test(`AV-152 AV-154: a tunnel ends (${end}), and the fallback is ${says}`, async () => {
    const { policy } = engine({ plugin: { fallback: () => says } });
    const opened = await policy.ownTunnels.open('one', 'wan', own());
    assert.is(policy.connections()[0]?.state, 'keyed');
    if (opened.ok) policy.owner.ended(opened.tunnel, end);
    assert.is(policy.connections()[0]?.state, state);
    policy.stop();
  });

test('AV-152: a tunnel that a peer begins ends the block', async () => {
  const { policy, tunnelFor } = engine({
    connect: () => silent,
    plugin: { fallback: () => 'block' },
  });
  await policy.ownTunnels.open('one', 'wan', own());
  policy.owner.established(await tunnelFor({ ours: sga, theirs: bob }, 'responder'));
  assert.is(policy.connections()[0]?.state, 'keyed');
  policy.stop();
});
