/** Four namespaces in a row, alice – gwa – gwb – bob, and what proofs do in them. */
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { address, type IpFamily } from '../../../src/core/net/address.js';
import { createNodePlatform } from '../../../src/core/platform/node/node-platform.js';

export const platform = createNodePlatform();

export const addresses = {
  4: {
    alice: address('198.18.1.2'),
    lanA: address('198.18.1.1'),
    gwa: address('198.18.100.1'),
    gwb: address('198.18.100.2'),
    lanB: address('198.18.2.1'),
    bob: (n: number) => address(`198.18.2.${n}`),
  },
  6: {
    alice: address('2001:db8:1::2'),
    lanA: address('2001:db8:1::1'),
    gwa: address('2001:db8:100::1'),
    gwb: address('2001:db8:100::2'),
    lanB: address('2001:db8:2::1'),
    bob: (n: number) => address(`2001:db8:2::${n.toString(16)}`),
  },
} as const;

/** Addresses of bob: each proof takes fresh ones. */
const firstBob = 10;
export const lastBob = 120;

export async function sh(namespace: string, command: string): Promise<string> {
  const inside = namespace === 'gwa' ? [] : ['ip', 'netns', 'exec', namespace];
  const result = await platform.processes.run([...inside, 'sh', '-c', command]);
  if (result.status !== 0)
    throw new Error(`${namespace}: ${command}: ${fromUtf8(result.errorOutput).trim()}`);
  return fromUtf8(result.output);
}

/** Exit status and output, whatever they are. */
export async function attempt(
  namespace: string,
  command: string,
): Promise<{ status: number; said: string }> {
  const inside = namespace === 'gwa' ? [] : ['ip', 'netns', 'exec', namespace];
  const result = await platform.processes.run([...inside, 'sh', '-c', command]);
  return {
    status: result.status,
    said: fromUtf8(result.output) + fromUtf8(result.errorOutput),
  };
}

export async function batch(namespace: string, lines: readonly string[]): Promise<void> {
  const result = await platform.processes.run(
    ['ip', '-n', namespace, '-batch', '-'],
    utf8(`${lines.join('\n')}\n`),
  );
  if (result.status !== 0) throw new Error(`${namespace}: ${fromUtf8(result.errorOutput).trim()}`);
}

export async function buildSite(): Promise<void> {
  const [a, b] = [addresses[4], addresses[6]];
  const bobs = Array.from({ length: lastBob - firstBob + 1 }, (_, i) => firstBob + i);
  for (const name of ['alice', 'gwa', 'gwb', 'bob'])
    await sh(
      name,
      'sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0',
    );
  await sh('alice', 'ip link add eth0 type veth peer name lan netns gwa');
  await sh('gwa', 'ip link add wan type veth peer name wan netns gwb');
  await sh('bob', 'ip link add eth0 type veth peer name lan netns gwb');
  const up = (device: string, v4: string, v6: string) => [
    `addr add ${v4}/24 dev ${device}`,
    `addr add ${v6}/64 dev ${device} nodad`,
    `link set ${device} up`,
  ];
  const via = (v4: string, v6: string) => [
    `route add default via ${v4}`,
    `route add default via ${v6}`,
  ];
  await batch('alice', [...up('eth0', a.alice, b.alice), ...via(a.lanA, b.lanA)]);
  await batch('gwa', [
    ...up('lan', a.lanA, b.lanA),
    ...up('wan', a.gwa, b.gwa),
    ...via(a.gwb, b.gwb),
  ]);
  await batch('gwb', [
    ...up('lan', a.lanB, b.lanB),
    ...up('wan', a.gwb, b.gwb),
    ...via(a.gwa, b.gwa),
  ]);
  await batch('bob', [
    ...bobs.flatMap((n) => [
      `addr add ${a.bob(n)}/24 dev eth0`,
      `addr add ${b.bob(n)}/64 dev eth0 nodad`,
    ]),
    'link set eth0 up',
    ...via(a.lanB, b.lanB),
  ]);
  for (const family of [4, 6] as const) {
    await sh('alice', `ping -c1 -w10 ${addresses[family].bob(firstBob)}`);
    await sh('gwa', `ping -c1 -w10 ${addresses[family].bob(firstBob)}`);
  }
  platform.processes.spawn(
    ['ip', 'netns', 'exec', 'bob', 'busybox', 'httpd', '-f', '-p', '80', '-h', '/proc/sys/kernel'],
    {},
  );
}

/** Source NAT as fw4 writes it, or none. */
export async function setMasquerade(on: boolean): Promise<void> {
  await attempt('gwa', 'nft delete table inet fw4');
  if (!on) return;
  const text = `table inet fw4 {
    chain srcnat { type nat hook postrouting priority srcnat; policy accept;
      oifname { "wan" } jump srcnat_wan comment "!fw4: Handle wan IPv4/IPv6 srcnat traffic"
    }
    chain srcnat_wan {
      meta nfproto ipv4 masquerade comment "!fw4: Masquerade IPv4 wan traffic"
      meta nfproto ipv6 masquerade comment "!fw4: Masquerade IPv6 wan traffic"
    }
  }`;
  const result = await platform.processes.run(['nft', '-f', '-'], utf8(text));
  if (result.status !== 0) throw new Error(fromUtf8(result.errorOutput));
}

/**
 * A capture on a device of gwa, of what leaves it (what comes in is seen twice: as ESP, and as what
 * came out of it). `stop` gives its lines.
 */
export async function capture(
  device: string,
  filter: string,
  direction: 'in' | 'out' = 'out',
): Promise<{ stop(): Promise<string[]> }> {
  let text = '';
  let ready = () => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  let ended = () => {};
  const isEnded = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const child = platform.processes.spawn(
    ['tcpdump', '-n', '-l', '--immediate-mode', '-Q', direction, '-i', device, filter],
    {
      output: (bytes) => {
        text += fromUtf8(bytes);
      },
      errorOutput: (bytes) => {
        if (fromUtf8(bytes).includes('listening on')) ready();
      },
      exit: () => ended(),
    },
  );
  await isReady;
  return {
    async stop() {
      await sleep(300);
      child.kill('SIGTERM');
      await isEnded;
      return text.split('\n').filter((line) => line !== '');
    },
  };
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export const fetchPage = (namespace: string, family: IpFamily, n: number, seconds = 6) => {
  const host = addresses[family].bob(n);
  const url = family === 4 ? `http://${host}/ostype` : `http://[${host}]/ostype`;
  return attempt(
    namespace,
    `curl -s -g --noproxy '*' -m ${seconds} -o /dev/null -w '%{http_code} %{time_connect} %{errormsg}' '${url}'`,
  );
};

/** One datagram from a port of our choice. */
export function sendDatagram(
  namespace: string,
  family: IpFamily,
  port: number,
  to: { host: string; port: number },
): Promise<unknown> {
  const script = `const s=require('dgram').createSocket('udp${family}');s.bind(${port},()=>s.send('x',${to.port},'${to.host}',()=>s.close()))`;
  return attempt(namespace, `node -e "${script}"`);
}
