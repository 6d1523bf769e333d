/** What is kept of an IKE SA: it comes back as it was, and nonsense in its place harms nobody. */
import { savedChild, savedSa, toSavedSa } from '../../../src/core/ike/persist/saved-sa.js';
import { sasOf } from '../../support/ike-peer.js';
import { MortalWorld } from '../../support/mortal-end.js';
import { assert, test } from '../../support/test.js';

async function standing() {
  const world = new MortalWorld();
  await world.start();
  const { left, right } = world;
  void left.daemon.connect(left.wish(right));
  await world.pass(1000);
  assert.is(left.kernel.length, 1);
  return world;
}

test('saved SA: the next daemon has the same in its place', async () => {
  const { left } = await standing();
  const [before] = sasOf(left).map(toSavedSa);
  left.kill();
  await left.start();
  const [after] = sasOf(left).map(toSavedSa);
  assert.ok(after!.used > before!.used, 'IVs are left out');
  // as text: a field that is not there is the same as one without a value
  const text = (saved: unknown) => JSON.stringify(savedSa(saved, 'sa'));
  assert.is(text({ ...after, used: 0 }), text({ ...before, used: 0 }));
});

test('saved SA: half-open SAs of strangers leave no file', async () => {
  const world = new MortalWorld();
  await world.start();
  const { left, right } = world;
  // the request for IKE_AUTH never comes
  world.network.path.loses = ({ bytes }) => bytes[18] === 35;
  void left.daemon.connect(left.wish(right));
  await world.pass(1000);
  assert.equal([...right.files.content.keys()], []);
});

test('saved SA: with one that can not be taken over its tunnels leave the kernel', async () => {
  const world = await standing();
  const { left } = world;
  const [[name, good]] = [...left.state().readAll('sa-')] as [[string, { suite: object }]];
  left.kill();
  // an algorithm of another release
  left.state().write(name, { ...good, suite: { ...good.suite, group: 9999 } });
  await left.start();
  await world.pass(100);
  assert.equal(sasOf(left), []);
  assert.equal(left.kernel, []);
});

type Path = readonly (string | number)[];

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [at];
  return [at, ...Object.entries(value).flatMap(([name, each]) => pathsOf(each, [...at, name]))];
}

/** A copy with another value at one place. */
function replaced(value: unknown, [name, ...rest]: Path, by: unknown): unknown {
  if (name === undefined) return by;
  const inside = replaced((value as Record<string, unknown>)[name], rest, by);
  return Array.isArray(value)
    ? value.map((each, at) => (at === Number(name) ? inside : each))
    : { ...(value as object), [name]: inside };
}

const nonsense = [undefined, null, -1, 1e15, 'x', new Uint8Array(0), new Uint8Array(300), [], {}];

for (const [start, shape] of [
  ['sa-', savedSa],
  ['child-', savedChild],
] as const)
  test(`saved SA: no nonsense in a file of ${start} stops the daemon`, async () => {
    const { left } = await standing();
    const [[name, good]] = [...left.state().readAll(start)] as [[string, unknown]];
    const files = [...left.files.content];
    let refused = 0;
    for (const path of pathsOf(good).slice(1))
      for (const by of nonsense) {
        left.kill();
        for (const [file, content] of files) left.files.content.set(file, content);
        const bad = replaced(good, path, by);
        left.state().write(name, bad);
        await left.start();
        try {
          shape(bad, 'it');
        } catch {
          refused++;
        }
      }
    assert.ok(refused > 100, String(refused));
    const errors = left.lines.filter((line) => line.startsWith('error'));
    assert.equal(errors, []);
  });
