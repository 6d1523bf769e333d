// Debian packages that a test needs: says what it installs, and installs only what is missing.
import { spawnSync } from 'node:child_process';

/** Installs what is missing of `names`; throws with the package names when that fails. */
export async function needPackages(names) {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  console.error(`installing Debian packages: ${missing.join(' ')}`);
  const install = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  if (apt([...install, ...missing]) === 0) return;
  // the package lists may be missing or old
  if (apt(['update', '-q']) === 0 && apt([...install, ...missing]) === 0) return;
  throw new Error(`cannot install ${missing.join(' ')}: apt-get failed, see above`);
}

export function isInstalled(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
  const query = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
  return query.status === 0 && query.stdout.endsWith(' installed');
}

/** The version that apt would install; `undefined` when it knows no such package. */
export function candidateVersion(name) {
  const policy = spawnSync('apt-cache', ['policy', name], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const version = /^ {2}Candidate: (\S+)$/m.exec(policy.stdout ?? '')?.[1];
  return version === '(none)' ? undefined : version;
}

function apt(args) {
  // stages of `npm test` run side by side; one of them installs at a time
  const words = ['flock', '/run/lock/autoipsec-apt', 'env', 'DEBIAN_FRONTEND=noninteractive'];
  words.push('apt-get', ...args);
  const [command, ...rest] = process.getuid() === 0 ? words : ['sudo', '-n', ...words];
  const result = spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  return result.status;
}
