// What the router lacks is told at start, with what to do about it; nothing is left behind.
const occupant = `require('dgram').createSocket('udp4').bind(500, () => console.log('bound'))`;

export default {
  name: 'missing parts',
  requirements: [],
  topology: {},
  async run(lab) {
    const { machine } = lab;
    const { sga } = lab.routers;
    const other = machine.start('sga', 'port-500', [process.execPath, '-e', occupant]);
    await other.says(/bound/);
    const taken = await endOf(sga.launch());
    await other.stop();
    lab.check('port 500 taken: the daemon ends with 1', taken.status === 1, taken.status);
    lab.check('port 500 taken: it says so', /500/.test(taken.log), taken.log);
    lab.check('port 500 taken: no table is left', !/autoipsec/.test(await sga.tables()));
    const bare = await endOf(sga.launch({ PATH: '/nowhere' }));
    lab.check('no ip and no nft: the daemon ends with 1', bare.status === 1, bare.status);
    const names = /ip-full|iproute2/.test(bare.log) && /nft/.test(bare.log);
    lab.check('no ip and no nft: it names what to install', names, bare.log);
  },
};

async function endOf(daemon) {
  const late = setTimeout(() => daemon.stop(), 30_000);
  const status = await daemon.ended;
  clearTimeout(late);
  return { status, log: daemon.log() };
}
