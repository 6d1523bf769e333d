// Proves the kernel room on a real kernel: `node test/lab/kernel-proof.mjs [--brief | part of a name …]`.
// Bundles the driver, starts the machine, and there runs the driver in the router's namespace. Each
// proof prints `ok NAME` or `not ok NAME`; the exit status is 0 when all are ok. `--brief`: some, for
// `npm run rare`.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { buildBroker } from '../tools/broker.mjs';
import { abortOnSignal, projectRoot, runInLab } from './vm.mjs';

const bundle = path.join(projectRoot, '.cache/lab/kernel-proof.mjs');
mkdirSync(path.dirname(bundle), { recursive: true });
await build({
  entryPoints: [path.join(projectRoot, 'test/lab/kernel/driver.ts')],
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node18',
  outfile: bundle,
  logLevel: 'warning',
});

const script = `
  for name in alice gwa gwb bob; do ip netns add $name; ip -n $name link set lo up; done
  exec ip netns exec gwa ${process.execPath} "$0" "$@"`;
process.exitCode = await runInLab(['sh', '-c', script, bundle, ...process.argv.slice(2)], {
  timeoutSeconds: 400,
  cwd: projectRoot,
  env: { AUTOIPSEC_BROKER: buildBroker('host') },
  signal: abortOnSignal(),
});
