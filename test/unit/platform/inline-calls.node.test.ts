/** The step of the build that puts small functions of the hash library in the place of their calls. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { SHA2_256, SHA2_384, SHA2_512 } from '../../../src/core/pki/hashes.js';
import { countingRandom } from '../../support/list-random.js';
import { assert, test } from '../../support/test.js';

const load = () => import(pathToFileURL(path.resolve('inline-calls.mjs')).href);

test('inlining: a function of one expression, in both ways to write it', async () => {
  const { readFunction } = await load();
  const wanted = { parameters: ['a', 'b'], expression: '(a << b) | a' };
  assert.equal(readFunction('function f(a, b) {\n    return (a << b) | a;\n}', 'f'), wanted);
  assert.equal(readFunction('const f = (a, b) => (a << b) | a;', 'f'), wanted);
  for (const other of [
    'function f(a) {\n  a++;\n  return a;\n}',
    'const f = (a) => { return a; };',
    '',
  ])
    assert.throws(() => readFunction(other, 'f'), /f is no function of one expression/);
});

test('inlining: only calls with names and numbers', async () => {
  const { inlineCalls } = await load();
  const f = { parameters: ['a', 'b'], expression: '(a << b) | ab' };
  const inline = (code: string) => inlineCalls(code, 'f', f);
  assert.is(inline('f(x, 7) + f(b, a)'), '((x << 7) | ab) + ((b << a) | ab)');
  assert.is(inline('u64.f(x, 7)'), '((x << 7) | ab)');
  for (const kept of ['f(x + 1, 7)', 'f(g(), 7)', 'f(x[1], 7)', 'gf(x, 7)', 'f()'])
    assert.is(inline(kept), kept);
});

test('inlining: hashes are those of another library, at every length', () => {
  const random = countingRandom(8);
  const names = { sha256: SHA2_256, sha384: SHA2_384, sha512: SHA2_512 };
  for (let length = 0; length < 300; length++) {
    const data = random(length);
    for (const [name, hash] of Object.entries(names))
      assert.equal(hash.compute(data), new Uint8Array(createHash(name).update(data).digest()));
  }
});
