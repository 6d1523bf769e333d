/** What programs and files of the router itself say: `ubus`, `nft`, `ip xfrm monitor`, /proc. */
import { concat } from '../../../src/core/bytes/bytes.js';
import { fromHex } from '../../../src/core/bytes/hex.js';
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { aesSpeedOf } from '../../../src/core/kernel/cipher-speed.js';
import { readFlow } from '../../../src/core/kernel/conntrack.js';
import { FlowOffloading } from '../../../src/core/kernel/flow-offloading.js';
import { IpCoprocess } from '../../../src/core/kernel/ip-coprocess.js';
import { NetlinkCodec } from '../../../src/core/kernel/netlink.js';
import { readLogged } from '../../../src/core/kernel/nflog.js';
import { XfrmMonitor } from '../../../src/core/kernel/xfrm-monitor.js';
import { parseEvent, splitRecords } from '../../../src/core/kernel/xfrm-text.js';
import { createLogger, silentLogger } from '../../../src/core/log.js';
import type { ChildEvents, Processes } from '../../../src/core/platform/platform.js';
import { rememberedAesSpeed } from '../../../src/daemon/algorithms.js';
import { wanDevice } from '../../../src/daemon/parts.js';
import { SteppedClock } from '../../support/stepped-clock.js';
import { monitorText } from '../../unit/kernel/samples.js';
import { shapeOf } from '../shape.js';
import { mutateNetlink } from '../structures.js';
import { assert, behind, type Target, taker, textTaker } from '../target.js';
import { mutateJson, mutateText } from '../text.js';

const codecs = [new NetlinkCodec(false), new NetlinkCodec(true)];

/** NFULNL_MSG_PACKET with prefix and payload, in both byte orders of the lengths. */
const logged = fromHex(
  '30000000 0004 0000 00000000 00000000 02 00 1194 0d00 0a00 616e737765726564 00 000000 0800 0900 45000014',
);

const tuple = (number: string, src: string, dst: string) =>
  `3400 ${number} 1400 0180 0800 0100 ${src} 0800 0200 ${dst}
   1c00 0280 0500 0100 06 000000 0600 0200 c5dc 0000 0600 0300 01bb 0000`;
const flow = fromHex(
  `02 00 0000 ${tuple('0180', 'c0a8010a', 'cb007150')} ${tuple('0280', 'cb007150', 'c6336407')}
   0800 0300 0000000e`,
);

/** Runs a program that says this. */
const saying = (output: Uint8Array) => ({
  run: async () => ({ status: 0, output, errorOutput: new Uint8Array(0) }),
});

const wan = { interface: 'wan', device: '' } as Parameters<typeof wanDevice>[0];
const ubusStatus = '{"up":true,"l3_device":"eth1","device":"eth1","ipv4-address":[]}';

const ubus: Target = {
  name: 'ubus status of an interface',
  seeds: [utf8(ubusStatus)],
  mutate: mutateJson,
  async run(input) {
    const device = await wanDevice(wan, {
      ...saying(input),
      spawn: () => assert(false, 'something is started') as never,
    });
    return device === '' ? 'none' : 'some';
  },
};

const flowtables = ['inet autoipsec', 'inet fw4'].map(
  (table) =>
    `table ${table} {\n\tflowtable ft {\n\t\thook ingress priority filter\n\t\tdevices = { lan, wan }\n\t\tflags offload\n\t}\n}\n`,
);

const offloading: Target = {
  name: 'kernel flowtables',
  seeds: [...flowtables, flowtables.join('')].map(utf8),
  mutate: mutateText,
  async run(input) {
    const told: number[] = [];
    const one = new FlowOffloading({
      processes: saying(input),
      log: silentLogger,
      table: { keepOut: async (traffic) => void told.push(traffic.length) },
    });
    return `${await one.look()} ${told.length} ${one.warnings().length}`;
  },
};

/** Starts nothing, and hands out who listens to it. */
const spawning = (take: (events: ChildEvents) => void): Processes => ({
  spawn(_, events) {
    take(events);
    return { pid: 1, pendingBytes: 0, write: () => {}, closeInput: () => {}, kill: () => {} };
  },
  run: () => Promise.reject(new Error('nothing is run')),
});

/** Pieces of a size that the first byte tells; what is ASCII gives the same events as in one piece. */
async function monitored(input: Uint8Array): Promise<string> {
  const clock = new SteppedClock();
  const heard: string[] = [];
  let events: ChildEvents | undefined;
  const monitor = new XfrmMonitor(
    { processes: spawning((own) => (events = own)), timers: clock, log: silentLogger },
    {
      event: (event) => void heard.push(JSON.stringify(event)),
      missed: () => {},
      failed: () => {},
    },
  );
  monitor.start();
  const text = input.subarray(1);
  const size = 1 + (input[0] ?? 0) * 4;
  for (let at = 0; at < text.length; at += size) events?.output?.(text.subarray(at, at + size));
  const early = heard.length;
  await clock.advance(20);
  monitor.stop();
  assert(clock.pendingTimers === 0, 'a timer stays');
  if (text.every((byte) => byte < 0x80)) {
    const whole = splitRecords(fromUtf8(text)).flatMap((record) => parseEvent(record) ?? []);
    const isSame = JSON.stringify(whole) === `[${heard.join()}]`;
    assert(isSame, `${heard.length} events in pieces, ${whole.length} at once`);
  }
  return `${early} ${shapeOf(heard.map((each) => JSON.parse(each) as unknown))}`;
}

const key = '0123456789abcdef';

/** What `ip -batch` says of two commands, in pieces: an end comes of it, and no key goes on from it. */
async function answered(input: Uint8Array): Promise<string> {
  const clock = new SteppedClock();
  const log = createLogger({ write: (_, line) => void said.push(line) }, () => 'debug');
  const said: string[] = [];
  let events: ChildEvents | undefined;
  const ip = new IpCoprocess({ processes: spawning((own) => (events = own)), timers: clock, log });
  const command = (what: string) => ({ line: `xfrm state ${what}`, what });
  const ends: string[] = [];
  void ip
    .run([command('add'), command('delete')])
    .then((result) => ends.push(result.ok ? 'ok' : `${result.done} ${result.error}`));
  const text = input.subarray(1);
  const size = 1 + (input[0] ?? 0);
  for (let at = 0; at < text.length; at += size)
    events?.errorOutput?.(text.subarray(at, at + size));
  await clock.advance(600_000);
  assert(ends.length === 1, `${ends.length} ends of one batch`);
  ip.stop();
  assert(clock.pendingTimers === 0, 'a timer stays');
  assert(![...said, ...ends].some((line) => line.includes(key)), 'a key goes on');
  return `${ends[0]!.replace(/[^ok\d ].*/, '')} ${said.length}`;
}

const sign = (mark: number) =>
  `Object "autoipsec-${mark}" is unknown, try "ip help".\nCommand failed -:${2 * mark}\n`;
const complaints = [
  `${sign(1)}${sign(2)}`,
  `RTNETLINK answers: File exists\nCommand failed -:1\n${sign(1)}`,
  `${sign(1)}Error: argument "0x${key}${key}" is wrong: key\nCommand failed -:3\n${sign(2)}`,
];

const procCrypto = ['rfc4106-gcm-aesni', 'rfc4106(gcm_base(ctr(aes-generic),ghash-generic))']
  .map(
    (driver, at) =>
      `name         : rfc4106(gcm(aes))\ndriver       : ${driver}\nmodule       : kernel\npriority     : ${at}00\nrefcnt       : 1\n`,
  )
  .join('\n');

const version = 'Linux version 6.12';
const speed = { isFast: true, driver: 'rfc4106-gcm-aesni', kernel: version };

/** What was found out at an earlier start. */
const remembered = (input: Uint8Array): unknown =>
  rememberedAesSpeed(
    { read: (path) => (path === '/proc/version' ? utf8(version) : input) },
    '/etc/autoipsec',
  );

export const routerTargets: readonly Target[] = [
  taker(
    'kernel packet log',
    [logged, concat(logged, logged)],
    (input) =>
      codecs.map((codec) => codec.messages(input).map((message) => readLogged(codec, message))),
    { mutate: mutateNetlink(20) },
  ),
  taker('kernel conntrack', [flow], (input) => codecs.map((codec) => readFlow(codec, input)), {
    mutate: behind(4, mutateNetlink(0)),
  }),
  ubus,
  offloading,
  {
    name: 'kernel xfrm monitor in pieces',
    seeds: [9, 80].map((size) => concat(Uint8Array.of(size), utf8(monitorText))),
    mutate: behind(1, mutateText),
    run: monitored,
  },
  {
    name: 'kernel answers of ip',
    seeds: complaints.map((text, at) => concat(Uint8Array.of(at * 20), utf8(text))),
    mutate: behind(1, mutateText),
    run: answered,
  },
  textTaker('kernel ciphers of /proc/crypto', [procCrypto], aesSpeedOf),
  taker('remembered AES speed', [utf8(JSON.stringify(speed))], remembered, { mutate: mutateJson }),
];
