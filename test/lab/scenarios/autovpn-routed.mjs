// AutoVPN, scenario A: two routers that have the plugin ticked and nothing else. Alice opens a connection
// to bob in clear; the routers find each other, and the same connection goes on inside ESP.
import {
  autovpn,
  between,
  bothEncrypt,
  checkHosts,
  checkStory,
  offload,
  probeCounts,
  talk,
} from '../autovpn.mjs';
import { isEsp } from '../net/capture.mjs';

export default {
  name: 'AutoVPN between two routed LANs',
  requirements: ['AV-1', 'AV-5', 'AV-9', 'AV-18', 'AV-25', 'AV-27', 'AV-30', 'AV-31'],
  topology: {},
  async run(lab) {
    const [wan, atAlice, atBob] = await Promise.all([
      lab.capture('internet', 'wan-a'),
      lab.capture('alice'),
      lab.capture('bob'),
    ]);
    await offload(lab, 'sga');
    await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
    const call = await talk(lab, 'alice', 'bob');
    const keyed = await bothEncrypt(lab);
    lab.check('AV-1 AV-5 AV-9 AV-125 both routers list a tunnel for the pair', keyed);
    await lab.settle(2000);
    const keyedAt = Date.now();
    const goesOn = await call.goesOn(20);
    await lab.settle();
    lab.check(
      'AV-30 the connection from before goes on, with flow offloading at sga',
      goesOn && call.errors().length === 0,
      call.errors(),
    );
    checkStory(lab, wan.packets());
    const late = wan.packets().filter(({ time }) => time > keyedAt);
    const pair = lab.pair('alice', 'bob');
    lab.check(
      'AV-30 AV-101 only ESP for the pair between the gateways',
      late.some(isEsp) && between(late, pair).length === 0,
      `${late.filter(isEsp).length} ESP, ${between(late, pair).length} clear`,
    );
    checkHosts(lab, atAlice, atBob);
    const before = probeCounts(wan.packets());
    const page = await lab.connect('alice', 'bob');
    await lab.settle();
    lab.check('AV-29 another flow of the pair has the same tunnel', page.body === 'Hello from bob');
    const again = probeCounts(wan.packets());
    lab.check(
      'AV-93 no further probe while the tunnel stands',
      JSON.stringify(before) === JSON.stringify(again),
      JSON.stringify(again),
    );
    await call.stop();
  },
};
