/** docs/configuration.md, made from the same schema that reads the file. */
import type { Plugin } from '../plugin.js';
import type { Option, SectionSchema } from './schema.js';
import { classHelp, mainSection, policySection, wanSection } from './sections.js';

const code = (text: string): string => (text === '' ? '–' : `\`${text}\``);

function row(option: Option<unknown>): string {
  const name = `\`${option.uci}\`${option.isList ? ' (list)' : ''}`;
  const shown = option.defaultText.split(' ').map(code).join(' ');
  return `| ${name} | ${option.allowed} | ${shown} | ${option.help} |`;
}

function table(options: object): string[] {
  return [
    '| Option | Allowed | Default | What it does |',
    '| --- | --- | --- | --- |',
    ...Object.values(options as Record<string, Option<unknown>>).map(row),
  ];
}

/** A section of any value type: only names and sentences matter here. */
type AnySection = Omit<SectionSchema<unknown>, 'options'> & { options: object };

function section(schema: AnySection): string[] {
  const title = schema.name ? `config ${schema.type} '${schema.name}'` : `config ${schema.type}`;
  return [`## \`${title}\``, '', schema.help, '', ...table(schema.options), ''];
}

function pluginPart(plugin: Plugin): string[] {
  const options = Object.keys(plugin.options).length > 0;
  const body = options ? table(plugin.options) : ['It has no options of its own.'];
  return [`### Plugin \`${plugin.name}\``, '', ...body, ''];
}

const introduction = `# Configuration

<!-- Made from the schema in src/core/config by \`npm run docs\`: change it there. -->

Everything is in \`/etc/config/autoipsec\`, a UCI file. \`autoipsec check\` says what is wrong with it, and
\`service autoipsec reload\` makes the running service read it again; with a mistake in the file the
service says so in the log and goes on with the settings it had. Options that are not known are
ignored with a warning. A list may be written as several \`list\` lines or as one \`option\` with spaces.

\`\`\`
config autoipsec 'main'
	option enabled '1'

config wan
	option enabled '1'
	option interface 'wan'
	list plugin 'oe-dns'

config policy
	option class 'oe-paranoid'
	list destination '198.51.100.0/24'
\`\`\`
`;

/** The whole page. `plugins` are those of the build, in order. */
export function configurationPage(plugins: readonly Plugin[]): string {
  const classes = Object.entries(classHelp).map(([name, help]) => `| \`${name}\` | ${help} |`);
  return [
    introduction,
    ...section(mainSection),
    ...section(wanSection),
    ...(plugins.length > 0
      ? ['Each plugin adds options to the `wan` section:', '', ...plugins.flatMap(pluginPart)]
      : []),
    ...section(policySection),
    '## Classes',
    '',
    '| Class | What happens to the traffic |',
    '| --- | --- |',
    ...classes,
    '',
  ].join('\n');
}
