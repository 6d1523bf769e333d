/** State files of an earlier run: a daemon starts from whatever they say. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import type { InstalledSa } from '../../../src/core/kernel/child-sa.js';
import { StateFiles } from '../../../src/core/platform/state-files.js';
import { type MortalEnd, MortalWorld } from '../../support/mortal-end.js';
import { MemoryFiles } from '../../support/test-platform.js';
import { assert, behind, type Mutate, once, type Target, taker } from '../target.js';
import { asJson, mutateJson } from '../text.js';

const folder = '/run/state';

/** Names and values, with bytes as `{"bytes": hex}`. */
type Saved = readonly (readonly [string, unknown])[];

const isSaved = (value: unknown): value is Saved =>
  Array.isArray(value) && value.every((each) => Array.isArray(each) && typeof each[0] === 'string');

const toText = (saved: Saved): string =>
  JSON.stringify(saved, (_, each) => (each instanceof Uint8Array ? { bytes: toHex(each) } : each));

const bytesAgain = (_: string, each: unknown): unknown => {
  const hex = (each as { bytes?: unknown } | null)?.bytes;
  return typeof hex === 'string' && /^([0-9a-f]{2})*$/.test(hex) ? fromHex(hex) : each;
};

const stateOf = (world: MortalWorld, files: MemoryFiles): StateFiles =>
  new StateFiles({ files, clock: world.clock, folder, complain: () => undefined });

interface Recording {
  /** What each end has kept at several moments, as text; a new one where something has changed. */
  moments: { left: string; right: string }[];
  /** What the kernel of each end has had, at any time. */
  kernels: { left: InstalledSa[]; right: InstalledSa[] };
  /** State files as they are on the disk. */
  files: Uint8Array[];
}

/** Two tunnels over one IKE SA, both rekeyed, and one deleted: moments in and between exchanges. */
async function record(): Promise<Recording> {
  const world = new MortalWorld();
  await world.start();
  const { left, right } = world;
  const moments: Recording['moments'] = [];
  const kernels: Recording['kernels'] = { left: [], right: [] };
  const look = () => {
    const kept = (end: MortalEnd) => toText([...stateOf(world, end.files).readAll('')]);
    const moment = { left: kept(left), right: kept(right) };
    const last = moments.at(-1);
    if (last?.left !== moment.left || last.right !== moment.right) moments.push(moment);
    for (const side of ['left', 'right'] as const)
      for (const each of world[side].kernel)
        if (!kernels[side].includes(each)) kernels[side].push(each);
  };
  const watch = async () => {
    for (let i = 0; i < 8; i++) {
      await world.clock.advance(10);
      look();
    }
  };
  const connect = async (host: number) => {
    const connecting = left.daemon.connect(left.wish(right, host));
    await watch();
    const result = await connecting;
    assert(result.ok, 'seeds: no tunnel');
    return result.tunnel;
  };
  const first = await connect(1);
  const second = await connect(2);
  void left.daemon.rekey(first);
  await watch();
  void right.daemon.rekeyIke(right.tunnels[0]!);
  await watch();
  void left.daemon.close(second);
  await watch();
  const files = [...left.files.content].filter(([path]) => path.endsWith('.state'));
  for (const end of world.ends) void end.daemon.stop(1000);
  await world.pass(3000);
  return { moments, kernels, files: files.map(([, { bytes }]) => bytes) };
}

const recording = once(record);

/** Behind one byte, the moment and whose files they are: even numbers are the left end's. */
const seedsOf = ({ moments }: Recording): Uint8Array[] =>
  moments.flatMap(({ left, right }, index) =>
    [left, right].map((text, side) => concat(Uint8Array.of(2 * index + side), utf8(text))),
  );

/** Mutates one file of the list, or the whole of it. */
const mutateSaved: Mutate = (input, dice, other) => {
  const [saved, others] = [input, other].map((each) => asSaved(each.subarray(1)));
  const at = dice.below(saved?.length ?? 0);
  const [name, value] = saved?.[at] ?? [];
  if (!saved || !name || dice.oneIn(6)) return behind(1, mutateJson)(input, dice, other);
  const foreign = others && others.length > 0 ? dice.pick(others)[1] : null;
  const text = (each: unknown) => utf8(JSON.stringify(each ?? null));
  const mutated = asJson(mutateJson(text(value), dice, text(foreign)));
  const list = saved.map((each, index) => (index === at ? [name, mutated] : each));
  return concat(input.subarray(0, 1), utf8(JSON.stringify(list)));
};

function asSaved(bytes: Uint8Array): Saved | undefined {
  const value = asJson(bytes);
  return isSaved(value) ? value : undefined;
}

function write(world: MortalWorld, end: MortalEnd, saved: Saved): void {
  const state = stateOf(world, end.files);
  // no file of ours holds nothing
  for (const [name, value] of saved) state.write(name.slice(0, 100), value ?? null);
}

/** One end starts from the input, the other from what it has kept in earnest. */
async function startFrom(input: Uint8Array): Promise<string> {
  const { moments, kernels } = await recording();
  const number = input[0] ?? 0;
  const moment = moments[(number >> 1) % moments.length]!;
  const saved = asJson(input.subarray(1), bytesAgain);
  if (!isSaved(saved)) return saved === undefined ? 'no JSON' : 'no files';
  const world = new MortalWorld();
  const isLeft = number % 2 === 0;
  const [end, other] = isLeft ? [world.left, world.right] : [world.right, world.left];
  write(world, end, saved);
  write(world, other, JSON.parse(isLeft ? moment.right : moment.left, bytesAgain) as Saved);
  world.left.kernel.push(...kernels.left);
  world.right.kernel.push(...kernels.right);
  await world.start();
  const adopted = end.kernel.length;
  await world.clock.advance(500);
  const tunnels = end.tunnels.length;
  for (const each of world.ends) void each.daemon.stop(500);
  await world.clock.advance(200_000);
  for (const { lines } of world.ends) {
    const bug = lines.find((line) => /^error|internal error/.test(line));
    assert(!bug, `a daemon logs ${bug}`);
  }
  assert(world.clock.pendingTimers === 0, `${world.clock.pendingTimers} timers stay`);
  const refused = end.lines.filter((line) => /not used|not taken|refused/.test(line));
  return `${adopted} ${tunnels} ${refused
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

export const stateFile: Target = taker(
  'state file',
  async () => (await recording()).files,
  readFile,
);

export const startFromState: Target = {
  name: 'state, a daemon starts',
  cost: 20,
  seeds: async () => seedsOf(await recording()),
  mutate: mutateSaved,
  run: startFrom,
};
