/** Every parser of bytes from outside. A new one is one more line here. */
import type { Target } from './target.js';
import { autovpnTargets } from './targets/autovpn.js';
import { autovpnTrustTargets } from './targets/autovpn-trust.js';
import { configTargets } from './targets/config.js';
import { daemonTargets } from './targets/daemons.js';
import { dnsTargets } from './targets/dns.js';
import { ikeTargets } from './targets/ike.js';
import { kernelTargets } from './targets/kernel.js';
import { pkiTargets } from './targets/pki.js';
import { stateTargets } from './targets/state.js';

export const targets: readonly Target[] = [
  ...ikeTargets,
  ...daemonTargets,
  ...dnsTargets,
  ...pkiTargets,
  ...kernelTargets,
  ...configTargets,
  ...stateTargets,
  ...autovpnTrustTargets,
  ...autovpnTargets,
];
