// Strangers by the thousand call the responder: first messages with forged sources, and some from real
// addresses that bring cookies back and then talk nonsense. An honest peer gets its tunnel, what
// stands goes on, memory stays bounded, and status tells a person what is going on.
import { readFileSync } from 'node:fs';
import { forgeFlood } from '../flood.mjs';
import { eventually } from '../net/machine.mjs';

/** Calls a second. */
const rates = { forged: 80, real: 4 };
/** It is stopped before. */
const seconds = 900;
const realSources = 6;
/** Kilobytes that a bounded number of half-open SAs, and a busy heap, may take. */
const growthLimit = 12_000;

const rss = (router) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${router.daemon.pid}/status`, 'latin1'))[1]);

const isFlood = (warning) => warning.includes('flood of unknown callers');

const configuration = { main: { patience: '120' }, wan: { default_class: 'oe-paranoid' } };

export default {
  name: 'flood',
  requirements: ['OE-152'],
  isRare: true,
  topology: { extra: { bob: 2, carol: realSources } },
  seconds: 300,
  async run(lab) {
    const { sgb } = lab.routers;
    const wan = await lab.capture();
    await lab.start('sgb');
    const before = rss(sgb);
    const flood = await startFlood(lab);
    const hasWarning = async () => (await lab.status('sgb')).warnings.some(isFlood);
    const isTold = await eventually(hasWarning, 60_000);
    lab.check('OE-152 status tells of the flood in words', isTold);

    await lab.start('sga', configuration);
    const page = await lab.connect('alice', 'bob', { timeoutSeconds: 100 });
    lab.check('OE-152 an honest peer gets its tunnel', page.body === 'Hello from bob', page.error);
    const pings = await lab.ping('alice', 'bob', { count: 10 });
    lab.check('OE-152 existing tunnels work', pings.received === 10, pings.received);
    const address = lab.extraAddress('bob', 0);
    const more = await lab.connect('alice', 'bob', { address, timeoutSeconds: 100 });
    lab.check('OE-152 a proven peer gets one more', more.ok, more.error);
    lab.assertNoClearPacket('OE-152 nothing went clear', wan, lab.pair('alice', 'bob'));

    const { ike } = await lab.status('sgb');
    lab.check('OE-152 cookies were demanded', ike['cookies demanded'] > 50, JSON.stringify(ike));
    lab.check('OE-152 the half-open are few', ike['half-open'] <= 64, ike['half-open']);
    const growth = rss(sgb) - before;
    lab.check('OE-152 memory is bounded', growth < growthLimit, `${growth} kB more`);
    lab.tell(`${growth} kB more; ${ike['half-open']} half-open; ${page.totalMs} ms`);
    await flood.stop();
    const isCalm = await eventually(async () => !(await hasWarning()), 60_000);
    lab.check('OE-152 when it is over, status says no more of it', isCalm);
  },
};

function startFlood(lab) {
  const sources = Array.from({ length: realSources }, (_, i) => lab.extraAddress('carol', i));
  return forgeFlood(lab, { target: lab.address('sgb'), rates, seconds, sources });
}
