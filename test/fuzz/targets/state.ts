/** State files of an earlier run: a daemon starts from whatever they say. */
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { StateFiles } from '../../../src/core/platform/state-files.js';
import { type MortalEnd, MortalWorld } from '../../support/mortal-end.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { assert, type Target, taker } from '../target.js';
import { mutateJson } from '../text.js';

const folder = '/run/state';

/** Names and values, with bytes as `{"bytes": hex}`. */
type Saved = readonly (readonly [string, unknown])[];

const isSaved = (value: unknown): value is Saved =>
  Array.isArray(value) && value.every((each) => Array.isArray(each) && typeof each[0] === 'string');

const toText = (saved: Saved): string =>
  JSON.stringify(saved, (_, each) => (each instanceof Uint8Array ? { bytes: toHex(each) } : each));

const fromText = (text: string): unknown =>
  JSON.parse(text, (_, each) => {
    const hex = (each as { bytes?: unknown } | null)?.bytes;
    return typeof hex === 'string' && /^([0-9a-f]{2})*$/.test(hex) ? fromHex(hex) : each;
  });

const stateOf = (world: MortalWorld, files: MemoryFiles): StateFiles =>
  new StateFiles({ files, clock: world.clock, folder, complain: () => undefined });

/** Two tunnels over one IKE SA, as each end has kept it. */
async function record(): Promise<{ texts: string[]; files: Uint8Array[] }> {
  const world = new MortalWorld();
  await world.start();
  const { left, right } = world;
  for (const host of [1, 2]) {
    void left.daemon.connect(left.wish(right, host));
    await world.pass(1000);
  }
  const texts = world.ends.map(({ files }) => toText([...stateOf(world, files).readAll('')]));
  const files = [...left.files.content].filter(([path]) => path.endsWith('.state'));
  for (const end of world.ends) void end.daemon.stop(1000);
  await world.pass(3000);
  return { texts, files: files.map(([, { bytes }]) => bytes) };
}

const seeds = await record();

async function startFrom(input: Uint8Array): Promise<string> {
  const world = new MortalWorld();
  const end: MortalEnd = world.left;
  let saved: unknown;
  try {
    saved = fromText(fromUtf8(input));
  } catch {
    return 'no JSON';
  }
  if (!isSaved(saved)) return 'no files';
  const state = stateOf(world, end.files);
  // no file of ours holds nothing
  for (const [name, value] of saved) state.write(name.slice(0, 100), value ?? null);
  await world.start();
  await world.pass(500);
  const tunnels = end.tunnels.length;
  for (const each of world.ends) void each.daemon.stop(500);
  await world.pass(60_000);
  const bug = end.lines.find((line) => /^error|internal error/.test(line));
  assert(!bug, `the daemon logs ${bug}`);
  assert(world.clock.pendingTimers === 0, `${world.clock.pendingTimers} timers stay`);
  const refused = end.lines.filter((line) => /not used|not taken|refused/.test(line));
  return `${tunnels} ${refused
    .join()
    .replace(/[0-9a-f]{4,}|\d+/g, '#')
    .slice(0, 120)}`;
}

/** What a file holds once its checksum was right. */
function readFile(input: Uint8Array): unknown {
  const files = new MemoryFiles();
  files.content.set(`${folder}/sa-00.state`, { bytes: input, mode: 0o600 });
  const complaints: string[] = [];
  const complain = (line: string) => void complaints.push(line.replace(/\d+/g, '#'));
  const parts = { files, clock: { monotonicMs: () => 1e9 }, folder, complain };
  return [[...new StateFiles(parts).readAll('sa-').values()], complaints.join()];
}

export const stateTargets: readonly Target[] = [
  taker('state file', seeds.files, readFile, { cost: 4 }),
  {
    name: 'state, a daemon starts',
    cost: 200,
    seeds: seeds.texts.map(utf8),
    mutate: mutateJson,
    run: startFrom,
  },
];
