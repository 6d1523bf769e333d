/** The test runner does not call a broken run a success, and names where it broke. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { assert, test } from '../../support/test.js';

interface Run {
  reports: { verdict: string; name: string }[];
  fault: string | undefined;
}

const load = (file: string) => import(pathToFileURL(path.resolve(file)).href);

/** What the runner makes of a script that prints and ends in some way. */
async function runOf(script: string): Promise<Run> {
  const { runBundle } = await load('test/run-unit.mjs');
  const folder = mkdtempSync(path.join(tmpdir(), 'autoipsec-runner-'));
  try {
    const file = path.join(folder, 'script.mjs');
    writeFileSync(file, script);
    return runBundle([process.execPath], file, {}, 2000);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const print = (...lines: string[]) => lines.map((line) => `console.log('${line}');`).join('\n');

test('runner: reads verdicts, also behind the bullets of uvu', async () => {
  const { reports, fault } = await runOf(
    print(
      '# file a.test.ts',
      'ok first',
      '• • not ok second, ok so far',
      'skip third # why',
      '# done',
    ),
  );
  assert.is(fault, undefined);
  assert.equal(reports, [
    { verdict: 'ok', name: 'first' },
    { verdict: 'not ok', name: 'second, ok so far' },
    { verdict: 'skip', name: 'third # why' },
  ]);
});

test('runner: an engine that stops early, crashes or hangs is a fault that names the file', async () => {
  const begun = print('# file a.test.ts', 'ok first', '# file b.test.ts', 'ok second');
  for (const [end, words] of [
    ['', 'exit status 0'],
    ['process.exit(3);', 'exit status 3'],
    ['process.kill(process.pid, "SIGKILL");\nfor (;;);', 'SIGKILL'],
    ['setInterval(() => undefined, 1000);', 'ETIMEDOUT'],
  ] as const) {
    const { fault } = await runOf(`${begun}\n${end}`);
    assert.match(fault ?? '', 'b.test.ts: the engine stopped before the end');
    assert.match(fault ?? '', words);
  }
});

test('runner: a failing status after the end is a fault unless a test failed', async () => {
  const lines = ['# file a.test.ts', 'ok first', '# done'];
  assert.match((await runOf(`${print(...lines)} process.exit(1);`)).fault ?? '', 'exit status 1');
});

test('apt sources: both formats give mirrors, comments and source lines do not', async () => {
  const { parseList, parseDeb822, mirrorOf } = await load('test/tools/apt-source.mjs');
  const fromList = parseList(
    '# deb http://old/ x main\ndeb-src http://a/debian stable main\n' +
      'deb [arch=amd64 signed-by=/k.gpg] http://a/debian stable main contrib\ndeb http://b sid main\n',
  );
  assert.equal(fromList, [
    { uri: 'http://a/debian', suite: 'stable', signedBy: '/k.gpg' },
    { uri: 'http://b', suite: 'sid', signedBy: undefined },
  ]);
  const stanzas =
    'Types: deb deb-src\n# a remark\nURIs: http://c/debian\n  http://d/debian\nSuites: stable stable-updates\n' +
    'Signed-By: /c.gpg\n\nEnabled: no\nTypes: deb\nURIs: http://e\nSuites: stable\n\nTypes: deb-src\nURIs: http://f\n';
  const fromStanzas = parseDeb822(stanzas);
  assert.is(fromStanzas.length, 4);
  assert.equal(fromStanzas[0], { uri: 'http://c/debian', suite: 'stable', signedBy: '/c.gpg' });
  assert.is(fromStanzas[2].uri, 'http://d/debian');
  assert.is(mirrorOf([...fromList, ...fromStanzas], 'stable-updates').uri, 'http://c/debian');
  assert.is(mirrorOf(fromList, 'none'), undefined);
});
