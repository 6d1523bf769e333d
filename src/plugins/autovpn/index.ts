/**
 * AutoVPN (draft-sheffer-autovpn-00): gateways find each other with probes on the path of clear traffic,
 * meet with certificates that nobody vouches for, and know each other again. `probing/` proves paths;
 * `association.ts` makes tunnels of them.
 */
import { familyOf } from '../../core/net/address.js';
import type { Plugin, PluginContext, PluginService } from '../../core/plugin.js';
import { type Association, createAssociation } from './association.js';
import { type AutovpnOptions, autovpnOptions } from './options.js';
import { type ProvenPath, pathFact } from './path.js';
import { ProbeCounters } from './probing/counters.js';
import { ProbeMemory } from './probing/memory.js';
import { numbersOf } from './probing/options.js';
import { Prober } from './probing/prober.js';

export interface AutovpnService extends PluginService {
  association: Association;
  memory: ProbeMemory;
}

type Context = PluginContext<AutovpnOptions>;

/** AV-28: the path that probes have proven becomes a tunnel for its pair of hosts. */
async function beginIke(
  context: Context,
  association: Association,
  path: ProvenPath,
  origin: ProvenPath['local'] | undefined,
): Promise<void> {
  const { ours: source, theirs: destination } = path.pair;
  const name = `${source} → ${destination}`;
  const proofs = association.authentication(path);
  if ('why' in proofs) {
    context.log.info(`${name}: no tunnel, ${proofs.why}`);
    return;
  }
  const { trust: _, ...authentication } = proofs;
  const opened = await context.open({
    wish: { source, destination },
    ...(origin && { origin }),
    gateway: { address: path.peerGateway, ...authentication },
    trust: (tunnel) => association.trustIn(tunnel),
    why: `probes have shown ${path.peerGateway} on the path`,
    ike: {
      facts: new Map([[pathFact, path]]),
      isAlone: true,
      firstPort: context.options.ikePort === '500' ? 500 : 4500,
    },
  });
  const line = opened.ok ? `encrypted by ${path.peerGateway}` : `no tunnel, ${opened.why}`;
  context.log.info(`${name}: ${line}`);
}

export const autovpn: Plugin<AutovpnOptions, AutovpnService> = {
  name: 'autovpn',
  options: autovpnOptions,
  serve(context) {
    const { options } = context.wans[0]!;
    const memory = new ProbeMemory({ ...context, options });
    const association = createAssociation(context, options, memory);
    return {
      ...association,
      ...{ association, memory },
      stop() {
        association.stop();
        memory.stop();
      },
    };
  },
  create(context, { association, memory }) {
    const counters = new ProbeCounters();
    const { options, log } = context;
    const prober = new Prober({
      ...context,
      ...{ memory, counters },
      numbers: numbersOf(options),
      addresses: () => context.wan.addresses().filter((own) => familyOf(own) === 4),
      trust: association,
      proven: (path, origin) =>
        void beginIke(context, association, path, origin).catch((error) =>
          log.error(`${path.peerGateway}: ${String(error)}`),
        ),
    });
    return {
      path: prober.watcher,
      keysFor: async (claim) => association.keysFor(claim),
      authorize: async (claim) => association.authorizes(claim),
      renews: (tunnel) => association.renews(tunnel),
      trustIn: (tunnel) => association.trustIn(tunnel),
      fallback: (destination) => association.fallback(destination),
      counters: () => counters.all(),
      // Who was probed is not asked again sooner because a person looks at an address anew (AV-93)
      forget: () => undefined,
      stop: () => prober.stop(),
    };
  },
};
