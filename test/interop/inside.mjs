// Runs cells where the namespaces are: `node inside.mjs PARTS.json`. Prints `ok CELL` or `not ok CELL`
// for each, and writes all results to the file that the parts name.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Capture } from '../lab/net/capture.mjs';
import { Machine } from '../lab/net/machine.mjs';
import { Agent } from './agent.mjs';
import { plan, tryCell } from './cell.mjs';
import { buildNetwork } from './net.mjs';
import { createPeer } from './peers/index.mjs';
import { cellKey } from './record.mjs';
import { roles, rows } from './rows.mjs';

const parts = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const machine = new Machine('/run/interop');
const results = [];
const lastBegin = Date.now() + 1000 * parts.seconds;
const totals = { ok: 0, fails: 0, unknown: 0, waits: 0 };
const said = { ok: 'ok', fails: 'not ok', unknown: 'ok', waits: 'ok' };

const isWanted = ({ row, name, key }) =>
  (!parts.quick || row.quick) &&
  !parts.done.includes(key) &&
  (parts.words.length === 0 || parts.words.every((word) => name.includes(word)));

async function tryPeer(tree) {
  const peer = createPeer(tree);
  const chosen = rows.flatMap((row) =>
    (row.roles ?? roles).map((role) => {
      const name = `${peer.name}, we are ${role}: ${row.dimension}: ${row.what}`;
      return { row, role, name, key: cellKey({ ...row, role, peer: peer.name }) };
    }),
  );
  const wanted = chosen.filter(isWanted);
  if (wanted.length === 0) return;
  console.error(`interop: ${wanted.length} cells with ${peer.name}`);
  const agent = new Agent(machine, parts);
  await agent.start();
  await peer.start(machine, 'peer', parts.keys, parts);
  const keyLogFolder = path.join(machine.folder, peer.name.replace(' ', '-'));
  mkdirSync(keyLogFolder, { recursive: true });
  const capture = await Capture.start(machine, 'net', 'to-us');
  for (const { row, role, name } of wanted) {
    const begin = Date.now();
    if (begin > lastBegin) break;
    const marks = [agent.log().length, peer.log().length];
    const result = await tryCell(plan(row, role, parts.keys, peer.espCipher), {
      agent,
      peer,
      machine,
      keyLogFolder,
    });
    totals[result.verdict] += 1;
    const { dimension, what } = row;
    results.push({ peer: peer.name, role, dimension, what, ...result, begin, end: Date.now() });
    const why = result.why === '' ? '' : `\n  ${result.why}`;
    console.log(
      `${said[result.verdict]} ${name} (${result.verdict}, ${Date.now() - begin} ms)${why}`,
    );
    if (result.verdict === 'fails') keepEvidence(results.length, name, [agent, peer], marks);
  }
  await peer.stop();
  await agent.stop();
  await capture.stop();
  keepForTshark(capture.file, keyLogFolder);
}

/** The capture with the keys to it; tshark looks at them on the host, where it is faster. */
function keepForTshark(capture, keyLogFolder) {
  const keys = path.join(keyLogFolder, 'wireshark');
  // no cell came so far
  if (!existsSync(keys)) return;
  const target = path.join(parts.evidence, 'captures', path.basename(keyLogFolder));
  cpSync(keys, target, { recursive: true });
  cpSync(capture, path.join(target, 'capture.pcap'));
}

/** What both said during the cell goes where it can be read after the machine is off. */
function keepEvidence(number, name, ends, marks) {
  const text = ends.map(
    (end, i) => `--- ${i === 0 ? 'we' : 'the peer'}\n${end.log().slice(marks[i])}`,
  );
  writeFileSync(path.join(parts.evidence, `${number}.log`), [name, ...text].join('\n'));
}

await buildNetwork(machine);
for (const tree of parts.peers)
  await tryPeer(tree).catch((error) => {
    totals.fails += 1;
    console.log(`not ok cells with ${tree.name} ${tree.version}\n  ${error.stack}`);
  });
await machine.stopAll();
writeFileSync(parts.results, JSON.stringify(results, null, 1));
cpSync(machine.folder, path.join(parts.evidence, 'logs'), {
  recursive: true,
  filter: (name) => !name.endsWith('.sock'),
});
console.log(
  `interop: ${totals.ok} ok, ${totals.fails} failed, ${totals.unknown} not known to the peer, ${totals.waits} not known to us`,
);
process.exitCode = totals.fails > 0 ? 1 : 0;
