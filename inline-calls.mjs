// Puts small functions of the hash library in the place of their calls. An engine that compiles to machine
// code does so by itself; in qjs a call costs as much as the few operators that it is made for, and SHA-256
// has 800 of them in each block of 64 bytes. What is computed stays the library's, word for word: functions
// are read from its files, and each must be one expression of its parameters.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const library = path.dirname(createRequire(import.meta.url).resolve('@noble/hashes/utils.js'));

/** File of the functions, and their names. */
const functions = [
  ['utils.js', ['rotr']],
  ['_md.js', ['Chi', 'Maj']],
  ['_u64.js', ['shrSH', 'shrSL', 'rotrSH', 'rotrSL', 'rotrBH', 'rotrBL']],
];

/** `{ parameters, expression }` of a function in the library's code. */
export function readFunction(code, name) {
  const written = `(?:function ${name}\\(([^)]*)\\) \\{\\s*return|const ${name} = \\(([^)]*)\\) =>) ([^;{]+);`;
  const [, first, second, expression] = new RegExp(written).exec(code) ?? [];
  if (expression === undefined) throw new Error(`inline: ${name} is no function of one expression`);
  return { parameters: (first ?? second).split(',').map((each) => each.trim()), expression };
}

/** `code` with the calls of a function replaced whose arguments are all names or numbers. */
export function inlineCalls(code, name, { parameters, expression }) {
  return code.replace(
    new RegExp(`\\b(?:u64\\.)?${name}\\((\\w+(?:, \\w+)*)\\)`, 'g'),
    (_, list) => {
      const given = list.split(', ');
      const value = Object.fromEntries(parameters.map((parameter, i) => [parameter, given[i]]));
      return `(${expression.replace(/[A-Za-z_]\w*/g, (word) => value[word] ?? word)})`;
    },
  );
}

function inlineAll(code) {
  let result = code;
  for (const [file, names] of functions) {
    const definitions = readFileSync(path.join(library, file), 'utf8');
    for (const name of names) {
      const before = result;
      result = inlineCalls(result, name, readFunction(definitions, name));
      if (result === before) throw new Error(`inline: the library does not call ${name} any more`);
    }
  }
  return result;
}

/** For esbuild. */
export const inlining = {
  name: 'inline-calls',
  setup(build) {
    build.onLoad({ filter: /@noble[/\\]hashes[/\\]sha2\.js$/ }, ({ path }) => ({
      contents: inlineAll(readFileSync(path, 'utf8')),
      loader: 'js',
    }));
  },
};
