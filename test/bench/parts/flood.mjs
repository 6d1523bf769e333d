// New IKE SAs with a tunnel while strangers call the responder, next to the same with nobody calling, in
// one run: two ends on real sockets in two network namespaces, no kernel SAs. Needs root.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { buildBroker } from '../../tools/broker.mjs';
import { buildFlood } from '../../tools/flood.mjs';
import { bundleProgram, engineCommand } from '../engines.mjs';
import { median, rounded, spread } from '../statistics.mjs';

export const title =
  'IKE_SA_INIT and IKE_AUTH with a responder under a flood of first messages, on the host';

/** Forged first messages a second. */
const rates = [300, 1000, 2000];
/** Calls a second from real addresses that bring cookies back, and then talk nonsense. */
const realRate = 10;
const seconds = 40;
const times = 9;

const peer = '192.0.2.1';
const responder = '192.0.2.2';
/** Another block than the peer's: each block has its share. */
const strangers = ['198.51.100.10', '198.51.100.11'];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function ip(...words) {
  const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr.trim()}`);
}

/** Answers to forged sources (10.0.0.0/8) end on the way, as they mostly do. */
function buildNetwork([near, far]) {
  ip('netns', 'add', near);
  ip('netns', 'add', far);
  ip(
    'link',
    'add',
    'veth-a',
    'netns',
    near,
    'type',
    'veth',
    'peer',
    'name',
    'veth-b',
    'netns',
    far,
  );
  for (const each of [peer, ...strangers])
    ip('-n', near, 'address', 'add', `${each}/24`, 'dev', 'veth-a');
  ip('-n', far, 'address', 'add', `${responder}/24`, 'dev', 'veth-b');
  ip('-n', near, 'link', 'set', 'veth-a', 'up');
  ip('-n', far, 'link', 'set', 'veth-b', 'up');
  ip('-n', far, 'route', 'add', 'default', 'via', peer);
  ip('-n', near, 'route', 'add', 'blackhole', '10.0.0.0/8');
}

/** A program in a namespace; `lines`: what it has printed. */
function start(namespace, argv) {
  const env = { ...process.env, AUTOIPSEC_BROKER: buildBroker('host') };
  const words = ['netns', 'exec', namespace, ...argv.map(String)];
  const child = spawn('ip', words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  return { child, ended, lines: () => text.split('\n').filter(Boolean) };
}

async function setUps(namespace, program) {
  const run = start(namespace, [...program, 'connect', peer, responder, times]);
  await run.ended;
  return run.lines().map((line) => JSON.parse(line));
}

const residentOf = ({ child }) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))[1]);

async function underFlood(near, program, rate) {
  const flood = buildFlood();
  const forger = start(near, [flood, 'forge', responder, rate, seconds]);
  const real = start(near, [flood, 'echo', responder, realRate, seconds, ...strangers]);
  await sleep(3000);
  const values = await setUps(near, program);
  for (const { child } of [forger, real]) child.kill();
  await Promise.all([forger.ended, real.ended]);
  return values;
}

const timesOf = (values) => values.filter((each) => each !== null);

const row = (what, values, beside) => {
  const failed = values.length - timesOf(values).length;
  const figure = spread(timesOf(values), 'ms') + (failed > 0 ? `, ${failed} failed` : '');
  return { what, figure, beside };
};

export async function measure({ tell }) {
  if (process.getuid() !== 0) throw new Error('needs root for network namespaces');
  const script = await bundleProgram('ike-end', 'host');
  const program = [...(await engineCommand('host')), script];
  const names = ['near', 'far'].map((name) => `bench-${process.pid}-${name}`);
  const [near, far] = names;
  let end;
  try {
    buildNetwork(names);
    end = start(far, [...program, 'respond', responder]);
    await sleep(2000);
    tell('flood: set-ups with nobody calling');
    const idle = await setUps(near, program);
    const before = residentOf(end);
    const rows = [row('nobody calls', idle, '')];
    for (const rate of rates) {
      tell(`flood: set-ups under ${rate} forged and ${realRate} real calls a second`);
      const values = await underFlood(near, program, rate);
      const ratio = rounded(median(timesOf(values)) / median(timesOf(idle)));
      const beside = `${ratio} times idle; goal: at most 3 times`;
      rows.push(row(`${rate} forged and ${realRate} real calls a second`, values, beside));
      await sleep(1000);
    }
    const counters = JSON.parse(end.lines().at(-1));
    rows.push({
      what: 'resident memory of the responder',
      figure: `${rounded(residentOf(end) / 1000)} MB, ${rounded(before / 1000)} MB before`,
      beside: `${counters['cookies demanded']} cookies demanded, ${counters['calls passed over']} calls passed over, ${counters['half-open']} half-open`,
    });
    return rows;
  } finally {
    end?.child.kill();
    await end?.ended;
    for (const name of names) spawnSync('ip', ['netns', 'del', name]);
  }
}
