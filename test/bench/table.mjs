// The table that the bench prints. Rows are `{ what, figure, beside }`: what was measured, the figure,
// and what to hold it against; groups are `{ title, command, rows }`.

const columns = [
  ['what', ''],
  ['figure', 'measured'],
  ['beside', 'goal, or beside it'],
];

export function printText(head, groups) {
  const rows = groups.flatMap((group) => group.rows);
  const widths = columns.map(([name, title]) =>
    Math.max(title.length, ...rows.map((row) => textOf(row, name).length)),
  );
  const line = (words) =>
    words
      .map((word, index) => word.padEnd(widths[index]))
      .join('  ')
      .trimEnd();
  const lines = [...head, '', line(columns.map(([, title]) => title))];
  for (const group of groups) {
    lines.push('', `${group.title}`);
    for (const row of group.rows) lines.push(line(columns.map(([name]) => textOf(row, name))));
  }
  console.log(lines.join('\n'));
}

export function printMarkdown(head, groups) {
  const line = (words) => `| ${words.map((word) => word.replaceAll('|', '\\|')).join(' | ')} |`;
  const lines = [...head.map((text) => `- ${text}`), ''];
  lines.push(line(columns.map(([, title]) => title)), line(columns.map(() => '---')));
  for (const group of groups) {
    lines.push(line([`**${group.title}**`, '', '']));
    for (const row of group.rows) lines.push(line(columns.map(([name]) => textOf(row, name))));
  }
  console.log(lines.join('\n'));
}

const textOf = (row, name) => String(row[name] ?? '');
