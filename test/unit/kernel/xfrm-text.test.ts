import {
  parseEvent,
  parsePolicies,
  parseStates,
  splitRecords,
} from '../../../src/core/kernel/xfrm-text.js';
import { assert, test } from '../../support/test.js';
import { monitorText, policyText, stateText } from './samples.js';

test('xfrm text: states with counters and times', () => {
  assert.equal(parseStates(stateText), [
    {
      source: '198.18.100.1',
      destination: '198.18.100.2',
      protocol: 'esp',
      spi: 0x1002,
      reqid: 0x41490000,
      bytes: 840,
      packets: 10,
      addedSeconds: Date.UTC(2026, 10, 21, 8, 25, 52) / 1000,
      usedSeconds: Date.UTC(2026, 10, 21, 8, 25, 53) / 1000,
    },
    {
      source: '198.18.100.2',
      destination: '198.18.100.1',
      protocol: 'esp',
      spi: 0x1001,
      reqid: 0x41490000,
      bytes: 420,
      packets: 5,
      addedSeconds: Date.UTC(2026, 10, 21, 8, 25, 52) / 1000,
      usedSeconds: 0,
    },
    {
      source: '2001:db8::1',
      destination: '2001:db8::2',
      protocol: 'ah',
      spi: 5,
      reqid: 16389,
      bytes: 0,
      packets: 0,
      addedSeconds: Date.UTC(2026, 10, 21, 8, 25, 52) / 1000,
      usedSeconds: 0,
    },
  ]);
});

test('xfrm text: a last use, where the kernel tells it, counts more than the first', () => {
  const [state] = parseStates(`src 192.0.2.1 dst 192.0.2.2
	proto esp spi 0x00001002(4098) reqid 1(0x00000001) mode tunnel
	lifetime current:
	  840(bytes), 10(packets)
	  add 2026-11-21 08:25:52 use 2026-11-21 08:25:53
	lastused 2026-11-21 09:00:00
`);
  assert.is(state?.usedSeconds, Date.UTC(2026, 10, 21, 9) / 1000);
});

test('xfrm text: policies, without those of sockets', () => {
  const policies = parsePolicies(policyText);
  assert.equal(
    policies.map((policy) => [
      policy.direction,
      policy.action,
      policy.priority,
      policy.interfaceId,
      policy.isNarrow,
    ]),
    [
      ['fwd', 'allow', 0, 0, false],
      ['out', 'block', 0, 7, false],
      ['out', 'allow', 100000, 0, true],
      ['out', 'allow', 0x70000000, 0, false],
    ],
  );
  assert.equal(policies[1]?.mark, { value: 1, mask: 255 });
  assert.equal(policies[2]?.reqids, [70001]);
  assert.is(policies[2]?.selector, 'src 2001:db8::1/128 dst 2001:db8:1::1/128 proto tcp dport 80');
  assert.is(policies[3]?.selector, 'src 198.18.100.1/32 dst 198.18.2.9/32');
  assert.is(policies[3]?.usedSeconds, Date.UTC(2026, 10, 21, 8, 25, 59) / 1000);
});

test('xfrm text: events of the monitor', () => {
  const events = splitRecords(monitorText).map(parseEvent);
  assert.equal(
    events.map((event) => event?.kind),
    ['policy', 'policy', 'policy', 'acquire', 'expired', 'expired'],
  );
  assert.equal(events[0], { kind: 'policy', policy: undefined });
  assert.equal(events[3], {
    kind: 'acquire',
    source: '198.18.0.1',
    destination: '10.9.0.1',
    reqids: [70000],
  });
  const [soft, hard] = events.slice(4);
  assert.is(soft?.kind === 'expired' && soft.limit, 'soft');
  assert.is(hard?.kind === 'expired' && hard.limit, 'hard');
  assert.is(hard?.kind === 'expired' && hard.state.reqid, 70000);
});

test('xfrm text: what is no record is left out', () => {
  assert.equal(parseStates('Error: something\n\tindented\n'), []);
  assert.equal(parsePolicies('\n\n'), []);
  assert.is(parseEvent('Deleted src bogus dst bogus\n\tdir out'), undefined);
  assert.is(parseEvent('acquire proto esp'), undefined);
});
