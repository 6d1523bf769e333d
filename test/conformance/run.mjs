// docs/conformance.md from the last full test run (.cache/test-results.json): each requirement with
// the tests whose names carry its ID and their result, or the reason why there is none.
//   node test/conformance/run.mjs           writes the page
//   node test/conformance/run.mjs --check   fails on an unknown ID, says when the page differs
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../tools/dependencies.mjs';

const here = (name) => path.join(root, 'test/conformance', name);
const page = path.join(root, 'docs/conformance.md');
const results = path.join(root, '.cache/test-results.json');

const requirements = ['oe-dns.json', 'autovpn.json'].flatMap((file) =>
  JSON.parse(readFileSync(here(file), 'utf8')),
);
/** `{ "OE-17": "why it is not built, or waived" }` */
const open = JSON.parse(readFileSync(here('open.json'), 'utf8'));

/** The IDs a test's name starts with: `OE-12 OE-14 of packets …`. */
export function idsOf(name) {
  const ids = [];
  for (const word of name.split(/[ ,]+/)) {
    if (!/^(OE|SP|IK|AV|AM|MB|NT|RS)-A?\d+:?$/.test(word)) break;
    ids.push(word.replace(/:$/, ''));
  }
  return ids;
}

/** Where a stage's tests run. */
const places = { lab: 'lab', broker: 'broker' };

/** ID → name of test → { where it ran, verdict }; the emulated engines add nothing to the proof. */
function proofs(reports) {
  const found = new Map();
  for (const { name, verdict, stage } of reports) {
    if (verdict === 'skip') continue;
    for (const id of idsOf(name)) {
      const tests = found.get(id) ?? new Map();
      found.set(id, tests);
      const where = places[stage] ?? 'unit';
      const before = tests.get(name);
      const failed = verdict === 'not ok' || before?.verdict === 'not ok';
      tests.set(name, { where, verdict: failed ? 'not ok' : 'ok' });
    }
  }
  return found;
}

const cell = (text) => text.replace(/\|/g, '\\|').replace(/\n/g, ' ');

function rowOf({ id, level, asks }, tests) {
  if (!tests) return `| ${id} | ${level} | ${cell(asks)} | | ${cell(open[id] ?? 'no test yet')} |`;
  const shown = [...tests].sort(([a], [b]) => (a < b ? -1 : 1));
  const named = shown.slice(0, 4).map(([name, { where }]) => `${cell(name)} (${where})`);
  const more = shown.length > 4 ? [`and ${shown.length - 4} more`] : [];
  const failed = shown.some(([, { verdict }]) => verdict === 'not ok');
  const note = open[id] ? `; in part: ${cell(open[id])}` : '';
  const result = `${failed ? '**failed**' : 'proven'}${note}`;
  return `| ${id} | ${level} | ${cell(asks)} | ${[...named, ...more].join('<br>')} | ${result} |`;
}

function render(found) {
  const tested = requirements.filter(({ id }) => found.has(id));
  const inPart = tested.filter(({ id }) => open[id]).length;
  const rows = requirements.map((requirement) => rowOf(requirement, found.get(requirement.id)));
  return [
    '# Conformance',
    '',
    'Made by `npm run docs` from a run of `npm test`; do not edit. OE rows come from',
    'draft-richardson-ipsec-opportunistic-11, SP rows from "Implementing Opportunistic Encryption",',
    'IK rows from RFC 4025 and what other implementations do with it, AV rows from',
    'draft-sheffer-autovpn-00 and AV-A rows from our choices where it is silent. A test stands in the row of an',
    'ID when its name starts with it; "lab" means real kernel ESP, name server and traffic.',
    '',
    `${tested.length} of ${requirements.length} rows have a test, ${inPart} of them with something left to say;`,
    'the others tell why there is none.',
    '',
    '| ID | Level | What it asks | Test | Result |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

if (!existsSync(results)) throw new Error('no test results; run `npm test` first');
const found = proofs(JSON.parse(readFileSync(results, 'utf8')));
const known = new Set(requirements.map(({ id }) => id));
const unknown = [...found.keys(), ...Object.keys(open)].filter((id) => !known.has(id));
const text = render(found);
if (unknown.length > 0) {
  console.log(`IDs that no requirement has: ${unknown.join(', ')}`);
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
  console.log(`${page} written`);
} else if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
  // a word, no failure: the page is a record of the run it was made from
  console.error('docs/conformance.md is of another run; `npm run docs` makes it of this one');
}
