/** The form of the LuCI app against the schema of the daemon: nothing more, nothing less, the same. */
import type { Option } from '../../../src/core/config/schema.js';
import { mainSection, policySection, wanSection } from '../../../src/core/config/sections.js';
import { plugins } from '../../../src/plugins/index.js';
import { luciModule } from '../../support/luci.js';
import { assert, test } from '../../support/test.js';

interface Field {
  uci: string;
  kind: 'flag' | 'number' | 'text' | 'list' | 'choice' | 'network' | 'plugins';
  title?: string;
  default: string;
  min?: number;
  max?: number;
  values?: [string, string][];
  pattern?: RegExp;
}

interface Fields {
  main: Field[];
  wan: Field[];
  policy: Field[];
  plugins: { name: string; options: Field[] }[];
}

const fields = luciModule<Fields>('autoipsec.fields');

const parts: [string, object, Field[]][] = [
  ['main', mainSection.options, fields.main],
  ['wan', wanSection.options, fields.wan],
  ['policy', policySection.options, fields.policy],
  ...plugins.map(({ name, options }): [string, object, Field[]] => [
    `plugin ${name}`,
    options,
    fields.plugins.find((each) => each.name === name)?.options ?? [],
  ]),
];

const isAllowed = (option: Option<unknown>, value: string | number): boolean =>
  option.parse([String(value)]).ok;

for (const [part, schema, form] of parts) {
  const options = Object.values(schema as Record<string, Option<unknown>>);
  const optionOf = (field: Field) => options.find((each) => each.uci === field.uci)!;

  test(`LuCI form: ${part} has exactly the options of the schema`, () => {
    assert.equal(form.map((each) => each.uci).sort(), options.map((each) => each.uci).sort());
  });

  test(`LuCI form: ${part} has the defaults and the kinds of the schema`, () => {
    for (const field of form) {
      const { uci, defaultText, isList } = optionOf(field);
      assert.is(field.default, defaultText, uci);
      assert.is(field.kind === 'list' || field.kind === 'plugins', isList, uci);
    }
  });

  test(`LuCI form: ${part} allows what the schema allows`, () => {
    for (const field of form) {
      const option = optionOf(field);
      const { uci, kind, min, max, values, pattern } = field;
      if (kind === 'flag') assert.is(option.allowed, '0 or 1', uci);
      if (kind === 'choice')
        assert.is(
          values!
            .map(([value]) => value)
            .sort()
            .join(),
          option.allowed.split(', ').sort().join(),
          uci,
        );
      if (kind === 'number') {
        const step = Number.isInteger(min) ? 1 : 0.1;
        const verdicts = [min! - step, min!, max!, max! + step].map((each) =>
          isAllowed(option, each),
        );
        assert.equal(verdicts, [false, true, true, false], uci);
      }
      for (const value of kind === 'list' ? option.defaultText.split(' ') : [option.defaultText])
        if (pattern && value !== '') assert.ok(pattern.test(value), uci);
      if (kind === 'text' && !pattern) assert.unreachable(`${uci} takes anything`);
    }
  });
}

test('LuCI form: every plugin of the build can be ticked, and no other', () => {
  const names = plugins.map((each) => each.name);
  assert.equal(
    fields.plugins.map((each) => each.name),
    names,
  );
});

test('LuCI form: a pattern refuses what the schema refuses', () => {
  const samples = [
    '',
    'a',
    'gw.example.org',
    'gw.example.org.',
    '192.0.2.1',
    'a b',
    '/etc/x',
    'etc/x',
    '/a;b',
    '0x20000000',
    '3',
    "';",
    'eth0',
    'pppoe-wan',
    'eth1234567890123456',
  ];
  for (const [part, schema, form] of parts)
    for (const field of form.filter((each) => each.pattern && each.kind === 'text')) {
      const option = Object.values(schema as Record<string, Option<unknown>>).find(
        (each) => each.uci === field.uci,
      )!;
      for (const sample of samples)
        if (field.pattern!.test(sample) && !/^(mark_bit|first_reqid)$/.test(field.uci))
          assert.ok(
            isAllowed(option, sample),
            `${part} ${field.uci}: the form lets '${sample}' pass`,
          );
    }
});
