/**
 * The messages of the control channel. One request is one line, answered by one line:
 *
 *   {"command":"forget","address":"192.0.2.1"}   →   {"ok":true,"result":{"forgotten":2}}
 *   {"command":"dance"}                          →   {"ok":false,"error":"no command 'dance'"}
 */

/** Where the daemon listens, unless the command line says else. Its folder is for root alone. */
export const defaultSocketPath = '/var/run/autoipsec/control.sock';

/** `command` chooses the handler; the other members are its arguments, unchecked. */
export interface ControlRequest {
  readonly command: string;
  readonly [argument: string]: unknown;
}

export type ControlResponse = { ok: true; result: unknown } | { ok: false; error: string };

/** An expected refusal: its message goes to the asker as it is. */
export class ControlRefusal extends Error {}

export function asControlRequest(value: unknown): ControlRequest | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject || !('command' in value) || typeof value.command !== 'string') return undefined;
  return value as ControlRequest;
}

export function asControlResponse(value: unknown): ControlResponse | undefined {
  if (typeof value !== 'object' || value === null || !('ok' in value)) return undefined;
  if (value.ok === true) return { ok: true, result: 'result' in value ? value.result : undefined };
  const error = 'error' in value ? value.error : undefined;
  return value.ok === false && typeof error === 'string' ? { ok: false, error } : undefined;
}
