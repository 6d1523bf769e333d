/** Every parser of bytes from outside. A new one is one more line here. */
import { dialogues } from './dialogues.js';
import type { Target } from './target.js';
import { autovpnTargets } from './targets/autovpn.js';
import { autovpnTrustTargets } from './targets/autovpn-trust.js';
import { configTargets } from './targets/config.js';
import { dnsTargets } from './targets/dns.js';
import { ikeTargets } from './targets/ike.js';
import { keptTargets } from './targets/kept.js';
import { kernelTargets } from './targets/kernel.js';
import { pkiTargets } from './targets/pki.js';
import { routerTargets } from './targets/router.js';
import { stateFile } from './targets/state.js';

export { dialogues };

export const targets: readonly Target[] = [
  ...ikeTargets,
  ...dnsTargets,
  ...pkiTargets,
  ...kernelTargets,
  ...routerTargets,
  ...configTargets,
  stateFile,
  ...keptTargets,
  ...autovpnTrustTargets,
  ...autovpnTargets,
  ...dialogues,
];
