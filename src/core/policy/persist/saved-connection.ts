/** A settled connection as a value for the state files, and back. */
import {
  listOf,
  maybe,
  moment,
  oneOf,
  readBy,
  record,
  type ShapeOf,
  text,
  whole,
} from '../../bytes/shape.js';
import { parseAddress } from '../../net/address.js';
import { trusts } from '../../plugin.js';
import type { Connection } from '../connection.js';

const connectionClass = oneOf(
  'deny',
  'always-clear',
  'oe-permissive',
  'oe-paranoid',
  'accept-only',
);
const address = readBy(text, parseAddress);

export const savedConnection = record({
  wan: text,
  source: address,
  destination: address,
  class: connectionClass,
  section: text,
  state: oneOf('keyed', 'clear', 'deny'),
  why: text,
  outcome: maybe(oneOf('failed', 'refused', 'configured')),
  sinceMs: moment,
  untilMs: moment,
  lookMs: moment,
  origins: listOf(record({ source: address, class: connectionClass }), 1000),
  /** Inbound SPI of its tunnel. */
  spiIn: maybe(whole),
  trust: maybe(oneOf(...trusts)),
  foundBy: maybe(text),
});
export type SavedConnection = ShapeOf<typeof savedConnection>;

/** `undefined` for one that is not taken over: undecided, or without the tunnel of its state. */
export function toSavedConnection(connection: Connection): SavedConnection | undefined {
  const { state, tunnel, origins, wan, source, destination, section, why } = connection;
  const { outcome, sinceMs, untilMs, lookMs, trust, foundBy } = connection;
  if (state !== 'keyed' && state !== 'clear' && state !== 'deny') return undefined;
  if ((state === 'keyed') !== (tunnel !== undefined)) return undefined;
  return {
    ...{ wan, source, destination, section, state, why },
    ...{ class: connection.class, outcome, sinceMs, untilMs, lookMs, trust, foundBy },
    origins: [...origins].map(([source, of]) => ({ source, class: of })),
    spiIn: tunnel?.installed.sa.inbound.spi,
  };
}
