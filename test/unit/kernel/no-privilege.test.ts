import { tableText } from '../../../src/core/kernel/nft-table.js';
import { prefix } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';

const text = tableText(
  {
    wans: [{ name: 'wan', device: 'eth1', index: 0 }],
    exemptDestinations: [prefix('10.0.0.0/8')],
    heldDestinations: [],
    nameServers: [],
    rejectsDenied: true,
  },
  { markBit: 0x20000000, firstQueue: 4500 },
);
const lines = text.trimEnd().split('\n');

// An accept in one table ends nothing in another (nft(8), "verdict statement"): the firewall's own
// chains see every packet that we let go.
test('OE-159 nothing of ours looks at what comes in: the firewall alone judges it', () => {
  const bases = lines.flatMap((line) => / hook (\w+) priority/.exec(line)?.[1] ?? []);
  assert.equal(bases.sort(), ['output', 'postrouting', 'prerouting']);
  const prerouting = lines.filter((line) => line.startsWith('add rule inet autoipsec prerouting'));
  const held = prerouting.filter((line) => !/ jump (exempt|configured)$/.test(line));
  assert.ok(held.length > 0);
  // only what is forwarded towards the WAN, never what came from there
  for (const line of held) assert.match(line, /prerouting iifname != "eth1" fib daddr \. mark oif/);
});

test('OE-159 no rule gives a mark, a priority, a NAT or a class to what came through a tunnel', () => {
  assert.not.match(text, /ipsec in|meta secpath exists|meta ipsec/);
  assert.not.match(text, / (dnat|snat|masquerade|redirect|dscp|flow|meta priority)\b/);
  const marks = lines.filter((line) => /mark set/.test(line));
  assert.is(marks.length, 1, 'our own bit is taken away on leaving, and that is all');
  assert.match(marks[0]!, /postrouting meta mark & 0x20000000 != 0 meta mark set meta mark & 0xdf/);
});
