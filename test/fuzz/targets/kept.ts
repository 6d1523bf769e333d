/** What an earlier run of `policy` has left: its connections, and the list of peers. */
import { utf8 } from '../../../src/core/bytes/text.js';
import { loadSettings } from '../../../src/core/config/load.js';
import type { IkeDaemon, Tunnel } from '../../../src/core/ike/daemon.js';
import { addressIdentity } from '../../../src/core/ike/identity.js';
import { createLogger, silentLogger } from '../../../src/core/log.js';
import { address, hostPrefix } from '../../../src/core/net/address.js';
import { StateFiles } from '../../../src/core/platform/state-files.js';
import { PeerList } from '../../../src/core/policy/persist/peer-list.js';
import { WanPlugins } from '../../../src/core/policy/plugins.js';
import { createPolicy } from '../../../src/core/policy/policy.js';
import { plugins } from '../../../src/plugins/index.js';
import { recordingKernel } from '../../support/recording-kernel.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { testKey } from '../../support/table-resolver.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { sampleSa } from '../../unit/kernel/samples.js';
import { assert, type Target, taker } from '../target.js';
import { asJson, mutateJson, mutateText } from '../text.js';

const settings = (() => {
  const text = `config autoipsec 'main'\n\toption enabled '1'\nconfig wan\n\toption enabled '1'\n\toption interface 'wan'\n\tlist plugin 'oe-dns'\n`;
  const loaded = loadSettings(text, '/etc/config/autoipsec', plugins);
  assert(loaded.ok, 'seeds: no settings');
  return loaded.settings;
})();

const sa = sampleSa();
const here = sa.local;
const alice = address('198.18.1.10');
const bob = address('198.18.2.10');

/** The tunnel that a connection of an earlier run may be of. */
const tunnel: Tunnel = {
  id: 1,
  role: 'initiator',
  installed: { reqid: 1000, sa },
  peer: {
    ...{ address: sa.remote, identity: addressIdentity(sa.remote), proof: 'key' },
    key: testKey(1),
  },
  ike: { spiInitiator: '1', spiResponder: '2', suite: 'test' },
};

const saved = {
  ...{ wan: 'wan', source: here, destination: bob, class: 'oe-permissive', section: 'default' },
  ...{ state: 'clear', why: 'no record', outcome: 'failed', sinceMs: 0, untilMs: 9e5, lookMs: 9e5 },
  origins: [{ source: alice, class: 'oe-permissive' }],
};
const keyed = {
  ...saved,
  ...{ state: 'keyed', outcome: undefined, spiIn: sa.inbound.spi, trust: 'dns', foundBy: 'oe-dns' },
};
const seeds = [[saved], [keyed], [keyed, { ...saved, destination: alice }]];

/** The engine with what a start needs of it. */
function engine(clock: SteppedClock, state: StateFiles, lines: string[]) {
  const kernel = recordingKernel();
  kernel.installed.push(tunnel.installed);
  const wan = {
    ...{ name: 'wan', device: 'eth1', index: 0, addresses: [here] },
    settings: settings.wans[0]!,
    plugins: new WanPlugins([], silentLogger),
  };
  const log = createLogger(
    { write: (level, line) => lines.push(`${level} ${line}`) },
    () => 'info',
  );
  const parts = { kernel, clock, timers: clock, log, settings, wans: [wan], state };
  const policy = createPolicy(parts);
  const closed: number[] = [];
  policy.useIke({
    close: async ({ id }: Tunnel) => void closed.push(id),
    connect: async () => ({ ok: false, failure: { kind: 'silent', why: '' } }),
    stop: async () => undefined,
  } as unknown as IkeDaemon);
  return { policy, closed };
}

/** A start with these connections in the file, and a while after it. */
async function standAgain(input: Uint8Array): Promise<string> {
  const value = asJson(input);
  if (value === undefined) return 'no JSON';
  const clock = new SteppedClock();
  const folder = '/run/state';
  const state = new StateFiles({
    ...{ files: new MemoryFiles(), clock, folder },
    complain: () => undefined,
  });
  state.write('pairs-7', value);
  const lines: string[] = [];
  const { policy, closed } = engine(clock, state, lines);
  const verdicts = policy.restore([tunnel]);
  for (const { lifespanSeconds } of verdicts)
    assert(Number.isSafeInteger(lifespanSeconds), `the kernel gets ${lifespanSeconds} s`);
  policy.resume();
  const count = policy.connections().length;
  await clock.advance(3_600_000);
  policy.stop();
  await clock.advance(3_600_000);
  const bug = lines.find((line) => line.startsWith('error '));
  assert(!bug, `it logs ${bug}`);
  assert(clock.pendingTimers === 0, `${clock.pendingTimers} timers stay`);
  const told = lines.filter((line) => line.includes('state file'));
  return `${count} ${verdicts.map(({ verdict }) => verdict).join()} ${closed.length} ${told
    .join()
    .replace(/\d+/g, '#')
    .slice(0, 100)}`;
}

const connections: Target = {
  name: 'state, connections that stand again',
  seeds: seeds.map((each) => utf8(JSON.stringify(each))),
  mutate: mutateJson,
  run: standAgain,
};

function peers(input: Uint8Array): unknown {
  const files = new MemoryFiles();
  const path = '/etc/autoipsec/peers';
  files.writeAtomic(path, input, 0o600);
  return new PeerList({ files, path, timers: new SteppedClock(), log: silentLogger }).read();
}

export const keptTargets: readonly Target[] = [
  connections,
  taker(
    'state, peers before a reboot',
    [utf8(`${sa.remote} wan ${here} ${bob}\n${hostPrefix(bob).address} wan ${here} ${alice}\n`)],
    peers,
    { mutate: mutateText },
  ),
];
