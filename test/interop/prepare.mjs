// What the cells need from the host before the machine starts: agent, keys, certificates, peers.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from '../lab/prepare.mjs';
import { projectRoot, workFolder } from '../lab/vm.mjs';
import { keyIds, makeNss } from '../tools/nss.mjs';
import { peerTree } from '../tools/peers.mjs';
import { fileName, interopCertificates } from './certificates.mjs';
import { interopKeys } from './keys.mjs';

/** `folder` gets the agent's script. `names`: of peers. `tell` gets a line before each long step. */
export async function interopParts(names, folder, tell) {
  const { qjs, broker } = await prepare(tell, []);
  const keyFolder = path.join(workFolder, 'interop-keys');
  const keys = {
    ...interopKeys(keyFolder),
    ...interopCertificates(path.join(keyFolder, 'certificates')),
  };
  const peers = names.map(peerTree);
  const agent = buildAgent(path.join(folder, 'agent.js'));
  return { qjs, broker, agent, keys, peers, ...nssOf(peers, keyFolder, keys) };
}

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

/** NSS of Debian 12 can not import an Ed25519 key. */
const isNssKey = (name) => !name.includes('Ed25519');

/** libreswan's own keys, in its kind of file. */
function nssOf(peers, keyFolder, keys) {
  if (!peers.some(({ name }) => name.startsWith('libreswan'))) return {};
  const tree = peerTree('libreswan');
  const certified = Object.entries(keys).filter(
    ([name, pair]) => pair.authorities && isNssKey(name),
  );
  const raw = { rsa: keys.RSA, ec: keys.ECDSA, ec384: keys['ECDSA P-384'] };
  // made anew when there are other keys
  const count = certified.length + Object.keys(raw).length;
  const folder = path.join(keyFolder, `nss-of-${count}`);
  makeNss(tree, folder, {
    keys: Object.fromEntries(Object.entries(raw).map(([name, { peer }]) => [name, peer.file])),
    certificates: Object.fromEntries(
      certified.map(([name, { peer }]) => [fileName(name), peer.file]),
    ),
    authorities: ['root', 'middle'].map((name) => path.join(keyFolder, `certificates/${name}.pem`)),
  });
  return { nss: folder, keyIds: keyIds(tree, folder) };
}
