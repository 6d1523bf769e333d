/** What probes of AutoVPN cost: the steps that strangers can make a gateway do. */

import { Candidates } from '../../../src/plugins/autovpn/probing/candidates.js';
import { readIcmpProbe, writeIcmpProbe } from '../../../src/plugins/autovpn/probing/icmp.js';
import { openNonce, sealNonce } from '../../../src/plugins/autovpn/probing/nonce.js';
import { readUdpProbe } from '../../../src/plugins/autovpn/probing/udp.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { g1, g2, h2 } from '../../unit/autovpn/gateways.js';
import { numbers, requestVector, responseVector, syn } from '../../unit/autovpn/samples.js';

const key = { id: new Uint8Array(4), key: new Uint8Array(32).fill(11) };
const flow = { protocol: 6, h1: g1, port1: 61000, h2, port2: 443 };
const binding = { role: 'R', g2, bound: new Uint8Array(0) } as const;
const salt = new Uint8Array(8);
const nonce = sealNonce(key, salt, flow, 0, binding);
const candidates = new Candidates(new SteppedClock(), ['tcp']);
const request = readIcmpProbe(requestVector, numbers);

export const probing = [
  {
    name: 'AutoVPN: look at a candidate (SYN, then the first packet behind the answer)',
    run: () => {
      candidates.seen(syn, 'first');
      if (!candidates.seen(syn, 'answered')) throw new Error('no candidate');
    },
  },
  { name: 'AutoVPN: seal a nonce', run: () => void sealNonce(key, salt, flow, 0, binding) },
  {
    name: 'AutoVPN: open a nonce',
    run: () => {
      if (!openNonce(key, nonce, 0, binding)) throw new Error('not ours');
    },
  },
  { name: 'AutoVPN: read a Probe Request', run: () => void readIcmpProbe(requestVector, numbers) },
  { name: 'AutoVPN: read a Probe Response', run: () => void readUdpProbe(responseVector, numbers) },
  {
    name: 'AutoVPN: write a Probe Request',
    run: () => {
      if (request?.ok) writeIcmpProbe(request.value, syn, numbers);
    },
  },
];
