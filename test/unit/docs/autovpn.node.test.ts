/** What docs/autovpn.md must say, and that its numbers are those of the code. */
import { readFileSync } from 'node:fs';
import { autovpnOptions } from '../../../src/plugins/autovpn/options.js';
import { assert, test } from '../../support/test.js';

const page = readFileSync('docs/autovpn.md', 'utf8').replace(/\s+/g, ' ');

/** The text below a heading. */
function part(heading: string): string {
  const [, text] = page.split(`## ${heading} `);
  assert.ok(text, `no part '${heading}'`);
  return text!.split(' ## ')[0]!;
}

test('AV-164 the page has all numbers of ours, with the options that change them', () => {
  const experts = part('For experts');
  const names = [
    ...(['icmpClass', 'spiMarker', 'ikePayloadNonce'] as const),
    ...(['ikePayloadContact', 'notifySharedSecret'] as const),
  ];
  for (const name of names) {
    const { uci, default: value } = autovpnOptions[name];
    assert.ok(experts.includes(`\`${uci}\``), uci);
    assert.ok(experts.includes(`| ${value}`), `${uci} ${value}`);
  }
});

test('AV-165 the page says what an attacker at the first contact can do, and what prevents it', () => {
  const worth = part('What it is worth');
  for (const words of ['first* contact can sit in the middle', 'fingerprints', 'not that it owns'])
    assert.ok(worth.includes(words), words);
});

test('AV-166 the page says what the document is', () => {
  assert.match(page, /individual draft of 2014, informational and long expired/);
});

test('AV-98 AV-99 the page names what a NAT between the gateways stands in the way of', () => {
  const nat = part('Behind NAT');
  assert.match(nat, /private source address \(RFC 1918\)/);
  assert.match(nat, /which address to ask a tunnel for \(TSi\)/);
});

test('AV-116 AV-161 AV-162 AV-163 the page maps peers and pairs to PAD and SPD, and names what is left open', () => {
  const experts = part('For experts');
  for (const words of ['PAD entry', 'SPD entry', 'RFC 6480', '§4.4.3', 'MOBIKE'])
    assert.ok(experts.includes(words), words);
});
