/** Alone, so that stand-ins do not meet samples of the real cryptography. */
import { dialogues } from './dialogues.js';
import { work } from './worker.js';

work(dialogues);
