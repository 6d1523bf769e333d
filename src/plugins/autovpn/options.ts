/** The options of both halves, in the WAN's section. */
import type { Options } from '../../core/config/schema.js';
import { type ProbingOptions, probingOptions } from './probing/options.js';
import { type TrustOptions, trustOptions } from './trust/options.js';

export type AutovpnOptions = ProbingOptions & TrustOptions;

export const autovpnOptions: Options<AutovpnOptions> = { ...probingOptions, ...trustOptions };
