// What AutoVPN costs: the time to a tunnel, the probes that flows lead to, and the look at each of them.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from '../../lab/prepare.mjs';
import { projectRoot, runInLab, workFolder } from '../../lab/vm.mjs';
import { median, rounded, spread } from '../statistics.mjs';

export const title = 'AutoVPN, in the lab, round trip 20 ms';

const inside = fileURLToPath(new URL('../lab/autovpn.mjs', import.meta.url));
const timeoutSeconds = 400;

export async function measure({ tell }) {
  tell('AutoVPN, in the lab');
  const folder = path.join(workFolder, `bench-autovpn-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const results = path.join(folder, 'results.json');
  const job = path.join(folder, 'job.json');
  try {
    const parts = await prepare(tell, []);
    writeFileSync(job, JSON.stringify({ parts, results }));
    const status = await runInLab([process.execPath, inside, job], {
      cwd: projectRoot,
      timeoutSeconds,
      stdout: process.stderr,
    });
    if (!existsSync(results)) throw new Error(`the lab ended with status ${status}`);
    return rowsOf(JSON.parse(readFileSync(results, 'utf8')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowsOf({ firstEsp, connections, flows }) {
  const { count, hosts, probes, candidates, cpuMs, runs } = flows;
  const perFlow = ({ ms }) => ms / count;
  const [off, on] = ['off', 'on'].map((name) => median(runs[name].map(perFlow)));
  const all = count * runs.on.length;
  const connecting = median(connections);
  return [
    {
      what: 'from the SYN-ACK to the first ESP packet, emulated',
      figure: spread(firstEsp, 'ms'),
      beside: `${rounded(median(firstEsp) / connecting)} times a TCP handshake there (${rounded(connecting)} ms)`,
    },
    {
      what: `probes for ${all} flows of ${hosts} hosts without a gateway`,
      figure: `${probes}, so ${rounded((1000 * probes) / all)} per thousand flows`,
      beside: `at most 3 for each host: ${3 * hosts}`,
    },
    {
      what: 'the look at a flow: its connection with the plugin by without',
      figure: `${rounded(on / off)} times`,
      beside: `${rounded(on)} ms by ${rounded(off)} ms, emulated`,
    },
    {
      what: 'CPU time of daemon and broker for a candidate, emulated',
      figure: `${rounded(cpuMs / Math.max(1, candidates))} ms`,
      beside: `${candidates} candidates among ${all} flows`,
    },
  ];
}
