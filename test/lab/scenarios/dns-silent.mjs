// The name server does not answer: the class decides, and says that DNS was the reason.
export default {
  name: 'name server silent',
  requirements: ['OE-36', 'OE-145'],
  topology: { nameServer: 'silent' },
  async run(lab) {
    const wan = await lab.capture();
    const policies = [{ class: 'oe-paranoid', destination: [lab.address('bob')] }];
    await lab.start('sga', { policies });
    const [clear, dropped] = await Promise.all([
      lab.connect('alice', 'carol', { timeoutSeconds: 30 }),
      lab.connect('alice', 'bob', { timeoutSeconds: 30 }),
    ]);
    lab.check('OE-145 permissive goes clear', clear.body === 'Hello from carol', clear.error);
    lab.check('OE-145 paranoid drops', !dropped.ok, dropped.body);
    lab.assertNoClearPacket('OE-145 not one clear packet', wan, lab.pair('alice', 'bob'));
    const log = lab.routers.sga.daemon.log();
    lab.check('OE-145 the log names DNS as the reason', /clear, no answer from DNS/.test(log), log);
  },
};
