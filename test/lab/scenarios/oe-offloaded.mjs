// Flow offloading, as fw4 has it, on a router that masquerades: a connection in a tunnel stays in it, one
// that was clear and offloaded before goes into it, and so does one when offloading is switched on later.
import { between, offload, talk } from '../autovpn.mjs';
import { isEsp } from '../net/capture.mjs';

/** The LAN becomes a bridge with one port, as OpenWrt's `br-lan`. */
async function bridgeLan(lab, router) {
  const { lanGateway, length } = lab.network.sites[router][4];
  const commands = [
    'link set lan down',
    'address flush dev lan',
    'link set lan name port',
    'link add lan type bridge',
    'link set port master lan up',
    `address add ${lanGateway}/${length} dev lan`,
    'link set lan up',
  ];
  await lab.machine.run(router, ['ip', '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

const devices = ['port', 'wan'];

export default {
  name: 'OE with flow offloading',
  requirements: ['OE-18'],
  topology: { masquerade: ['sga'] },
  isRare: true,
  async run(lab) {
    const wan = await lab.capture('internet', 'wan-a');
    const pair = lab.pair('alice', 'bob');
    await bridgeLan(lab, 'sga');
    await offload(lab, 'sga', devices);
    const call = await talk(lab, 'alice', 'bob');
    lab.check('the connection goes on in clear at first', await call.goesOn(10));
    await Promise.all([lab.start('sga'), lab.start('sgb')]);
    const isEncrypted = async (name) => {
      await lab.routers.sga.connection(lab.address('bob'), 'keyed', 60_000);
      await lab.settle(1000);
      const keyedAt = Date.now();
      const goesOn = await call.goesOn(20);
      await lab.settle();
      const late = wan.packets().filter(({ time }) => time > keyedAt);
      const clear = between(late, pair);
      lab.check(
        name,
        goesOn && late.some(isEsp) && clear.length === 0,
        `${late.filter(isEsp).length} ESP, ${clear.length} clear`,
      );
    };
    await isEncrypted('OE-18 the offloaded connection of before goes into the tunnel');
    await lab.machine.run('sga', ['nft', 'delete', 'table', 'inet', 'fastpath']);
    await offload(lab, 'sga', devices);
    await isEncrypted('OE-18 it stays there when the firewall is loaded anew');
    await call.stop();
  },
};
