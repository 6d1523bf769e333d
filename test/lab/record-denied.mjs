// A record that must not be followed: the destination is denied, even where its class would let it go
// in clear, for who can spoil a record could otherwise switch encryption off.
import { isBetween, isIke } from './net/capture.mjs';

/** `kind`: how bob's record is spoilt, see zones.mjs; `why`: what status says about it. */
export const recordDenied = (kind, why) => ({
  name: `record ${kind}`,
  requirements: ['OE-34', 'OE-37'],
  topology: { records: { bob: kind } },
  async run(lab) {
    const wan = await lab.capture();
    await Promise.all([lab.start('sga'), lab.start('sgb')]);
    const page = await lab.connect('alice', 'bob', { timeoutSeconds: 12 });
    await lab.settle();
    lab.check('OE-37 no connection', !page.ok, page.body);
    lab.assertNoClearPacket('OE-37 not one clear packet', wan, lab.pair('alice', 'bob'));
    const seen = wan
      .packets()
      .filter((each) => isIke(each) && isBetween(each, lab.pair('sga', 'sgb')));
    lab.check('OE-34 no IKE is started', seen.length === 0, `${seen.length} IKE packets`);
    const found = await lab.routers.sga.connection(lab.address('bob'), 'deny');
    const isTold = found?.state === 'deny' && why.test(found.why);
    lab.check('OE-37 status tells: deny, and why', isTold, JSON.stringify(found));
  },
});
