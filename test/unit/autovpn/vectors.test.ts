/** The byte layouts of the requirements, section 5. */
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { address } from '../../../src/core/net/address.js';
import { readIcmpProbe, writeIcmpProbe } from '../../../src/plugins/autovpn/probing/icmp.js';
import type { Probe } from '../../../src/plugins/autovpn/probing/message.js';
import {
  type NonceKey,
  openNonce,
  recipeNonce,
  sealNonce,
} from '../../../src/plugins/autovpn/probing/nonce.js';
import { readUdpProbe, writeUdpProbe } from '../../../src/plugins/autovpn/probing/udp.js';
import { assert, test } from '../../support/test.js';
import {
  completeVector,
  nonceI,
  nonceR,
  numbers,
  requestVector,
  responseVector,
  syn,
} from './samples.js';

const g1 = address('198.51.100.7');
const g2 = address('203.0.113.1');
const h2 = address('203.0.113.80');
const { vendorId } = numbers;

const request: Probe & { kind: 'request' } = {
  ...{ kind: 'request', vendorId, nonceR },
  natDetect: { address: g1, port: 61000 },
};
const complete: Probe & { kind: 'complete' } = { kind: 'complete', vendorId, nonceI, nonceR };
const response: Probe & { kind: 'response' } = { kind: 'response', vendorId, nonceI, nonceR };

test('AV-33 AV-41 AV-42 AV-44 AV-46 AV-47 AV-48 AV-49 AV-51 AV-52 AV-61 AV-72 AV-73 AV-A1 AV-A9 AV-A11 Probe Request is the vector of 5.3', () => {
  const bytes = writeIcmpProbe({ source: g2, destination: g1, probe: request }, syn, numbers, 1);
  assert.is(toHex(bytes), toHex(requestVector));
});

test('AV-33 AV-45 AV-74 AV-75 the vector of 5.3 is read as it was written', () => {
  assert.equal(readIcmpProbe(requestVector, numbers), {
    ok: true,
    value: {
      ...{ source: g2, destination: g1, probe: request },
      quoted: {
        ...{ source: g1, destination: h2, protocol: 6 },
        ...{ sourcePort: 61000, destinationPort: 443 },
      },
    },
  });
});

test('AV-38 AV-42 AV-A10 Probe Complete is the vector of 5.5', () => {
  const bytes = writeIcmpProbe({ source: g2, destination: g1, probe: complete }, syn, numbers, 3);
  assert.is(toHex(bytes), toHex(completeVector));
  const read = readIcmpProbe(completeVector, numbers);
  assert.equal(read?.ok && read.value.probe, complete);
});

test('AV-36 AV-43 AV-53 AV-54 AV-55 AV-58 AV-59 AV-A2 AV-A18 Probe Response is the vector of 5.4', () => {
  const message = { source: g1, sourcePort: 4500, destination: h2, probe: response };
  assert.is(toHex(writeUdpProbe(message, numbers, 2)), toHex(responseVector));
  assert.equal(readUdpProbe(responseVector, numbers), { ok: true, value: message });
});

test('AV-A3 the marker has 4 or 16 octets, and both are read', () => {
  const message = { source: g1, sourcePort: 4500, destination: h2, probe: response };
  const short = { ...numbers, markerLength: 4 } as const;
  const bytes = writeUdpProbe(message, short);
  assert.is(bytes.length, responseVector.length - 12);
  assert.is(toHex(bytes.slice(28, 36)), '000000fd01000014');
  assert.equal(readUdpProbe(bytes, numbers), { ok: true, value: message });
  assert.not.ok(readUdpProbe(bytes, { ...numbers, accepts: '16' })?.ok);
  assert.ok(readUdpProbe(bytes, { ...numbers, accepts: '4' })?.ok);
  assert.not.ok(readUdpProbe(responseVector, { ...numbers, accepts: '4' })?.ok);
});

test('AV-50 the quoted datagram is filled up to 128 octets, a longer one to 32 bits', () => {
  const wire = { source: g2, destination: g1, probe: request };
  const bytes = writeIcmpProbe(wire, syn.slice(0, 40), numbers);
  const icmp = bytes.slice(20);
  assert.ok(icmp.slice(48, 136).every((octet) => octet === 0));
  assert.is(icmp[136], 0x20);
  const longer = new Uint8Array(129);
  longer.set(syn);
  longer[3] = 129;
  const long = writeIcmpProbe(wire, longer, numbers).slice(20);
  assert.is(long[5], 33, 'AV-49: 132 octets are 33 words');
  assert.is(long[8 + 132], 0x20);
  assert.ok(readIcmpProbe(writeIcmpProbe(wire, longer, numbers), numbers)?.ok);
});

test('AV-A10 objects that are filled up to 32-bit words are read too', () => {
  const odd = { ...request, vendorId: fromHex('aabbcc'), nonceR: fromHex('0102030405060708aa') };
  for (const padsObjects of [false, true]) {
    const wire = { source: g2, destination: g1, probe: odd };
    const bytes = writeIcmpProbe(wire, syn, { ...numbers, padsObjects });
    const read = readIcmpProbe(bytes, numbers);
    assert.equal(read?.ok && read.value.probe, odd, String(padsObjects));
  }
});

const key: NonceKey = { id: fromHex('00000001'), key: new Uint8Array(32).fill(0x0b) };
const flow = { protocol: 6, h1: g1, port1: 61000, h2, port2: 443 };
const salt = fromHex('a0a1a2a3a4a5a6a7');
const sealedR = fromHex(`00000001 a0a1a2a3a4a5a6a7 505b97b416f8f279a90fdcf61c6f6ed8
  995bfa4d61aab98eed59886e3ddffb68a12fac022ed6bd2211e8bda8d69fb1a3`);
const sealedI = fromHex(`00000001 a0a1a2a3a4a5a6a7 505b97b416f8f279a90fdcf61c6f6ed8
  a423efb26416cc28b2b580cd1f005b0f7c398b5989d684994dc2313d67eb91da`);
const bindingR = { role: 'R', g2, bound: new Uint8Array(0) } as const;
const bindingI = { role: 'I', g2, bound: sealedR } as const;

test('AV-A20 AV-69 sealed nonces are the vectors of 5.6', () => {
  assert.is(toHex(sealNonce(key, salt, flow, 1_700_000_000, bindingR)), toHex(sealedR));
  assert.is(toHex(sealNonce(key, salt, flow, 1_700_000_000, bindingI)), toHex(sealedI));
  assert.is(sealedR.length, 60);
});

test('AV-67 a sealed nonce gives its flow and age to whoever has the key, the gateway and what it is bound to', () => {
  const at = 1_700_000_000 + 24;
  assert.equal(openNonce(key, sealedR, at, bindingR), { flow, ageSeconds: 24 });
  assert.equal(openNonce(key, sealedI, at, bindingI), { flow, ageSeconds: 24 });
  const other = { ...key, key: new Uint8Array(32).fill(0x0c) };
  assert.is(openNonce(other, sealedR, at, bindingR), undefined);
  assert.is(openNonce(key, sealedR, at, { ...bindingR, g2: g1 }), undefined);
  assert.is(openNonce(key, sealedI, at, bindingR), undefined);
  assert.is(openNonce(key, sealedI, at, { ...bindingI, bound: nonceR }), undefined);
});

test('AV-70 AV-71 the construction of the document, with its fragment of 28 octets', () => {
  const fragment = syn.slice(0, 28);
  assert.is(
    toHex(recipeNonce(key, g2, fragment)),
    '00000001009378d7d3eaa2a300f7df971848eff2c1bf3630ad8d26a9e6ca450f103d5ff5',
  );
});
