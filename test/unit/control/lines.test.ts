import { utf8 } from '../../../src/core/bytes/text.js';
import { jsonLine, LineReader, parseJsonLine } from '../../../src/core/control/lines.js';
import { assert, test } from '../../support/test.js';

test('control: lines are cut wherever the stream was', () => {
  const stream = utf8('{"a":1}\n\n{"b":"ü"}\nrest');
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new LineReader(100);
    const lines = [...reader.push(stream.slice(0, cut))!, ...reader.push(stream.slice(cut))!];
    assert.equal(lines, ['{"a":1}', '', '{"b":"ü"}']);
  }
});

test('control: a line of the limit passes, one byte more does not', () => {
  assert.equal(new LineReader(3).push(utf8('abc\n')), ['abc']);
  assert.is(new LineReader(3).push(utf8('abcd\n')), undefined);
  assert.is(new LineReader(3).push(utf8('abcd')), undefined);
});

test('control: the limit is for each line', () => {
  const reader = new LineReader(3);
  assert.equal(reader.push(utf8('abc\nabc\na')), ['abc', 'abc']);
  assert.equal(reader.push(utf8('bc\n')), ['abc']);
});

test('control: after an overflow nothing more is taken', () => {
  const reader = new LineReader(3);
  assert.is(reader.push(utf8('abcd')), undefined);
  assert.is(reader.push(utf8('\nab\n')), undefined);
});

test('control: the bytes of a caller may be used again', () => {
  const reader = new LineReader(10);
  const buffer = utf8('ab');
  reader.push(buffer);
  buffer.fill(0);
  assert.equal(reader.push(utf8('c\n')), ['abc']);
});

test('control: a value becomes one line and comes back', () => {
  const value = { a: 'line\nend', b: [1, null] };
  const line = jsonLine(value);
  assert.is(line.indexOf(10), line.length - 1);
  assert.equal(new LineReader(100).push(line)!.map(parseJsonLine), [value]);
});

test('control: no JSON is no value', () => {
  for (const text of ['', '{', 'undefined', '{"a":1}}']) assert.is(parseJsonLine(text), undefined);
});
