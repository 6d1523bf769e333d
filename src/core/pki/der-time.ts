/** UTCTime and GeneralizedTime as certificates have them (RFC 5280 §4.1.2.5): UTC, in seconds. */
import { utf8 } from '../bytes/text.js';
import { DerError, type DerReader, der, Tag } from './der.js';

const form = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** Seconds since 1970. Throws `DerError`. */
export function readTime(reader: DerReader): number {
  const { tag, content } = reader.any();
  const digits = String.fromCharCode(...content.subarray(0, 16));
  // RFC 5280 §4.1.2.5.1: years from 50 on are of the last century
  const century = tag === Tag.UTC_TIME ? (digits < '5' ? '20' : '19') : '';
  const match =
    tag === Tag.UTC_TIME || tag === Tag.GENERALIZED_TIME ? form.exec(century + digits) : null;
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1).map(Number);
  const ms = Date.UTC(year ?? Number.NaN, month! - 1, day, hour, minute, second);
  const written = Number.isNaN(ms) ? '' : new Date(ms).toISOString().replace(/\D/g, '');
  // A 30th of February comes back as another day.
  if (!match || !written.startsWith(match.slice(1).join('')))
    throw new DerError(`time: ${digits.replace(/[^\dZ]/g, '?')} is none`);
  return ms / 1000;
}

/** UTCTime until 2049, GeneralizedTime from then on. */
export function writeTime(seconds: number): Uint8Array {
  const digits = new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  return digits < '2050'
    ? der(Tag.UTC_TIME, utf8(`${digits.slice(2)}Z`))
    : der(Tag.GENERALIZED_TIME, utf8(`${digits}Z`));
}

/** `2026-11-21 12:00:00 UTC`, for people. */
export const formatTime = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
