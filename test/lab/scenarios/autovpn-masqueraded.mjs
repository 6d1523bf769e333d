// AutoVPN, scenario B: alice's router is the NAPT, as at home. The pair is that of its own address, and
// the connection from before, translated here and offloaded there, goes on inside ESP.
import {
  autovpn,
  between,
  bothEncrypt,
  checkDissectors,
  checkHosts,
  checkStory,
  offload,
  probeName,
  talk,
} from '../autovpn.mjs';
import { isEsp, isSyn } from '../net/capture.mjs';

export default {
  name: 'AutoVPN from a masqueraded LAN',
  requirements: ['AV-30', 'AV-74', 'AV-95', 'AV-96', 'AV-103', 'AV-104'],
  // AV-11: nobody answers questions about names, and no router looks where a packet came from
  topology: { masquerade: ['sga'], nameServer: 'silent', extra: { alice: 1 } },
  packages: ['tshark'],
  async run(lab) {
    const [wan, atAlice, atBob] = await Promise.all([
      lab.capture('internet', 'wan-a'),
      lab.capture('alice'),
      lab.capture('bob'),
    ]);
    await Promise.all([offload(lab, 'sga'), offload(lab, 'sgb')]);
    for (const router of ['sga', 'sgb'])
      await lab.machine.run(router, ['sysctl', '-q', '-w', 'net.ipv4.conf.all.rp_filter=0']);
    await Promise.all([lab.start('sga', autovpn()), lab.start('sgb', autovpn())]);
    const call = await talk(lab, 'alice', 'bob');
    const keyed = await bothEncrypt(lab);
    lab.check('AV-11 AV-12 AV-96 a tunnel for the address of the router that translates', keyed);
    await lab.settle(2000);
    const keyedAt = Date.now();
    const goesOn = await call.goesOn(20);
    // Another host of the LAN, of which nobody has told
    const second = await talk(lab, 'alice', 'bob', `${lab.network.sites.sga[4].hostPrefix}100`);
    const secondGoesOn = await second.goesOn(20);
    await second.stop();
    await lab.settle();
    lab.check(
      'AV-30 AV-96 the connection from before goes on, with flow offloading at both',
      goesOn && call.errors().length === 0,
      call.errors(),
    );
    lab.check('AV-29 AV-96 so does one of another host', secondGoesOn, second.errors());
    const packets = wan.packets();
    checkStory(lab, packets);
    checkNatDetect(lab, packets);
    await checkDissectors(lab, wan);
    const late = packets.filter(({ time }) => time > keyedAt);
    const clear = between(late, lab.pair('alice', 'bob'));
    lab.check(
      'AV-30 AV-96 only ESP for the pair between the gateways',
      late.some(isEsp) && clear.length === 0,
      `${late.filter(isEsp).length} ESP, ${clear.length} clear`,
    );
    checkHosts(lab, atAlice, atBob);
    const policies = await lab.routers.sga.xfrmPolicies();
    const ours = policies.split(/^(?=src )/m).filter((each) => /\bdir /.test(each));
    const selectors = [...new Set(ours.map((each) => /^src \S+ dst \S+/.exec(each)[0]))].sort();
    const [alice, bob] = lab.pair('alice', 'bob');
    lab.check(
      'AV-103 AV-104 the selectors are one address each: the proven ones',
      selectors.join() ===
        [`src ${alice}/32 dst ${bob}/32`, `src ${bob}/32 dst ${alice}/32`].sort().join(),
      selectors.join('; '),
    );
    const priorities = ours.map((each) => Number(/priority (\d+)/.exec(each)?.[1]));
    lab.check(
      'AV-A32 they are weaker than what anybody configures',
      priorities.length > 0 && priorities.every((each) => each >= 0x7000_0000),
      priorities,
    );
    await call.stop();
  },
};

/** AV-73: 4 octets under a mask, then the port. */
function checkNatDetect(lab, packets) {
  const request = packets.find((each) => probeName(each) === 'Probe Request');
  const value = Buffer.from(request?.probe.payloads[4] ?? '', 'hex');
  const address = [...value.subarray(0, 4)].map((octet) => octet ^ 0x0f).join('.');
  const port = value.length >= 6 ? value.readUInt16BE(4) : 0;
  const bob = lab.address('bob');
  const flows = packets.filter((each) => isSyn(each) && each.destination === bob);
  lab.check(
    'AV-74 NAT-Detect is the translated source of the flow',
    flows.some((syn) => syn.source === address && syn.sourcePort === port),
    `${address}:${port}`,
  );
}
