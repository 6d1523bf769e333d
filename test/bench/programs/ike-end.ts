// One end of IKE on real sockets, without a kernel behind it. Words: `respond ADDRESS`, which prints
// its counters each second until it is ended, or `connect FROM TO TIMES`, which prints the milliseconds
// of each set-up (both exchanges, an IKE SA of its own each time), or null, as lines of JSON.
import { createIkeDaemon } from '../../../src/core/ike/ike-daemon.js';
import { createLogger } from '../../../src/core/log.js';
import { address, hostPrefix } from '../../../src/core/net/address.js';
import { SocketNetwork } from '../../../src/core/net/socket-network.js';
import { publicKeyOf } from '../../../src/core/pki/private-key.js';
import { createQjsPlatform } from '../../../src/core/platform/qjs/qjs-platform.js';
import { ed25519Key } from '../../support/keys.js';

const platform = createQjsPlatform();
const [role, own = '', other = '', times = '0'] = platform.argv;
const keys = { respond: ed25519Key(1), connect: ed25519Key(2) };
const proofOf = (name: keyof typeof keys) => [publicKeyOf(keys[name])];
const print = (value: unknown) => platform.print(`${JSON.stringify(value)}\n`);
let reqid = 0;

const createEnd = () =>
  createIkeDaemon({
    network: new SocketNetwork(platform),
    clock: platform.clock,
    timers: platform.timers,
    random: (length) => platform.random(length),
    log: createLogger({ write: () => undefined }, () => 'error'),
    key: role === 'respond' ? keys.respond : keys.connect,
    lifetime: { softSeconds: 3600, hardSeconds: 4000 },
    families: [4],
    owner: {
      keysFor: async () => ({ ok: true, keys: proofOf('connect') }),
      authorize: async () => ({ ok: true }),
      install: async (sa) => ({ reqid: ++reqid, sa }),
      stage: async (sa) => ({ reqid: ++reqid, sa }),
      activate: async () => undefined,
      stopSending: async () => undefined,
      rekeyed: () => undefined,
      remove: async () => undefined,
      established: () => undefined,
      ended: () => undefined,
    },
  });

async function respond(): Promise<void> {
  const end = createEnd();
  await end.start();
  const tell = () => {
    print(end.counters());
    platform.timers.after(1000, tell);
  };
  tell();
}

/** A daemon for each set-up, so that none has an IKE SA already. */
async function setUp(): Promise<number | null> {
  const end = createEnd();
  await end.start();
  const [local, remote] = [address(own), address(other)];
  const begin = platform.clock.monotonicMs();
  const { ok } = await end.connect({
    ...{ local, remote, ours: hostPrefix(local), theirs: hostPrefix(remote) },
    ...{ keys: proofOf('respond'), patienceMs: 20_000 },
  });
  const elapsed = platform.clock.monotonicMs() - begin;
  await end.stop(1000);
  return ok ? Math.round(elapsed) : null;
}

async function connect(): Promise<void> {
  for (let i = 0; i < Number(times); i++) print(await setUp());
  platform.exit(0);
}

void (role === 'respond' ? respond() : connect()).catch((error) => {
  platform.print(`${String(error)}\n`);
  platform.exit(1);
});
