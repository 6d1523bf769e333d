// The size of what is installed on a router.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { root } from '../../../build-options.mjs';
import { buildBroker } from '../../tools/broker.mjs';

export const title = 'Size';

export async function measure() {
  const result = spawnSync(process.execPath, ['build.mjs'], { cwd: root, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`build.mjs failed:\n${result.stderr}`);
  const [, figure] = /: (.*)$/m.exec(result.stdout);
  const broker = statSync(buildBroker('host')).size / 1000;
  return [
    { what: 'bundle, minified', figure, beside: 'goal: under 300 kB' },
    { what: 'socket broker, x86-64, not stripped', figure: `${broker.toFixed(1)} kB` },
  ];
}
