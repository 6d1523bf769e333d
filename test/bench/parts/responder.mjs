// What a handshake costs a responder: our daemon next to strongSwan's charon, in the same machine, and
// how long the set-up takes with each as responder.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { interopParts } from '../../interop/prepare.mjs';
import { projectRoot, runInLab, workFolder } from '../../lab/vm.mjs';
import { median, rounded, spread } from '../statistics.mjs';

export const title = 'One handshake as responder, next to charon, in the lab';

const inside = fileURLToPath(new URL('../../interop/measure.mjs', import.meta.url));
const timeoutSeconds = 400;
const times = 12;

const certificate = ['ECDSA certificate', 'ECDSA certificate'];
const series = [
  { name: 'P-256 certificates, P-256', row: { auth: certificate, group: 'P-256 (19)' } },
  { name: 'P-256 certificates, X25519', row: { auth: certificate, group: 'X25519 (31)' } },
  {
    name: 'the same with ChaCha20-Poly1305, which we choose where it is offered',
    row: { auth: certificate, group: 'X25519 (31)', cipher: 'ChaCha20-Poly1305' },
  },
  { name: 'RSA-2048 raw keys, X25519', row: { auth: ['RSA', 'RSA'], group: 'X25519 (31)' } },
];

export async function measure({ tell }) {
  tell('handshakes with charon, in the lab');
  const folder = path.join(workFolder, `bench-responder-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const results = path.join(folder, 'results.json');
  const job = path.join(folder, 'job.json');
  try {
    const parts = await interopParts(['strongswan'], folder, tell);
    writeFileSync(job, JSON.stringify({ ...parts, series, times, results }), { mode: 0o600 });
    const status = await runInLab([process.execPath, inside, job], {
      cwd: projectRoot,
      timeoutSeconds,
      stdout: process.stderr,
    });
    if (status !== 0 && !existsSync(results)) throw new Error(`the lab ended with ${status}`);
    return rowsOf(JSON.parse(readFileSync(results, 'utf8')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const rowsOf = ({ version, results }) =>
  results.flatMap(({ name, ours, charon }) => [
    {
      what: `CPU, ${name}`,
      figure: `${rounded(ours.cpuMs)} ms`,
      beside: `${version}: ${rounded(charon.cpuMs)} ms; ${rounded(ours.cpuMs / charon.cpuMs)} times, goal: 4`,
    },
    {
      what: `set-up on the wire, ${name}`,
      figure: `we respond: ${spread(ours.latencies, 'ms')}`,
      beside: `${version} responds: ${rounded(median(charon.latencies))} ms`,
    },
  ]);
