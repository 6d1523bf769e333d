/**
 * Whole daemons that are spoken to. Nearly all their time is cryptography: `npm run fuzz`
 * gives them all inputs with stand-ins for it (`stand-in/`), and a part of them with the real one.
 */
import type { Target } from './target.js';
import { strangeWords } from './targets/autovpn-words.js';
import { daemonTargets } from './targets/daemons.js';
import { startFromState } from './targets/state.js';

export const dialogues: readonly Target[] = [...daemonTargets, startFromState, strangeWords];
