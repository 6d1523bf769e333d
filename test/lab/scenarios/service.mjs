// What a router does to the service while a tunnel is in use: the firewall takes all tables away, the
// configuration is applied again, metrics are asked for. Nothing of the tunnel notices.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isEsp, isIke } from '../net/capture.mjs';
import { eventually } from '../net/machine.mjs';

export default {
  name: 'firewall stopped, configuration applied',
  requirements: [],
  topology: {},
  seconds: 240,
  async run(lab) {
    const wan = await lab.capture('internet', 'wan-a');
    await Promise.all([lab.start('sga'), lab.start('sgb')]);
    const first = await lab.ping('alice', 'bob', { waitSeconds: 20 });
    lab.check('a tunnel stands', first.received === 1);
    await lab.settle();
    const before = { ike: keyings(wan), spis: spisIn(wan) };
    await stopFirewall(lab);
    await applyConfiguration(lab);
    const later = await lab.ping('alice', 'bob', { count: 3 });
    await lab.settle();
    lab.check('its traffic goes on', later.received === 3, `${later.received} of 3`);
    const told = `${keyings(wan) - before.ike} packets for keys, SPIs ${spisIn(wan)}`;
    lab.check('with the same keys', keyings(wan) === before.ike, told);
    lab.check('in the same two SAs', spisIn(wan) === before.spis, told);
    lab.assertNoClearPacket('no clear packet of the pair', wan, lab.pair('alice', 'bob'));
    await removeMetrics(lab);
  },
};

/** Packets of exchanges that make keys; whether the other one lives may be asked at any time. */
const keyings = (capture) =>
  capture.packets().filter((each) => isIke(each) && each.ike.exchange !== 'INFORMATIONAL').length;

const spisIn = (capture) =>
  [
    ...new Set(
      capture
        .packets()
        .filter(isEsp)
        .map((each) => each.spi),
    ),
  ]
    .sort()
    .join();

/** As `service firewall stop` does it: all tables of everybody. */
async function stopFirewall(lab) {
  const { sga } = lab.routers;
  await lab.machine.run('sga', ['nft', 'flush', 'ruleset']);
  await sga.daemon.says(/somebody removed our nftables table; it is there again/, 60_000);
  const tables = await sga.tables();
  lab.check('our table is there again', /inet autoipsec/.test(tables), tables);
}

/** Below /var, as the option demands; that /run is the same folder. */
const metricsFile = (lab) => path.join('/var', lab.routers.sga.folder, 'metrics/autoipsec.prom');

/** As Save & Apply does it: another file, and the signal of a reload. */
async function applyConfiguration(lab) {
  const { sga } = lab.routers;
  const policies = [{ class: 'deny', destination: ['203.0.113.0/24'] }];
  sga.configure({ main: { metrics_file: metricsFile(lab) }, policies });
  sga.daemon.child.kill('SIGHUP');
  await sga.daemon.says(/new settings are in use/, 60_000);
  const isWritten = () => existsSync(metricsFile(lab));
  lab.check('metrics are there', await eventually(isWritten, 60_000));
  const text = isWritten() ? readFileSync(metricsFile(lab), 'utf8') : '';
  lab.check(
    'they tell of the tunnel',
    /^autoipsec_connections{state="keyed"} 1$/m.test(text),
    text,
  );
}

async function removeMetrics(lab) {
  await lab.stop('sga');
  lab.check('the metrics end with the daemon', !existsSync(metricsFile(lab)));
}
