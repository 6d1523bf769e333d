/** State files: a value comes back as it was, and what is damaged or of another boot never does. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { StateFiles } from '../../../src/core/platform/state-files.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';

const folder = '/run/state';
const bootIdFile = '/proc/sys/kernel/random/boot_id';
const path = `${folder}/sa-1.state`;
const value = {
  name: 'ü',
  key: Uint8Array.of(0, 10, 255),
  list: [{ deep: Uint8Array.of(1) }, new Uint8Array(0), 1.5, true, null],
};

function machine(bootId = 'boot-1') {
  const files = new MemoryFiles();
  const clock = new SteppedClock();
  const lines: string[] = [];
  files.writeAtomic(bootIdFile, utf8(`${bootId}\n`), 0o444);
  const open = () => new StateFiles({ files, clock, folder, complain: (line) => lines.push(line) });
  return { files, clock, lines, open };
}

test('state files: a value comes back with its bytes, in a file that only its owner reads', () => {
  const { files, open, lines } = machine();
  assert.ok(open().write('sa-1', value));
  assert.equal(files.content.get(path)?.mode, 0o600);
  assert.equal(open().readAll('sa-').get('sa-1'), value);
  assert.equal(lines, []);
});

test('state files: what is removed is gone, other names are not read', () => {
  const { open } = machine();
  const state = open();
  state.write('sa-1', value);
  state.write('sa-2', value);
  state.write('pairs-1', value);
  state.remove('sa-1');
  assert.equal([...open().readAll('sa-').keys()], ['sa-2']);
});

test('state files: a file of another boot is refused with a line and removed', () => {
  const { files, open, lines } = machine();
  open().write('sa-1', value);
  files.writeAtomic(bootIdFile, utf8('boot-2\n'), 0o444);
  assert.equal(open().readAll('sa-').size, 0);
  assert.equal(lines, [`${path} is not used: it is of another boot`]);
  assert.not.ok(files.content.has(path));
});

test('state files: a file that is younger than now is of another boot', async () => {
  const { files, clock, open } = machine();
  await clock.advance(5000);
  open().write('sa-1', value);
  const bytes = files.read(path)!;
  const early = machine();
  early.files.writeAtomic(path, bytes, 0o600);
  assert.equal(early.open().readAll('sa-').size, 0);
  assert.match(early.lines[0]!, /of the future/);
});

test('state files: another format, another program and an empty file are refused', () => {
  for (const content of [
    '',
    'x',
    'autoipsec-state 2 boot-1 0 2 0\n{}',
    'other 1 boot-1 0 2 0\n{}',
  ]) {
    const { files, open, lines } = machine();
    files.writeAtomic(path, utf8(content), 0o600);
    assert.equal(open().readAll('sa-').size, 0, content);
    assert.equal(lines.length, 1, content);
  }
});

test('state files: every cut and every flipped bit is refused', () => {
  const { files, open } = machine();
  open().write('sa-1', value);
  const whole = files.read(path)!;
  const isRefused = (bytes: Uint8Array) => {
    files.writeAtomic(path, bytes, 0o600);
    return open().readAll('sa-').size === 0;
  };
  for (let end = 0; end < whole.length; end++)
    assert.ok(isRefused(whole.slice(0, end)), `cut at ${end}`);
  assert.ok(isRefused(concat(whole, Uint8Array.of(0))), 'one byte more');
  // The moment of writing is not covered: it says how old the file is and nothing else
  const head = fromUtf8(whole).split(' ');
  const start = head.slice(0, 3).join(' ').length + 1;
  const end = start + head[3]!.length;
  for (let at = 0; at < whole.length; at++) {
    if (at >= start && at < end) continue;
    for (const bit of [1, 16, 128]) {
      const bad = whole.slice();
      bad[at]! ^= bit;
      assert.ok(isRefused(bad), `byte ${at}, bit ${bit}`);
    }
  }
});

test('state files: a disk that is full leaves no old value behind', () => {
  const { files, open, lines } = machine();
  const state = open();
  state.write('sa-1', value);
  files.writeAtomic = () => {
    throw new Error('No space left on device');
  };
  assert.not.ok(state.write('sa-1', { other: 1 }));
  assert.not.ok(state.write('sa-1', { other: 2 }));
  assert.not.ok(files.content.has(path));
  assert.equal(lines, [`${path}: Error: No space left on device`]);
});

test('state files: what a write that was cut short left behind is swept away', () => {
  const { files, open } = machine();
  files.writeAtomic(`${path}.0a0b0c0d.tmp`, utf8('half'), 0o600);
  assert.equal(open().readAll('sa-').size, 0);
  assert.not.ok(files.content.has(`${path}.0a0b0c0d.tmp`));
});
