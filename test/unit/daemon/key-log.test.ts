import { check } from '../../../src/cli/check.js';
import { fromUtf8 } from '../../../src/core/bytes/text.js';
import { silentLogger } from '../../../src/core/log.js';
import { KEPT_LINES, openKeyLog } from '../../../src/daemon/key-log.js';
import { assert, test } from '../../support/test.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { FakeMachine } from '../cli/fake-context.js';

const run = '/var/run/autoipsec';
const esp = `${run}/wireshark/esp_sa`;
const open = (files: MemoryFiles, isWanted = true) =>
  openKeyLog(files, run, isWanted, silentLogger);

const linesOf = (files: MemoryFiles) => fromUtf8(files.read(esp)!).trimEnd().split('\n');

test('key log: files that the owner alone can read', () => {
  const files = new MemoryFiles();
  open(files)!.write('esp_sa', 'one');
  assert.is(files.content.get(esp)?.mode, 0o600);
  assert.equal(linesOf(files), ['one']);
  open(files)!.write('esp_sa', 'two');
  assert.equal(linesOf(files), ['one', 'two']);
});

test('key log: the newest lines are kept, and no more', () => {
  const files = new MemoryFiles();
  const log = open(files)!;
  for (let i = 0; i < KEPT_LINES + 5; i++) log.write('esp_sa', `line ${i}`);
  assert.is(linesOf(files).length, KEPT_LINES);
  assert.is(linesOf(files).at(-1), `line ${KEPT_LINES + 4}`);
});

test('key log: switched off, nothing of it stays', () => {
  const files = new MemoryFiles();
  open(files)!.write('esp_sa', 'secret');
  assert.is(open(files, false), undefined);
  assert.equal([...files.content.keys()], []);
});

test('key log: a file that can not be written stops nothing, and is told without the key', () => {
  const files = new MemoryFiles();
  const told: string[] = [];
  files.writeAtomic = () => {
    throw new Error('No space left on device');
  };
  const log = { ...silentLogger, error: (line: string) => void told.push(line) };
  openKeyLog(files, run, true, log)!.write('esp_sa', 'secret');
  assert.equal(told, ['key log: Error: No space left on device']);
});

test('key log: `autoipsec check` warns', async () => {
  const machine = new FakeMachine();
  const mainOff = machine.configuration;
  await check(machine.context());
  assert.not.match(machine.printed, /key_log/);
  machine.configuration = mainOff.replace("enabled '1'", "enabled '1'\n\toption key_log '1'");
  assert.is.not(machine.configuration, mainOff);
  await check(machine.context());
  assert.match(machine.printed, /warn +configuration: key_log is on: the keys of all tunnels/);
});
