// Hand-made policies and states, and those of another IKE daemon, before us, beside us, after us.
import { checkFirstPacket, recordQuestions } from '../first-packet.mjs';
import { reverseName } from '../net/addresses.mjs';
import { clearPackets, isEsp } from '../net/capture.mjs';

/** Far end of the hand-made tunnel, whose gateway is dead: its ESP can be seen on the way. */
const far = '198.18.9.9';
const spi = '0xc1234567';
/** Behind the other tunnel, which comes in. */
const near = '198.18.8.8';
const key = `0x${'5a'.repeat(20)}`;
const aead = `aead rfc4106(gcm(aes)) ${key} 128`;

/** Tells by the request ID which tunnel a packet came out of; 0x41490000 is our first one. */
const tellTable = `table inet tell {
  counter opportunistic { }
  counter configured { }
  chain forward {
    type filter hook forward priority 0
    ipsec in reqid 0x41490000-0x4149ffff counter name opportunistic
    ipsec in reqid 1 counter name configured
  }
}
`;

export default {
  name: 'foreign policies, states and tables stay as they are',
  requirements: ['SP-1', 'OE-1', 'OE-155'],
  topology: { extra: { carol: 2 } },
  async run(lab) {
    await makeForeign(lab);
    const before = await snapshot(lab);
    const [denied, permitted] = [0, 1].map((index) => lab.extraAddress('carol', index));
    const policies = [
      { class: 'deny', destination: [denied] },
      { class: 'always-clear', destination: [permitted] },
    ];
    const captures = await checkFirstPacket(lab, {
      gatewayIds: 'OE-18 OE-1',
      configuration: { sga: { policies } },
    });
    await lab.ping('alice', 'carol', { address: far, waitSeconds: 1 });
    await lab.settle();
    await checkCategories(lab, captures, { denied, permitted });
    await checkTold(lab);
    const asked = recordQuestions(lab, captures.dns, 'sga').filter((q) => q.includes('9.9.18.198'));
    lab.check('SP-1 a configured tunnel causes no question', asked.length === 0, asked.join(', '));
    const esp = captures.wan.packets().filter((each) => isEsp(each) && `0x${each.spi}` === spi);
    lab.check('SP-1 OE-1 its packets go into the configured tunnel', esp.length > 0);
    const ofFar = [lab.address('alice'), far];
    lab.assertNoClearPacket('OE-1 and never in clear, dead as its peer is', captures.wan, ofFar);
    const during = await snapshot(lab);
    const kept = before.parts.filter((part) => during.parts.includes(part)).length;
    lab.check('SP-1 all is there while we run', kept === before.parts.length, during.text);
    await lab.stop('sga');
    const after = await snapshot(lab);
    lab.check('SP-1 all is as it was after our stop', after.text === before.text, after.text);
  },
};

/** Two of the four categories; the other two are the tunnels. */
async function checkCategories(lab, { wan, dns }, { denied, permitted }) {
  const [no, yes] = [
    await lab.ping('alice', 'carol', { address: denied, waitSeconds: 1 }),
    await lab.ping('alice', 'carol', { address: permitted }),
  ];
  await lab.settle();
  lab.check('OE-1 a denied destination gets no answer', no.received === 0);
  const pair = [lab.address('alice'), denied];
  lab.assertNoClearPacket('OE-1 and not one packet', wan, pair);
  const clear = clearPackets(wan.packets(), [lab.address('alice'), permitted]).length;
  lab.check('OE-1 a permitted one gets them in clear', yes.received === 1 && clear === 2, clear);
  const asked = recordQuestions(lab, dns, 'sga').filter((q) =>
    [denied, permitted].some((address) => q.includes(reverseName(address))),
  );
  lab.check('OE-1 neither causes a question', asked.length === 0, asked.join());
}

/** What came out of which tunnel can be told apart. */
async function checkTold(lab) {
  const count = async (name) => {
    const text = await lab.machine.run('sga', ['nft', 'list', 'counter', 'inet', 'tell', name]);
    return Number(/packets (\d+)/.exec(text)[1]);
  };
  const counts = async () => [await count('opportunistic'), await count('configured')];
  const start = await counts();
  await lab.ping('alice', 'bob');
  const opportunistic = await counts();
  const [sga, sgb, alice] = ['sga', 'sgb', 'alice'].map((name) => lab.address(name));
  const lines = [
    `address add ${near}/32 dev lo`,
    `xfrm state add src ${sgb} dst ${sga} proto esp spi 0xc0000001 reqid 1 mode tunnel ${aead}`,
    `xfrm policy add src ${near}/32 dst ${alice}/32 dir out priority 1000 tmpl src ${sgb} dst ${sga} proto esp reqid 1 mode tunnel`,
  ];
  await lab.machine.run('sgb', ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
  await lab.machine.exec('sgb', ['ping', '-q', '-c', '1', '-W', '1', '-I', near, alice]);
  await lab.settle();
  const configured = await counts();
  const told = [start, opportunistic, configured].map((each) => each.join('+')).join(', ');
  const more = (after, before) => after.map((value, at) => value - before[at]).join('+');
  lab.check(
    'OE-155 a packet of the opportunistic peer is known as one',
    more(opportunistic, start) === '1+0',
    told,
  );
  lab.check(
    'OE-155 and one of the configured tunnel as one of that',
    more(configured, opportunistic) === '0+1',
    told,
  );
}

async function makeForeign(lab) {
  const [alice, sga, sgb] = ['alice', 'sga', 'sgb'].map((name) => lab.address(name));
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
  await lab.machine.run('sga', ['nft', '-f', '-'], { input: `${table}\n${tellTable}` });
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
