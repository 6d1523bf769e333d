// `npm run interop`: autoipsec against other implementations, in the lab.
//   node test/interop/run.mjs [--quick] [--peer NAME …] [WORD …]
// Tries the rows of rows.mjs with each peer in both roles; WORDs choose cells whose names have them.
// `--quick`: the fast half, as `npm test` runs it. What failed is in .cache/lab/interop/.

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from '../lab/prepare.mjs';
import { abortOnSignal, projectRoot, runInLab, workFolder } from '../lab/vm.mjs';
import { keyIds, makeNss } from '../tools/nss.mjs';
import { peerTree } from '../tools/peers.mjs';
import { interopKeys } from './keys.mjs';

const allPeers = ['strongswan', 'strongswan-next', 'libreswan', 'libreswan-next'];
const timeoutSeconds = 3600;

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    peer: { type: 'string', multiple: true },
    direct: { type: 'boolean' },
  },
});

function buildAgent(file) {
  const entry = fileURLToPath(new URL('agent.ts', import.meta.url));
  const argv = ['build.mjs', entry, file];
  const { status, stderr } = spawnSync(process.execPath, argv, {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the agent does not build:\n${stderr}`);
  return file;
}

/** libreswan's own keys, in its kind of file. */
function nssOf(peers) {
  if (!peers.some(({ name }) => name.startsWith('libreswan'))) return {};
  const tree = peerTree('libreswan');
  const folder = path.join(workFolder, 'interop-keys/nss');
  makeNss(tree, folder, { rsa: keys.RSA.peer.file, ec: keys.ECDSA.peer.file });
  return { nss: folder, keyIds: keyIds(tree, folder) };
}

const tell = (text) => console.error(`interop: ${text}`);
const { qjs, broker } = await prepare(tell, []);
const evidence = path.join(workFolder, 'interop');
rmSync(evidence, { recursive: true, force: true });
mkdirSync(evidence, { recursive: true });
const keys = interopKeys(path.join(workFolder, 'interop-keys'));
const peers = (values.peer ?? allPeers).map(peerTree);
const parts = {
  qjs,
  broker,
  agent: buildAgent(path.join(evidence, 'agent.js')),
  keys,
  peers,
  ...nssOf(peers),
  quick: values.quick,
  words,
  evidence,
  results: path.join(evidence, 'results.json'),
};
const partsFile = path.join(evidence, 'parts.json');
writeFileSync(partsFile, JSON.stringify(parts), { mode: 0o600 });
const inside = fileURLToPath(new URL('inside.mjs', import.meta.url));
process.exitCode = await runInLab([process.execPath, inside, partsFile], {
  cwd: projectRoot,
  timeoutSeconds,
  signal: abortOnSignal(),
  ...(values.direct && { direct: true }),
});
