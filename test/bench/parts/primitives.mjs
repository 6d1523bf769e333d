// Primitives in a second, under qjs and under Node.
import { runProgram } from '../engines.mjs';
import { rounded } from '../statistics.mjs';

export const title = 'Primitives, on the host';

export async function measure({ tell }) {
  tell('primitives under qjs');
  const inQjs = await runProgram('primitives', 'host');
  tell('primitives under Node');
  const inNode = new Map(
    (await runProgram('primitives', 'node')).map((each) => [each.name, each.perSecond]),
  );
  return inQjs.map(({ name, perSecond }) => ({
    what: name,
    figure: `${rounded(perSecond)} per second (${rounded(1000 / perSecond)} ms)`,
    beside: `Node: ${rounded(inNode.get(name))} per second`,
  }));
}
