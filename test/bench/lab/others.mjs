// What libreswan and strongSwan have in common here: the two gateways alone are the ends of the
// tunnel, because behind masquerading or for other hosts neither of them can hold the first packet.
import { eventually, sleep } from '../../lab/net/machine.mjs';
import { memoryTree, quiet } from './processes.mjs';

const routers = ['sga', 'sgb'];
const heldTimes = 4;
const shippedTimes = 2;
/** A SYN is sent again after 1, 3 and 7 seconds; with a busy machine it may take all of them. */
const timeoutSeconds = 20;

export const bothRouters = (run) => Promise.all(routers.map(run));

/** net.core.xfrm_larval_drop: 1 as the kernel is shipped, 0 holds packets until the SA is there. */
function holdPackets(world, isHeld) {
  const word = `net.core.xfrm_larval_drop=${isHeld ? 0 : 1}`;
  return bothRouters((router) => world.machine.run(router, ['sysctl', '-q', '-w', word]));
}

/** Waits until both kernels have no SA, then drops what an unanswered acquire left. */
async function noStates(world) {
  const isThere = async (router) =>
    /mode tunnel/.test(await world.machine.run(router, ['ip', 'xfrm', 'state']));
  await bothRouters((router) => eventually(async () => !(await isThere(router)), 10_000));
  await sleep(500);
  await bothRouters((router) => world.machine.run(router, ['ip', 'xfrm', 'state', 'flush']));
}

async function series(world, count, closeTunnel) {
  const address = world.network.sites.sgb[4].wan;
  const results = [];
  for (let i = 0; i < count; i++) {
    await quiet();
    results.push(await world.connect('sga', address, { timeoutSeconds }));
    await sleep(500);
    await closeTunnel();
    await noStates(world);
  }
  return results;
}

/** `closeTunnel` ends the tunnel on both sides; the next packet asks for a new one. */
export async function connectSeries(world, name, closeTunnel, tell) {
  tell(`${name}: new tunnels, packets held by the kernel`);
  await holdPackets(world, true);
  // the first one loads programs and scripts
  await series(world, 1, closeTunnel);
  const held = await series(world, heldTimes, closeTunnel);
  tell(`${name}: new tunnels, as shipped`);
  await holdPackets(world, false);
  const shipped = await series(world, shippedTimes, closeTunnel);
  return { held, shipped };
}

/** Of the daemon alone, without scripts that it runs at the moment. */
export const memory = (program) => memoryTree(program.pid).slice(0, 1);
