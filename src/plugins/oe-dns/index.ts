/**
 * Opportunistic encryption through the reverse DNS: who has a TXT `X-IPsec-Server` or IPSECKEY record
 * at his address asks for tunnels, and says there which gateway and key he has
 * (draft-richardson-ipsec-opportunistic-11, RFC 4025).
 */
import { reverseName } from '../../core/net/address.js';
import type { Plugin, PluginContext } from '../../core/plugin.js';
import { createInitiator } from './initiator.js';
import { createLookups } from './lookups.js';
import { type OeDnsOptions, oeDnsOptions } from './options.js';
import { createResponder } from './responder.js';

export const oeDns = {
  name: 'oe-dns',
  options: oeDnsOptions,
  create(context: Pick<PluginContext<OeDnsOptions>, 'options' | 'dns' | 'random'>) {
    const lookups = createLookups(context.dns);
    const { options } = context;
    const initiator = createInitiator({ lookups, options, random: context.random });
    const responder = createResponder({ lookups, options });
    return {
      plan: (wish) => initiator.plan(wish.destination),
      called: (address) => responder.called(address),
      keysFor: (claim) => responder.keysFor(claim),
      authorize: (claim) => responder.authorize(claim),
      forget: (address) => context.dns.forget(reverseName(address)),
      stop: () => undefined,
    };
  },
} satisfies Plugin<OeDnsOptions>;
