// `npm run interop`: autoipsec against other implementations, in the lab.
//   node test/interop/run.mjs [--quick] [--peer NAME …] [WORD …]
// Tries the rows of rows.mjs with each peer in both roles; WORDs choose cells whose names have them.
// `--quick`: the fast half, as `npm test` runs it. What failed is in .cache/lab/interop/. A whole run
// writes docs/interop.md; `--page` writes it after a run of a part, which replaces its cells only.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { abortOnSignal, projectRoot, runInLab, workFolder } from '../lab/vm.mjs';
import { needPackages } from '../tools/apt.mjs';
import { interopPage } from './document.mjs';
import { interopParts } from './prepare.mjs';
import { Record } from './record.mjs';
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
  },
});

/** One report for each peer: all we sent is well-formed, and our keys open it. */
function checkCaptures(folder) {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const captures = {};
  for (const name of names) {
    const found = lookAt(path.join(folder, name));
    captures[name.replace('-', ' ')] = found;
    const { messages, malformed, decrypted, closed, pings } = found;
    const isGood = malformed.length + closed.length === 0 && decrypted > 0 && pings > 0;
    const figures = `${messages} messages from us, ${decrypted} decrypted, ${pings} pings in ESP`;
    const frames = `malformed: ${malformed.join(' ')}; closed: ${closed.join(' ')}`;
    console.log(
      `${isGood ? 'ok' : 'not ok'} tshark and ${name}: ${isGood ? figures : `${figures}; ${frames}`}`,
    );
    if (!isGood) process.exitCode = 1;
  }
  return captures;
}

const tell = (text) => console.error(`interop: ${text}`);
await needPackages(['tshark']);
const evidence = path.join(workFolder, 'interop');
rmSync(evidence, { recursive: true, force: true });
mkdirSync(evidence, { recursive: true });
const names = values.peer ?? (values.quick ? quickPeers : allPeers);
const parts = {
  ...(await interopParts(names, evidence, tell)),
  quick: values.quick,
  words,
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
});
process.exitCode = status;
const captures = checkCaptures(path.join(evidence, 'captures'));
const isWhole = words.length === 0 && !values.quick && !values.peer;
const record = new Record(path.join(workFolder, 'interop-results.json'));
if (isWhole) record.clear();
record.add(existsSync(parts.results) ? JSON.parse(readFileSync(parts.results, 'utf8')) : []);
record.addCaptures(captures);
if (isWhole || values.page) {
  const { results, captures: all } = record.read();
  writeFileSync(path.join(projectRoot, 'docs/interop.md'), interopPage(results, rows, all));
}
