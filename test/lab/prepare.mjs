// What the lab needs from the host before the machine starts: packages, the built product, and keys.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { needPackages } from '../tools/apt.mjs';
import { buildBroker } from '../tools/broker.mjs';
import { buildFlood } from '../tools/flood.mjs';
import { peerTree } from '../tools/peers.mjs';
import { qjsCommand } from '../tools/qjs.mjs';
import { sites, zones } from './net/addresses.mjs';
import { ensureWorkFolder, projectRoot } from './vm/folders.mjs';

const packages = [
  ...['iproute2', 'nftables', 'procps', 'iputils-ping', 'tcpdump', 'curl', 'busybox-static'],
  ...['unbound', 'nsd', 'ldnsutils', 'openssl'],
];

/**
 * Paths for `Lab`'s `parts`. `tell` gets a line before each long step. `peerNames`: implementations
 * of others that are needed, of tools/peers.mjs. `more`: Debian packages.
 */
export async function prepare(tell, peerNames, more = []) {
  await needPackages([...packages, ...more]);
  const keyFolder = path.join(ensureWorkFolder(), 'keys');
  mkdirSync(keyFolder, { recursive: true });
  for (const name of Object.keys(sites)) routerKey(keyFolder, name, tell);
  for (const zone of ['.', ...Object.values(zones)]) zoneKey(keyFolder, zone);
  const script = process.env.AUTOIPSEC_SCRIPT ?? buildScript(tell);
  const broker = buildBroker('host');
  const qjs = await qjsCommand('host');
  const peers = Object.fromEntries(peerNames.map((name) => [name, peerTree(name)]));
  return { qjs, script, broker, flood: buildFlood(), keyFolder, peers };
}

function buildScript(tell) {
  tell('building dist/autoipsec.js');
  const result = spawnSync(process.execPath, ['build.mjs'], { cwd: projectRoot, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`build.mjs failed:\n${result.stderr}`);
  return path.join(projectRoot, 'dist/autoipsec.js');
}

function routerKey(keyFolder, name, tell) {
  const file = path.join(keyFolder, name, 'private-key.pem');
  if (existsSync(file)) return;
  tell(`making a key for ${name}`);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const bits = 'rsa_keygen_bits:2048';
  execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', bits, '-out', file], {
    stdio: 'ignore',
  });
}

/** One key signs keys and records: short chains, and nothing here lives long. */
function zoneKey(keyFolder, zone) {
  const mark = path.join(keyFolder, `zone-${zone}.made`);
  if (existsSync(mark)) return;
  execFileSync('ldns-keygen', ['-k', '-a', 'ECDSAP256SHA256', zone], { cwd: keyFolder });
  mkdirSync(mark);
}
