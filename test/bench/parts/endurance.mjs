// Memory of the IKE daemon under qjs: 10,000 set-ups and teardowns, and 1,000 tunnels at once. Both
// ends are in one process, so growth is that of two daemons; it must stop after the warm-up.
import { runProgram } from '../engines.mjs';

export const title = 'Memory of two IKE daemons in one qjs, over the memory network';

const cycles = 10_000;
const tunnels = 1_000;
/** Half of the cycles warm it up. More than this per cycle afterwards would be a leak. */
const mostBytesPerCycle = 16;

export async function measure({ tell }) {
  tell(`${cycles} set-ups and teardowns under qjs, some minutes`);
  const turns = await runProgram('memory', 'host', ['cycles', String(cycles)]);
  const [middle, last] = [turns.at(Math.floor(turns.length / 2) - 1), turns.at(-1)];
  const grown =
    ((last.residentKilobytes - middle.residentKilobytes) * 1024) / (last.done - middle.done);
  if (grown > mostBytesPerCycle)
    throw new Error(`memory grows by ${grown.toFixed(0)} bytes a cycle`);
  tell(`${tunnels} tunnels at once under qjs`);
  const at = (await runProgram('memory', 'host', ['tunnels', String(tunnels)])).at(-1);
  return [
    {
      what: `RSS after ${last.done} set-ups and teardowns`,
      figure: `${last.residentKilobytes} kB`,
      beside: `after ${middle.done}: ${middle.residentKilobytes} kB`,
    },
    {
      what: `one of ${at.done} tunnels, each with an IKE SA of its own`,
      figure: `${at.bytesEach} bytes`,
      beside: `RSS with all, both ends: ${at.residentKilobytes} kB`,
    },
  ];
}
