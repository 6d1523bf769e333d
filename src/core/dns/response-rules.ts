/** What follows from a response, as rows. `exchange.ts` does what they say. */
import type { Response } from './message.js';
import { type DnsServer, isTrusted } from './server.js';

/** How an attempt asks; it changes when a server answers with a complaint. */
export interface Manner {
  transport: 'udp' | 'tcp';
  edns: boolean;
  checkingDisabled: boolean;
}

export interface Attempt extends Manner {
  server: DnsServer;
  id: number;
  /** Question section as sent. */
  question: Uint8Array;
}

export type Next = { act: 'use' } | { act: 'again'; manner: Partial<Manner> } | { act: 'fail' };

interface Rule {
  story: string;
  when(response: Response, attempt: Attempt): boolean;
  next: Next;
}

const rcodes: Readonly<Record<number, string>> = {
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  16: 'BADVERS',
};

/** What follows from a response that belongs to an attempt. The first row that fits counts. */
const rules: readonly Rule[] = [
  {
    story: 'cut to fit a datagram: the same over TCP (RFC 7766 §5)',
    when: (response, { transport }) => response.truncated && transport === 'udp',
    next: { act: 'again', manner: { transport: 'tcp' } },
  },
  {
    story: 'cut over TCP: the server is broken',
    when: (response) => response.truncated,
    next: { act: 'fail' },
  },
  {
    story: 'an answer, also that there is none',
    when: ({ rcode }) => rcode === 0 || rcode === 3,
    next: { act: 'use' },
  },
  {
    story: 'knows no EDNS0: without it (RFC 6891 §7)',
    when: ({ rcode }, { edns }) => edns && (rcode === 1 || rcode === 4),
    next: { act: 'again', manner: { edns: false } },
  },
  {
    story: 'a validating resolver fails: is it the signatures? (RFC 4035 §3.2.2)',
    when: ({ rcode }, { server, checkingDisabled }) =>
      rcode === 2 && isTrusted(server) && !checkingDisabled,
    next: { act: 'again', manner: { checkingDisabled: true } },
  },
  { story: 'will not or can not answer', when: () => true, next: { act: 'fail' } },
];

export const nextStep = (response: Response, attempt: Attempt): Next =>
  rules.find((rule) => rule.when(response, attempt))!.next;

export const rcodeName = (rcode: number): string => rcodes[rcode] ?? `RCODE ${rcode}`;
