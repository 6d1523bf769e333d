/** Traffic Selector payloads TSi and TSr, RFC 7296 §3.13. */
import {
  countOf,
  list,
  ownLength,
  reserved,
  rest,
  struct,
  u8,
  u16,
  type ValueOf,
} from '../../bytes/struct.js';

/** Enough for every range of a big site; we take one. */
const MAX_SELECTORS = 64;

// §3.13.1. `range` is the starting and the ending address; its length depends on the type.
export const trafficSelector = struct('traffic selector', {
  type: u8,
  protocol: u8,
  length: ownLength(u16),
  startPort: u16,
  endPort: u16,
  range: rest,
});
export type TrafficSelector = ValueOf<typeof trafficSelector>;

export const ts = struct('TS', {
  count: countOf('selectors', u8),
  reserved: reserved(3),
  selectors: list(trafficSelector, { limit: MAX_SELECTORS, count: 'count' }),
});
