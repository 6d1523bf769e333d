// Hand-made policies and states, and those of another IKE daemon, before us, beside us, after us.
import { checkFirstPacket, recordQuestions } from '../first-packet.mjs';
import { isEsp } from '../net/capture.mjs';

/** Far end of the hand-made tunnel; nothing answers there, and its ESP can be seen on the way. */
const far = '198.18.9.9';
const spi = '0xc1234567';

export default {
  name: 'foreign policies, states and tables stay as they are',
  requirements: ['SP-1', 'OE-1'],
  topology: {},
  async run(lab) {
    await makeForeign(lab);
    const before = await snapshot(lab);
    const captures = await checkFirstPacket(lab);
    await lab.ping('alice', 'carol', { address: far, waitSeconds: 1 });
    await lab.settle();
    const asked = recordQuestions(lab, captures.dns, 'sga').filter((q) => q.includes('9.9.18.198'));
    lab.check('SP-1 a configured tunnel causes no question', asked.length === 0, asked.join(', '));
    const esp = captures.wan.packets().filter((each) => isEsp(each) && `0x${each.spi}` === spi);
    lab.check('SP-1 OE-1 its packets go into the configured tunnel', esp.length > 0);
    const during = await snapshot(lab);
    const kept = before.parts.filter((part) => during.parts.includes(part)).length;
    lab.check('SP-1 all is there while we run', kept === before.parts.length, during.text);
    await lab.stop('sga');
    const after = await snapshot(lab);
    lab.check('SP-1 all is as it was after our stop', after.text === before.text, after.text);
  },
};

async function makeForeign(lab) {
  const [alice, sga, sgb] = ['alice', 'sga', 'sgb'].map((name) => lab.address(name));
  const key = `0x${'5a'.repeat(20)}`;
  const aead = `aead rfc4106(gcm(aes)) ${key} 128`;
  const lines = [
    // by hand
    `xfrm state add src ${sga} dst ${sgb} proto esp spi ${spi} reqid 77 mode tunnel ${aead}`,
    `xfrm policy add src ${alice}/32 dst ${far}/32 dir out priority 1000 tmpl src ${sga} dst ${sgb} proto esp reqid 77 mode tunnel`,
    // as strongSwan writes them: small reqids, priorities below 400000
    `xfrm state add src ${sgb} dst ${sga} proto esp spi 0xc0000001 reqid 1 mode tunnel flag af-unspec ${aead}`,
    `xfrm policy add src 198.18.8.0/24 dst 198.18.1.0/24 dir in priority 375423 tmpl src ${sgb} dst ${sga} proto esp reqid 1 mode tunnel`,
    `xfrm policy add src 198.18.8.0/24 dst 198.18.1.0/24 dir fwd priority 375423 tmpl src ${sgb} dst ${sga} proto esp reqid 1 mode tunnel`,
  ];
  await lab.machine.run('sga', ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
  const table = 'table inet foreign { chain c { type filter hook forward priority 5; counter; }; }';
  await lab.machine.run('sga', ['nft', '-f', '-'], { input: table });
}

/** All states, policies and tables, without what counts. */
async function snapshot(lab) {
  const { sga } = lab.routers;
  const texts = [await sga.xfrmStates(), await sga.xfrmPolicies(), await sga.tables()];
  const parts = texts
    .join('')
    .split(/\n(?=\S)/)
    .map((part) => part.replace(/\n\s*(anti-replay|lastused).*/g, '').trim())
    .filter((part) => part !== '')
    .sort();
  return { parts, text: parts.join('\n') };
}
