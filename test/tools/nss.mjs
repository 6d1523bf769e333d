// NSS databases for libreswan, which has its keys nowhere else: made on this machine with the tools of
// its own tree.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { libraryFolders } from './peers.mjs';

/**
 * Makes the database `folder` unless it is there. `keys`: name → PEM file of a private key. With a
 * certificate pluto would send that, so only the key stays. `certificates`: nickname → file, with the
 * key in `FILE-key.pem` and the certificate in `FILE.pem`. `authorities`: PEM files.
 */
export function makeNss(tree, folder, { keys, certificates = {}, authorities = [] }) {
  if (existsSync(folder)) return;
  const work = mkdtempSync(`${folder}-making-`);
  const database = ['-d', `sql:${work}`];
  runTool(tree, ['certutil', '-N', ...database, '--empty-password']);
  for (const [name, pem] of Object.entries(keys)) {
    const [certificate, bag] = [`${work}/certificate.pem`, `${work}/bag.p12`];
    const subject = ['-subj', `/CN=${name}`, '-days', '3650'];
    runTool(tree, [
      'openssl',
      'req',
      '-x509',
      '-new',
      '-key',
      pem,
      ...subject,
      '-out',
      certificate,
    ]);
    const into = ['-name', name, '-passout', 'pass:', '-out', bag];
    runTool(tree, ['openssl', 'pkcs12', '-export', '-inkey', pem, '-in', certificate, ...into]);
    runTool(tree, ['pk12util', '-i', bag, ...database, '-W', '', '-K', '']);
    runTool(tree, ['certutil', '-D', ...database, '-n', name]);
    rmSync(certificate);
    rmSync(bag);
  }
  for (const file of authorities) {
    const name = path.basename(file, '.pem');
    runTool(tree, ['certutil', '-A', ...database, '-n', name, '-t', 'CT,,', '-a', '-i', file]);
  }
  for (const [name, file] of Object.entries(certificates)) {
    const [own, bag] = [['-inkey', `${file}-key.pem`, '-in', `${file}.pem`], `${work}/bag.p12`];
    const into = ['-name', name, '-passout', 'pass:', '-out', bag];
    runTool(tree, ['openssl', 'pkcs12', '-export', ...own, ...into]);
    runTool(tree, ['pk12util', '-i', bag, ...database, '-W', '', '-K', '']);
    rmSync(bag);
  }
  renameSync(work, folder);
}

/** What libreswan calls the keys (CKAID), by the names they were given here: `{ name: '0123…' }`. */
export function keyIds(tree, folder) {
  const text = runTool(tree, ['certutil', '-K', '-d', `sql:${folder}`]);
  const found = [...text.matchAll(/([0-9a-f]{40})\s+(\S+)$/gm)];
  return Object.fromEntries(found.map(([, id, name]) => [name, id]));
}

function runTool(tree, argv) {
  const env = {
    ...process.env,
    PATH: `${path.join(tree.folder, 'usr/bin')}:${process.env.PATH}`,
    LD_LIBRARY_PATH: libraryFolders(tree),
  };
  const result = spawnSync(argv[0], argv.slice(1), { env, encoding: 'utf8' });
  if (result.status === 0) return result.stdout;
  throw new Error(`${argv.join(' ')}: ${result.error?.message ?? result.stderr}`);
}
