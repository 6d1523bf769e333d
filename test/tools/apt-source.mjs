// Fetches packages of a newer release of the distribution, through the mirror that this machine is
// set up with. It reads apt's configuration and changes nothing of it: package lists and downloads go
// into a folder of their own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where each distribution has the source packages that its older releases lack. */
const releases = {
  debian: { suites: ['trixie', 'forky'], component: 'main' },
  ubuntu: { suites: ['questing', 'resolute'], component: 'universe' },
};

/** Path of the upstream archive of `name`, at least `version`; downloaded into `folder`. */
export function downloadSource(name, version, folder) {
  mkdirSync(folder, { recursive: true });
  const found = () => archiveIn(folder, name, version);
  if (found()) return found();
  const { suites, ...place } = newerReleases();
  for (const suite of suites) {
    if (fetchFrom({ ...place, suite }, name, folder) && found()) return found();
  }
  throw new Error(`no source package of ${name} ${version} in ${suites.join(', ')}`);
}

/** Where newer releases are: `uri`, `signedBy`, `component`, and the names `suites`, oldest first. */
export function newerReleases() {
  const { distribution, codename } = release();
  const mirror = mirrorOf(readSources(), codename);
  if (!mirror) throw new Error(`no mirror for ${codename} in apt's configuration`);
  return { ...mirror, ...releases[distribution] };
}

function archiveIn(folder, name, version) {
  const start = `${name}_`;
  const archive = readdirSync(folder).find(
    (file) =>
      file.startsWith(start) &&
      /\.orig\.tar\.\w+$/.test(file) &&
      file.slice(start.length).split('.orig.')[0] >= version,
  );
  return archive && path.join(folder, archive);
}

function release() {
  const text = readFileSync('/etc/os-release', 'utf8');
  const value = (key) => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(text)?.[1];
  const family = [value('ID'), ...(value('ID_LIKE') ?? '').split(' ')];
  const distribution = family.find((id) => id in releases);
  if (!distribution) throw new Error(`${value('ID')}: this needs Debian or Ubuntu`);
  return { distribution, codename: value('VERSION_CODENAME') ?? '' };
}

/** Text of all of apt's source files, `.list` and `.sources` apart. */
function readSources() {
  const folder = '/etc/apt/sources.list.d';
  const parts = existsSync(folder)
    ? readdirSync(folder).map((name) => path.join(folder, name))
    : [];
  const files = ['/etc/apt/sources.list', ...parts].filter((file) => existsSync(file));
  const read = (end) =>
    files.filter((file) => file.endsWith(end)).map((file) => readFileSync(file, 'utf8'));
  return [...read('.list').flatMap(parseList), ...read('.sources').flatMap(parseDeb822)];
}

/** One-line format (sources.list(5)): `deb [options] URI suite component …`. */
export function parseList(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/.exec(line.trim());
    if (!match) return [];
    const [, options = '', uri, suite] = match;
    return [{ uri, suite, signedBy: /signed-by=(\S+)/.exec(options)?.[1] }];
  });
}

/** Stanzas of the deb822 format, one entry per URI and suite. */
export function parseDeb822(text) {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const words = (key) =>
        new RegExp(`^${key}:[ \t]*(.*(?:\n[ \t].*)*)`, 'im')
          .exec(stanza)?.[1]
          .trim()
          .split(/\s+/) ?? [];
      if (!words('Types').includes('deb') || words('Enabled')[0] === 'no') return [];
      // a key may stand in the file itself; then the distribution's keyring has to do
      const signedBy = words('Signed-By').length === 1 ? words('Signed-By')[0] : undefined;
      return words('URIs').flatMap((uri) =>
        words('Suites').map((suite) => ({ uri, suite, signedBy })),
      );
    });
}

/** The mirror that the running release comes from. */
export const mirrorOf = (sources, codename) => sources.find(({ suite }) => suite === codename);

/** `apt-get source` with lists and sources of its own. True when it ended well. */
function fetchFrom(source, name, folder) {
  const apt = aptOf(source, 'deb-src', folder);
  const ran = (...args) => apt(...args).status === 0;
  return ran('update') && ran('source', '--download-only', name);
}

/**
 * Gives a function that runs `apt-get` with nothing but one source (`uri`, `suite`, `component`,
 * `signedBy`), its lists in `folder`, and no package counted as installed. `kind`: deb or deb-src.
 */
export function aptOf({ uri, suite, component, signedBy }, kind, folder) {
  const lists = path.join(folder, 'lists');
  mkdirSync(path.join(lists, 'partial'), { recursive: true });
  const list = path.join(folder, 'source.list');
  const status = path.join(folder, 'status');
  const options = signedBy ? `[signed-by=${signedBy}] ` : '';
  writeFileSync(list, `${kind} ${options}${uri} ${suite} ${component}\n`);
  writeFileSync(status, '');
  const own = [
    ...['-o', `Dir::Etc::sourcelist=${list}`, '-o', 'Dir::Etc::sourceparts=-'],
    ...['-o', `Dir::State::lists=${lists}`, '-o', 'APT::Sandbox::User=root'],
    ...['-o', `Dir::State::status=${status}`, '-o', 'Debug::NoLocking=1'],
    ...['-o', `Dir::Cache::pkgcache=`, '-o', 'Dir::Cache::srcpkgcache='],
  ];
  return (...args) => {
    const result = spawnSync('apt-get', ['-q', ...own, ...args], { cwd: folder, encoding: 'utf8' });
    if (result.status !== 0) console.error(result.stderr.trim());
    return result;
  };
}
