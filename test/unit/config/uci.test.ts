import { parseUci, type UciSection } from '../../../src/core/config/uci.js';
import { assert, test } from '../../support/test.js';

function sections(text: string): UciSection[] {
  const result = parseUci(text);
  if (!result.ok) throw new Error(`line ${result.error.line}: ${result.error.message}`);
  return result.sections;
}

/** Sections as plain data: `type/name` and `option=values`. */
const flat = (text: string) =>
  sections(text).map(({ type, name, options }) => [
    `${type}/${name}`,
    ...[...options.values()].map((option) => `${option.name}=${option.values.join('|')}`),
  ]);

const failure = (text: string): string => {
  const result = parseUci(text);
  return result.ok ? 'no error' : `${result.error.line}: ${result.error.message}`;
};

test('uci: reads sections, options, lists', () => {
  const text = `package 'autoipsec'

config autoipsec 'main'
	option enabled '1'

config wan
	option interface 'wan'
	list plugin 'oe-dns'
	list plugin 'autovpn'
`;
  assert.equal(flat(text), [
    ['autoipsec/main', 'enabled=1'],
    ['wan/', 'interface=wan', 'plugin=oe-dns|autovpn'],
  ]);
  assert.is(sections(text)[1]!.line, 6);
  assert.is(sections(text)[1]!.options.get('plugin')!.line, 9);
  assert.is(sections(text)[1]!.options.get('plugin')!.kind, 'list');
});

// What, file, value of option o; after libuci's quoting (its own output writes ' as '\'')
const quoting = [
  ['bare', 'option o abc', 'abc'],
  ['single quotes', "option o 'a b'", 'a b'],
  ['double quotes', 'option o "a b"', 'a b'],
  ['empty', "option o ''", ''],
  ['glued parts', `option o 'a'"b"c`, 'abc'],
  ['a quote as libuci writes it', "option o 'it'\\''s'", "it's"],
  ['no escapes in single quotes', "option o 'a\\b'", 'a\\b'],
  ['escapes in double quotes', 'option o "a\\"b\\\\c"', 'a"b\\c'],
  ['escape in a bare word', 'option o a\\ b', 'a b'],
  ['hash in quotes', "option o 'a#b' # comment", 'a#b'],
  ['comment glued to a word', 'option o a#b', 'a'],
  ['line break in quotes', "option o 'a\nb'", 'a\nb'],
  ['continuation', 'option o \\\n a', 'a'],
  ['continuation within a word', 'option o a\\\nb', 'ab'],
  ['continuation in double quotes', 'option o "a\\\nb"', 'ab'],
  ['CRLF', 'option o a\r\n', 'a'],
  ['no final line end', 'option o a', 'a'],
  ['two statements in a line', 'option o a; option p b', 'a'],
  ['the last option wins', 'option o a\noption o b', 'b'],
  ['a name of the prototype', 'option o constructor', 'constructor'],
] as const;
for (const [what, line, value] of quoting)
  test(`uci: ${what}`, () => {
    const [section] = sections(`config x\n${line}`);
    assert.equal(section!.options.get('o')!.values, [value]);
  });

test('uci: a named section goes on where it is opened again', () => {
  assert.equal(flat("config a 'x'\noption p 1\nconfig b\nconfig a 'x'\noption q 2"), [
    ['a/x', 'p=1', 'q=2'],
    ['b/'],
  ]);
});

test('uci: list after option, option after list', () => {
  assert.equal(flat('config a\noption o 1\nlist o 2\nlist p 1\noption p 2'), [
    ['a/', 'o=1|2', 'p=2'],
  ]);
});

const faults = [
  ["config a\noption o 'x\ny", "2: the quote ' is never closed"],
  ['config a\noption o "x', '2: the quote " is never closed'],
  ['config a\noption o \\', '2: the file ends in a backslash'],
  ['config a\noption o', "2: 'option' has 1 words after it: option NAME 'VALUE'"],
  ['config a b c', "1: 'config' has 3 words after it: config TYPE 'NAME'"],
  ['config a\n\nlist o 1 2', "3: 'list' has 3 words after it: list NAME 'VALUE'"],
  ['option o 1', "1: 'option' stands before the first 'config'"],
  ['package x\nconfig a\npackage y\nlist o 1', "4: 'list' stands before the first 'config'"],
  ['confog a', "1: 'confog' is no statement; known are package, config, option, list"],
  ['constructor a', "1: 'constructor' is no statement; known are package, config, option, list"],
  ['config a\noption o-p 1', "2: name 'o-p' may have letters, digits and underscores only"],
  ["config a 'b c'", "1: name 'b c' may have letters, digits and underscores only"],
  ["config 'a b'", "1: section type 'a b' is not printable text"],
  ["config a 'x'\nconfig b 'x'", "2: section 'x' is a 'b' here and a 'a' in line 1"],
] as const;
for (const [text, message] of faults)
  test(`uci: refuses ${JSON.stringify(text)}`, () => assert.is(failure(text), message));

test('uci: text of the file is shown with control characters escaped', () => {
  assert.is(
    failure('\u001b[31m x'),
    "1: '\\u001b[31m' is no statement; known are package, config, option, list",
  );
});

test('uci: every cut of a good file is read or refused, never thrown', () => {
  const text = `config a 'x' # c\noption o "a\\"b" ; list p 'it'\\''s'\n`;
  for (let end = 0; end <= text.length; end++) parseUci(text.slice(0, end));
});

test('uci: refuses a file of absurd size', () => {
  assert.is(
    failure('#'.repeat(262145)),
    '1: 262145 characters, more than the 262144 that are read',
  );
});
