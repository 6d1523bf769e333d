/** What the kernel and its tools tell, and packet headers of strangers in it. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { parseDeviceAddresses } from '../../../src/core/kernel/device-addresses.js';
import { QueueCodec } from '../../../src/core/kernel/nfqueue-codec.js';
import { readHeaders } from '../../../src/core/kernel/packet-headers.js';
import { RouteCodec } from '../../../src/core/kernel/route-codec.js';
import { natTables, parseRuleset, sourceNatOf } from '../../../src/core/kernel/source-nat.js';
import {
  parseEvent,
  parsePolicies,
  parseStates,
  splitRecords,
} from '../../../src/core/kernel/xfrm-text.js';
import { address } from '../../../src/core/net/address.js';
import { parseFrame } from '../../../src/core/platform/broker/broker-frames.js';
import { FrameReader } from '../../../src/core/platform/broker/frame-reader.js';
import { chainsJson, fw4Json, natJson } from '../../unit/kernel/nat-samples.js';
import { lanRoute, routeRefusal } from '../../unit/kernel/route-samples.js';
import { monitorText, policyText, stateText } from '../../unit/kernel/samples.js';
import { mutateNetlink } from '../structures.js';
import { type Target, taker, textTaker } from '../target.js';
import { mutateJson } from '../text.js';

const queued = fromHex(`3c000000 0003 0000 00000000 00000000 02 00 1194
  0b00 0100 00000009 0800 03 00 0800 0300 00000010 0800 0500 00000004
  0900 0a00 4500000102 000000`);
const refusal = fromHex(
  '24000000 0200 0000 05000000 00000000 ffffffff 00000000 00000000 00000000 00000000',
);
const rulesetEvent = fromHex(
  '20000000 020a 0000 00000000 00000000 01000000 0b000100 6f65000000000000',
);

const packets = [
  '45000054 0001 4000 40 06 0000 c6120102 c6120209 c350 01bb 00000000',
  '45000054 0001 2010 40 11 0000 c6120102 c6120209 c350 01bb 0008 0000',
  '6000000000283a40 20010db8000100000000000000000002 20010db8000200000000000000000009 8000 0000 1234 0001',
  '6000000000280040 20010db8000100000000000000000002 20010db8000200000000000000000009 3c00000000000000 1101 0000000000000000000000000000 c350 01bb',
].map((hex) => fromHex(hex));

const frames = [
  '80 00000000 01 00 00000001 00000002 00000006 00000008 00000007 00000024 00000021 000101d0 00000100 312e30',
  '81 00000007 0000002a',
  '82 00000007 00000062 6e6f',
  '83 0000002a 00 0206 01f4c0000201 04 c0000202 00000003 aabb',
  '84 0000002a 0000006f 02 03 03 0206 01f4c0000201',
  '85 00000005 00000006 0100',
  '86 00000006 00000068',
].map((hex) => fromHex(hex));

const natPacket = {
  device: 'wan',
  source: address('192.168.1.10'),
  destination: address('198.18.2.10'),
  isOwn: false,
  inputDevice: 'br-lan',
};

function sourceNat(input: Uint8Array): unknown {
  const json = fromUtf8(input);
  const doubts: string[] = [];
  const ruleset = parseRuleset([json]);
  const results = [
    natPacket,
    { ...natPacket, isOwn: true },
    { ...natPacket, inputDevice: undefined },
  ].map((packet) => sourceNatOf(ruleset, packet, (what) => doubts.push(what)));
  return [natTables(json).length, results, doubts.length];
}

const addressJson = JSON.stringify([
  {
    ifname: 'wan',
    addr_info: [
      { family: 'inet', local: '198.18.0.1', prefixlen: 24, scope: 'global' },
      { family: 'inet6', local: '2001:db8::1', scope: 'global', temporary: true },
    ],
  },
]);

/** Answers that are no JSON or no list are refused by an error; whoever asked tells it. */
const isNoAnswer = (error: unknown): boolean =>
  error instanceof SyntaxError || /^Error: (nft -j|ip -j)/.test(String(error));

const isBrokerError = (error: unknown): boolean => /^Error: broker frame/.test(String(error));

/** Frames in pieces whose sizes the first bytes tell. */
function stream(input: Uint8Array): unknown {
  let count = 0;
  const reader = new FrameReader((frame) => {
    parseFrame(frame);
    count++;
  });
  const size = 1 + ((input[0] ?? 0) % 40);
  for (let at = 1; at < input.length; at += size) reader.push(input.subarray(at, at + size));
  return count;
}

const framed = (frame: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(0, 0, 0, frame.length), frame);

const little = { queue: new QueueCodec(false), route: new RouteCodec(false) };
const big = { queue: new QueueCodec(true), route: new RouteCodec(true) };

export const kernelTargets: readonly Target[] = [
  taker(
    'kernel packet queue',
    [queued, refusal, rulesetEvent, concat(queued, queued)],
    (input) => [little.queue.read(input), big.queue.read(input)],
    { mutate: mutateNetlink(20) },
  ),
  taker(
    'kernel route',
    [lanRoute(1), routeRefusal(2, 101)],
    (input) => [little.route.read(input), big.route.read(input)],
    { mutate: mutateNetlink(28) },
  ),
  taker('kernel packet headers', packets, readHeaders),
  taker('kernel source NAT', [chainsJson, fw4Json, natJson].map(utf8), sourceNat, {
    mutate: mutateJson,
    isRefusal: isNoAnswer,
  }),
  taker('kernel addresses', [utf8(addressJson)], (input) => parseDeviceAddresses(fromUtf8(input)), {
    mutate: mutateJson,
    isRefusal: isNoAnswer,
  }),
  textTaker('kernel xfrm states', [stateText], parseStates),
  textTaker('kernel xfrm policies', [policyText], parsePolicies),
  textTaker('kernel xfrm monitor', [monitorText], (text) => splitRecords(text).map(parseEvent)),
  taker('broker frame', frames, parseFrame, { isRefusal: isBrokerError }),
  taker(
    'broker stream',
    [
      concat(Uint8Array.of(7), ...frames.map(framed)),
      concat(Uint8Array.of(200), ...frames.map(framed)),
    ],
    stream,
    { isRefusal: isBrokerError },
  ),
];
