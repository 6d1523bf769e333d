import { XfrmUse } from '../../../src/core/kernel/xfrm-use.js';
import { isInUse } from '../../../src/core/policy/lifespan.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { assert, test } from '../../support/test.js';
import { FakeMachine } from './fake-machine.js';
import { firstReqid, sampleSa } from './samples.js';

const reqid = `reqid ${firstReqid}(0x${firstReqid.toString(16)})`;

/** What `ip -s xfrm` of iproute2 6.1 prints; the parts that tell the use are parameters. */
const state = (ends: string, spi: string, packets: number) => `src ${ends}
	proto esp spi ${spi} ${reqid} mode tunnel
	lifetime current:
	  ${packets * 84}(bytes), ${packets}(packets)
	  add 2023-11-14 22:00:00 use ${packets > 0 ? '2023-11-14 22:00:01' : '-'}
`;
const states = ({ packetsIn = 0, packetsOut = 0 }) =>
  state('198.18.100.1 dst 198.18.100.2', '0x00001002(4098)', packetsOut) +
  state('198.18.100.2 dst 198.18.100.1', '0x00001001(4097)', packetsIn);
const policy = (used: string) => `src 198.18.100.1/32 dst 198.18.2.9/32 uid 0
	dir out action allow index 1 priority 1879048192 ptype main share any flag  (0x00000000)
	lifetime current:
	  0(bytes), 0(packets)
	  add 2023-11-14 22:00:00 use ${used}
	tmpl src 198.18.100.1 dst 198.18.100.2
		proto esp spi 0x00000000(0) ${reqid} mode tunnel
`;

/** Is the tunnel in use at its second look, a minute after the first? `after` changed meanwhile. */
async function usedAfter(after: { packetsIn?: number; packetsOut?: number; sent?: string }) {
  // 2023-11-14 22:13:20 UTC
  const clock = new SteppedClock(1000, 1_700_000_000);
  const machine = new FakeMachine();
  let now: typeof after = {};
  machine.answers.push([/xfrm state/, () => ({ output: states(now) })]);
  machine.answers.push([/xfrm policy/, () => ({ output: policy(now.sent ?? '-') })]);
  const use = new XfrmUse({ processes: machine, clock });
  const installed = { reqid: firstReqid, sa: sampleSa() };
  assert.not.ok(isInUse(await use.of(installed), clock.wallSeconds()));
  await clock.advance(60_000);
  now = after;
  return isInUse(await use.of(installed), clock.wallSeconds());
}

test('OE-53 packets that only come in keep a tunnel', async () =>
  assert.is(await usedAfter({ packetsIn: 3 }), true));

test('OE-53 packets that only go out keep a tunnel, by the policy that sent them', async () =>
  assert.is(await usedAfter({ sent: '2023-11-14 22:14:10' }), true));

test('OE-53 neither of them: not in use', async () => assert.is(await usedAfter({}), false));
