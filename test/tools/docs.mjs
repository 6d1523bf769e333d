// `npm run docs`: writes the pages that are made from the sources. With `--check` it writes nothing
// and fails when a page is not what the sources say.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { commonOptions } from '../../build-options.mjs';
import { root } from './dependencies.mjs';
import { template, templateFile } from './pot.mjs';

/** Everything that is made: file and the expression that gives its text. */
const pages = [{ file: 'docs/configuration.md', text: 'configurationPage(plugins)' }];

async function loadPages() {
  const outfile = path.join(root, '.cache/tests/docs.mjs');
  mkdirSync(path.dirname(outfile), { recursive: true });
  const fields = pages.map(({ file, text }) => `${JSON.stringify(file)}: ${text}`);
  await build({
    ...commonOptions,
    stdin: {
      contents: `
        import { configurationPage } from './src/core/config/document.js';
        import { plugins } from './src/plugins/index.js';
        export default { ${fields.join(', ')} };`,
      resolveDir: root,
      loader: 'ts',
    },
    outfile,
  });
  return (await import(pathToFileURL(outfile).href)).default;
}

function current(file) {
  try {
    return readFileSync(path.join(root, file), 'utf8');
  } catch {
    return '';
  }
}

const isCheck = process.argv.includes('--check');
for (const [file, text] of Object.entries({ ...(await loadPages()), [templateFile]: template() })) {
  if (current(file) === text) continue;
  if (isCheck) {
    console.error(`${file} is not what the sources say: npm run docs`);
    process.exitCode = 1;
  } else {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
    console.log(`wrote ${file}`);
  }
}
