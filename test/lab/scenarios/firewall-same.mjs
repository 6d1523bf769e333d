// The firewall of SG-B treats what comes out of an opportunistic tunnel as what comes in clear.
import { isBetween, isEsp } from '../net/capture.mjs';

/** Rules as an administrator writes them for the WAN, who thinks of no tunnel; `seen` is the audit. */
const rules = `table inet same {
  set seen {
    type ipv4_addr . inet_proto . inet_service
    flags dynamic
    counter
    timeout 1h
  }
  chain audit {
    update @seen { ip saddr . meta l4proto . th dport }
  }
  chain forward {
    type filter hook forward priority 0
    iifname "wan" th dport { 80, 81 } jump audit
    iifname "wan" th dport 81 drop
  }
  chain input {
    type filter hook input priority 0
    iifname "wan" th dport { 22, 80 } jump audit
    iifname "wan" th dport 22 drop
  }
}
`;

export default {
  name: 'one firewall for clear and encrypted',
  requirements: ['OE-159', 'OE-160', 'OE-161'],
  topology: {},
  async run(lab) {
    await lab.machine.run('sgb', ['nft', '-f', '-'], { input: rules });
    const [wan, bob] = await Promise.all([lab.capture('internet', 'wan-b'), lab.capture('bob')]);
    await Promise.all([lab.start('sga'), lab.start('sgb')]);
    for (const from of ['alice', 'carol']) {
      for (const port of [80, 81]) await sendOne(lab, from, 'bob', port);
      for (const port of [22, 80]) await sendOne(lab, from, 'sgb', port);
    }
    // both ways, so that every verdict and tunnel is there
    const pages = [await page(lab, 'alice', 80), await page(lab, 'carol', 80)];
    const closed = [await page(lab, 'alice', 81), await page(lab, 'carol', 81)];
    await lab.settle();
    lab.check('OE-160 port 80 is open for both', pages.join() === '0,0', pages.join());
    // 28: nobody answers; with 7 the SYN would have reached bob
    lab.check('OE-160 port 81 is closed for both', closed.join() === '28,28', closed.join());
    checkDelivery(lab, bob.packets());
    await checkAudit(lab);
    checkWays(lab, wan.packets());
  },
};

/** One datagram: what the rules count is then known exactly. */
async function sendOne(lab, from, to, port) {
  const argv = ['bash', '-c', 'echo > "/dev/udp/$1/$2"', 'bash', lab.address(to), port];
  await lab.machine.run(from, argv);
}

/** Exit status of curl. */
async function page(lab, from, port) {
  const url = `http://${lab.address('bob')}:${port}/`;
  const limit = port === 80 ? 20 : 2;
  const argv = ['curl', '-s', '-o', '/dev/null', '--max-time', limit, url];
  return (await lab.machine.exec(from, argv)).status;
}

function checkDelivery(lab, packets) {
  const arrived = (from, port) =>
    packets.filter(
      (each) =>
        each.protocol === 'udp' &&
        each.source === lab.address(from) &&
        each.destinationPort === port,
    ).length;
  const counts = ['alice', 'carol'].map((from) => [arrived(from, 80), arrived(from, 81)].join('+'));
  lab.check(
    'OE-159 OE-160 the same datagrams reach bob, out of a tunnel and in clear',
    counts.join() === '1+0,1+0',
    `alice ${counts[0]}, carol ${counts[1]}`,
  );
}

/** The log of the rules has each datagram once, whichever way it came. */
async function checkAudit(lab) {
  const text = await lab.machine.run('sgb', ['nft', 'list', 'set', 'inet', 'same', 'seen']);
  const count = (from, port) => {
    const key = `${lab.address(from)} . udp . ${port} `.replaceAll('.', '\\.');
    return Number(new RegExp(`${key}.*?packets (\\d+)`).exec(text.replaceAll('\n', ' '))?.[1]);
  };
  // both ports 80: of bob and of the router
  const wanted = { 80: 2, 81: 1, 22: 1 };
  for (const [port, packets] of Object.entries(wanted)) {
    const counts = ['alice', 'carol'].map((from) => count(from, port));
    lab.check(
      `OE-161 the audit has the datagrams to port ${port} of both alike`,
      counts.every((each) => each === packets),
      `${counts.join(' and ')}, ${packets} sent by each\n${text}`,
    );
  }
}

/** Or all of it would show nothing. */
function checkWays(lab, packets) {
  const readable = (from) =>
    packets.filter((each) => isBetween(each, lab.pair(from, 'bob')) && !isEsp(each)).length;
  lab.check(
    'OE-159 alice came encrypted, carol in clear',
    readable('alice') === 0 && readable('carol') > 0 && packets.some(isEsp),
    `${readable('alice')} and ${readable('carol')} packets in clear`,
  );
}
