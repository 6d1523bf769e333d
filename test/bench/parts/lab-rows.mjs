// Rows of the table out of what was measured in the lab.
import { median, rounded, spread } from '../statistics.mjs';

const ms = (results) =>
  spread(
    results.filter((each) => each.ok).map((each) => each.ms),
    'ms',
  );

/** How many connections had to send their SYN again, or failed. */
function trouble(results) {
  const repeated = results.filter((each) => each.repeated > 0).length;
  const failed = results.filter((each) => !each.ok).length;
  const words = [`SYN sent again in ${repeated} of ${results.length}`];
  if (failed > 0) words.push(`${failed} failed`);
  return words.join(', ');
}

const row = (what, results, beside = '') => ({
  what,
  figure: `${ms(results)}, ${trouble(results)}`,
  beside,
});

const medianOf = (results) => median(results.filter((each) => each.ok).map((each) => each.ms));

/** CPU of both routers for one connection, as emulated. */
const cpuOf = (results) =>
  ['sga', 'sgb']
    .map((router) => `${rounded(median(results.map((each) => each.cpu[router])))} ms`)
    .join(' at the initiator, ');

const slowdown = ({ calibrationMs, hostMs }) => calibrationMs / hostMs;

/** How far to trust what was emulated. */
function slowdownRows(results) {
  const { calibrationMs, hostMs, startMs, hostStartMs } = results;
  const beside = (there, here) => `${rounded(there)} ms by ${rounded(here)} ms`;
  return [
    {
      what: 'a fixed piece of work in qjs, in the lab by on the host',
      figure: `${rounded(slowdown(results))} times`,
      beside: `${beside(calibrationMs, hostMs)} of CPU time`,
    },
    {
      what: 'start and end of a small program, in the lab by on the host',
      figure: `${rounded(startMs / hostStartMs)} times`,
      beside: beside(startMs, hostStartMs),
    },
  ];
}

/** Round trips of a new tunnel with known DNS: two of IKE, one of the connection. */
const roundTripsMs = 60;

function estimateRow(results) {
  const computing = medianOf(results.own) - roundTripsMs;
  return {
    what: 'autoipsec, from the router itself, without emulation: an estimate',
    figure: `${rounded(roundTripsMs + computing / slowdown(results))} ms`,
    beside: `${roundTripsMs} ms of round trips, the rest divided by the slowdown of qjs`,
  };
}

export function connectRows(results) {
  const { cold, warm, own, next, libreswan, strongswan } = results;
  const series = [
    ['autoipsec, cold DNS', cold, 'goal: no SYN sent again'],
    ['autoipsec, DNS known to the resolvers', warm, warm && `CPU: ${cpuOf(warm)} at the responder`],
    ['autoipsec, DNS known, from the router itself', own, own && besideOther(own, libreswan)],
    ['autoipsec, next destination behind a known gateway', next, 'CREATE_CHILD_SA'],
  ];
  for (const [name, other, how] of [
    ['libreswan', libreswan, 'IPSECKEY, DNS known'],
    ['strongSwan', strongswan, 'configured, trap policy'],
  ]) {
    const { held, shipped } = other?.connect ?? {};
    const from = 'from the router itself';
    series.push([`${name} ${other?.version}, ${how}, kernel hold set by hand`, held, from]);
    series.push([`${name}, ${how}, as shipped`, shipped, from]);
  }
  const rows = series
    .filter(([, measured]) => measured?.length > 0)
    .map(([what, measured, beside]) => row(what, measured, beside));
  if (rows.length === 0) throw new Error('no connection was measured');
  return [
    ...rows,
    ...(own ? [estimateRow(results)] : []),
    ...(cold && warm ? stepRows(cold, warm) : []),
    ...slowdownRows(results),
  ];
}

function besideOther(own, libreswan) {
  const held = libreswan?.connect?.held.filter((each) => each.ok) ?? [];
  if (held.length === 0) return 'goal: faster than libreswan';
  const ratio = medianOf(held) / medianOf(own);
  return `goal: faster than libreswan; libreswan takes ${rounded(ratio)} times`;
}

function stepRows(cold, warm) {
  const medians = (results, name) => {
    const values = results.map((each) => each.steps[name]).filter(Number.isFinite);
    return values.length > 0 ? `${rounded(median(values))} ms` : 'not seen';
  };
  return Object.keys(cold[0].steps).map((name) => ({
    what: `– ${name}`,
    figure: `${medians(cold, name)} with cold DNS`,
    beside: `${medians(warm, name)} with DNS known`,
  }));
}

/** What is left on the host when the two round trips (DNS, TCP) are taken away. */
const networkMs = 40;

export function clearRows(results) {
  const { clear, libreswan } = results;
  if (!clear) throw new Error('no destination without records was measured');
  const processing = medianOf(clear) - networkMs;
  const onHost = processing / slowdown(results);
  const rows = [
    row('autoipsec, cold DNS', clear, 'one DNS round trip and one of the connection are 40 ms'),
    {
      what: 'processing, without these',
      figure: `${rounded(processing)} ms emulated`,
      beside: `goal: 20 ms on the host's CPU; divided by the slowdown: ${rounded(onHost)} ms`,
    },
    {
      what: 'CPU time of daemon, broker and their children',
      figure: `${rounded(median(clear.map((each) => each.cpu.sga)))} ms emulated`,
      beside: 'counted in steps of 10 ms, nft afterwards included',
    },
  ];
  if (libreswan?.clear)
    rows.push({
      what: 'libreswan, no record, as shipped',
      figure: libreswan.clear.ok
        ? `${rounded(libreswan.clear.ms)} ms`
        : `not clear after ${libreswan.clearPatience} s`,
      beside: 'measurement ended there',
    });
  return [...rows, ...slowdownRows(results)];
}

const megabytes = (kilobytes) => `${(kilobytes / 1000).toFixed(1)} MB`;
const sum = (tree, field) => tree.reduce((total, each) => total + each[field], 0);
const sizes = (tree) => `RSS ${megabytes(sum(tree, 'rss'))}, PSS ${megabytes(sum(tree, 'pss'))}`;

/** Of our tree, script and broker are meant; `ip` is what any router runs. */
const isHelper = ({ name }) => name === 'ip' || name === 'nft';

function memoryRow(what, tree, beside = '') {
  const own = tree.filter((each) => !isHelper(each));
  const helpers = tree.filter(isHelper);
  const each =
    own.length > 1 ? ` (${own.map((one) => `${one.name} ${megabytes(one.rss)}`).join(', ')})` : '';
  const more = helpers.length > 0 ? `; ${helpers.length} helpers (ip) ${sizes(helpers)}` : '';
  return { what, figure: `${sizes(own)}${each}`, beside: `${beside}${more}` };
}

export function memoryRows({ libreswan, strongswan, ...ours }) {
  const rows = [];
  const goal = 'qjs and broker: under';
  const own = (library, idle, busy, tunnels) => {
    const name = `autoipsec with ${library}`;
    if (idle) rows.push(memoryRow(`${name}, idle`, idle, `${goal} 7 MB`));
    const what = `${name}, ${tunnels} tunnels with 40 gateways`;
    if (busy) rows.push(memoryRow(what, busy, `${goal} 11 MB`));
  };
  own('musl, as on OpenWrt', ours.muslIdleMemory, ours.muslBusyMemory, ours.muslTunnels);
  own('glibc, as the others', ours.idleMemory, ours.glibcBusyMemory, ours.glibcTunnels);
  if (strongswan?.memory)
    rows.push(
      memoryRow(`strongSwan ${strongswan.version}, idle`, strongswan.memory, 'fewest plugins'),
    );
  if (libreswan?.memory)
    rows.push(memoryRow(`libreswan ${libreswan.version}, idle`, libreswan.memory));
  if (rows.length === 0) throw new Error('no memory was measured');
  return rows;
}
