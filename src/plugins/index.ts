/** All plugins of this build. Only `main.ts` and `src/daemon` know them by name, through this list. */
import type { Plugin } from '../core/plugin.js';
import { autovpn } from './autovpn/index.js';
import { oeDns } from './oe-dns/index.js';

export const plugins: readonly Plugin[] = [oeDns as Plugin, autovpn as unknown as Plugin];
