/** The direction of the arrows in docs/architecture.md, held by a test. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { assert, test } from '../../support/test.js';

const root = path.resolve('src');

/** Rooms from the ground up. An import leads to a lower row, or stays in its room. */
const storeys: readonly (readonly string[])[] = [
  ['core/bytes'],
  ['core/platform'],
  ['core/log.ts'],
  ['core/net'],
  ['core/pki'],
  ['core/dns', 'core/ike', 'core/kernel'],
  ['core/config', 'core/plugin.ts'],
  ['core/policy', 'core/control'],
  ['plugins'],
  ['daemon'],
  ['cli'],
  ['main.ts'],
];

interface Import {
  from: string;
  to: string;
  isType: boolean;
}

const files = readdirSync(root, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.split(path.sep).join('/'));

const statement =
  /^(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]*?\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/gm;

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(statement)].map((match) => {
    const name = match[2] ?? match[3]!;
    const to = name.startsWith('.')
      ? path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, '.ts')
      : name;
    // `import('…')` in a type position is a type; the bundle has no other
    return { from: file, to, isType: match[1] !== undefined || match[3] !== undefined };
  });
}

const imports = files.flatMap(importsOf);
const inside = imports.filter(({ to }) => files.includes(to));

const roomOf = (file: string): string | undefined =>
  storeys.flat().find((room) => file === room || file.startsWith(`${room}/`));
const storeyOf = (room: string): number => storeys.findIndex((rooms) => rooms.includes(room));

const shown = ({ from, to }: Import): string => `${from} → ${to}`;

test('every file of src stands in a room', () => {
  assert.equal(
    files.filter((file) => roomOf(file) === undefined && file !== 'globals.d.ts'),
    [],
  );
  assert.ok(inside.length > 100, 'the reader of imports finds them');
});

test('imports lead down, types may cross within a storey', () => {
  const wrong = inside.filter(({ from, to, isType }) => {
    const [above, below] = [roomOf(from), roomOf(to)];
    if (!above || !below || above === below) return false;
    const drop = storeyOf(above) - storeyOf(below);
    return drop < 0 || (drop === 0 && !isType);
  });
  assert.equal(wrong.map(shown), []);
});

test('only platform/qjs imports std and os', () => {
  const outside = imports.filter(
    ({ from, to }) => /^(qjs:)?(std|os)$/.test(to) && !from.startsWith('core/platform/qjs/'),
  );
  assert.equal(outside.map(shown), []);
});

test('only platform/node imports modules of Node', () => {
  const outside = imports.filter(
    ({ from, to }) => to.startsWith('node:') && !from.startsWith('core/platform/node/'),
  );
  assert.equal(outside.map(shown), []);
});

test('no plugin imports another', () => {
  const plugin = (file: string) => /^plugins\/([^/]+)\//.exec(file)?.[1];
  const crossing = inside.filter(
    ({ from, to }) => plugin(from) && plugin(from) !== plugin(to) && to.startsWith('plugins/'),
  );
  assert.equal(crossing.map(shown), []);
});
