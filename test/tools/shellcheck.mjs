// shellcheck on every shell script of the project: those named .sh or .init, rc.common, and .ci/run.
import { spawnSync } from 'node:child_process';
import { needPackages } from './apt.mjs';
import { root } from './dependencies.mjs';

await needPackages(['shellcheck', 'git']);
const patterns = ['*.sh', '*.init', '*/rc.common', '.ci/run'];
const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', ...patterns], {
  cwd: root,
  encoding: 'utf8',
});
const scripts = listed.stdout.split('\n').filter((name) => name !== '');
const checked = spawnSync('shellcheck', ['--shell=dash', '-x', ...scripts], {
  cwd: root,
  stdio: 'inherit',
});
console.log(`${scripts.length} scripts: ${scripts.join(', ')}`);
process.exitCode = checked.status === 0 && scripts.length > 0 ? 0 : 1;
