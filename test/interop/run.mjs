// `npm run interop`: autoipsec against other implementations, in the lab.
//   node test/interop/run.mjs [--quick] [--peer NAME …] [--missing] [--seconds N] [WORD …]
// Tries the rows of rows.mjs with each peer in both roles; WORDs choose cells whose names have them.
// `--quick`: the fast half, as `npm test` runs it. What failed is in .cache/lab/interop/. A whole run
// writes docs/interop.md; `--page` writes it after a run of a part, which replaces its cells only.
// `--missing`: only cells that no earlier run has tried with success; `--seconds`: begins no cell
// after so long. With both a whole run can be had in pieces.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { abortOnSignal, projectRoot, runInLab, workFolder } from '../lab/vm.mjs';
import { needPackages } from '../tools/apt.mjs';
import { interopPage } from './document.mjs';
import { interopParts } from './prepare.mjs';
import { cellKey, isDone, Record } from './record.mjs';
import { rows } from './rows.mjs';
import { lookAt } from './tshark.mjs';

/** Those of the running release: nothing more is downloaded. */
const quickPeers = ['strongswan', 'libreswan'];
const allPeers = ['strongswan', 'strongswan-next', 'libreswan', 'libreswan-next', 'openiked'];
const timeoutSeconds = 3600;

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    peer: { type: 'string', multiple: true },
    direct: { type: 'boolean' },
    page: { type: 'boolean' },
    missing: { type: 'boolean' },
    seconds: { type: 'string' },
  },
});

/**
 * Adds `tshark` to each result: figures of lookAt. A cell fails where something that we sent is
 * malformed, or stays closed with our keys.
 */
function checkCaptures(folder, results) {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const tried = results.filter(
      ({ peer, verdict }) => peer.replace(' ', '-') === name && verdict !== 'unknown',
    );
    const sum = { messages: 0, malformed: 0, closed: 0, decrypted: 0, pings: 0 };
    lookAt(path.join(folder, name), tried).forEach((figures, i) => {
      tried[i].tshark = figures;
      for (const key of Object.keys(sum)) sum[key] += figures[key];
      if (tried[i].verdict !== 'ok' || figures.malformed + figures.closed === 0) return;
      tried[i].verdict = 'fails';
      tried[i].why = `tshark: ${figures.malformed} malformed, ${figures.closed} left closed`;
      const { role, dimension, what, why } = tried[i];
      console.log(`not ok ${name}, we are ${role}: ${dimension}: ${what}\n  ${why}`);
      process.exitCode = 1;
    });
    const isGood = sum.malformed + sum.closed === 0 && sum.decrypted > 0 && sum.pings > 0;
    console.log(`${isGood ? 'ok' : 'not ok'} tshark and ${name}: ${JSON.stringify(sum)}`);
    if (!isGood) process.exitCode = 1;
  }
}

const tell = (text) => console.error(`interop: ${text}`);
await needPackages(['tshark']);
const evidence = path.join(workFolder, 'interop');
rmSync(evidence, { recursive: true, force: true });
mkdirSync(evidence, { recursive: true });
const names = values.peer ?? (values.quick ? quickPeers : allPeers);
const record = new Record(path.join(workFolder, 'interop-results.json'));
const parts = {
  ...(await interopParts(names, evidence, tell)),
  quick: values.quick,
  words,
  seconds: Number(values.seconds ?? timeoutSeconds),
  done: values.missing ? record.read().filter(isDone).map(cellKey) : [],
  evidence,
  results: path.join(evidence, 'results.json'),
};
const partsFile = path.join(evidence, 'parts.json');
writeFileSync(partsFile, JSON.stringify(parts), { mode: 0o600 });
const inside = fileURLToPath(new URL('inside.mjs', import.meta.url));
const status = await runInLab([process.execPath, inside, partsFile], {
  cwd: projectRoot,
  timeoutSeconds,
  signal: abortOnSignal(),
  ...(values.direct && { direct: true }),
  needsNftables: false,
});
process.exitCode = status;
const results = existsSync(parts.results) ? JSON.parse(readFileSync(parts.results, 'utf8')) : [];
checkCaptures(path.join(evidence, 'captures'), results);
const isWhole =
  words.length === 0 && !['quick', 'peer', 'missing', 'seconds'].some((name) => values[name]);
if (isWhole) record.clear();
record.add(results);
if (isWhole || values.page) {
  const page = interopPage(record.read(), rows);
  writeFileSync(path.join(projectRoot, 'docs/interop.md'), page);
}
