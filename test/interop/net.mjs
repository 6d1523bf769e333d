// Three namespaces: us – net – peer. The inner addresses exist at the ends only and `net` throws
// packets to them away, so a ping between them that is answered went through a tunnel. What leaves
// either side with an address of 10.99 is translated on its way.

export const namespaces = ['us', 'net', 'peer'];

export const addresses = {
  4: { us: '198.18.1.2', peer: '198.18.2.2' },
  6: { us: '2001:2:0:1::2', peer: '2001:2:0:2::2' },
};
export const inner = {
  4: { us: '10.1.0.1', peer: '10.2.0.1' },
  6: { us: '2001:2:0:a::1', peer: '2001:2:0:b::1' },
};
/** Addresses behind the NAT, and what the other side sees of them. */
export const behindNat = {
  us: { address: '10.99.1.2', seen: '198.18.2.1' },
  peer: { address: '10.99.2.2', seen: '198.18.1.1' },
};

export const gatewayOfPeer = '198.18.2.1';

const links = `netns add us
netns add net
netns add peer
link add eth0 netns us type veth peer name to-us netns net
link add eth0 netns peer type veth peer name to-peer netns net
`;

const side = (number, name) => `link set lo up
address add ${inner[4][name]}/32 dev lo
address add ${inner[6][name]}/128 dev lo nodad
address add ${addresses[4][name]}/24 dev eth0
address add ${behindNat[name].address}/24 dev eth0
address add ${addresses[6][name]}/64 dev eth0 nodad
link set eth0 up
route add default via 198.18.${number}.1
route add default via 2001:2:0:${number}::1
`;

const middle = [1, 2]
  .map((number) => {
    const device = number === 1 ? 'to-us' : 'to-peer';
    return `address add 198.18.${number}.1/24 dev ${device}
address add 10.99.${number}.1/24 dev ${device}
address add 2001:2:0:${number}::1/64 dev ${device} nodad
link set ${device} up
`;
  })
  .join('');

const translation = `table ip nat {
  chain post {
    type nat hook postrouting priority srcnat
    ip saddr 10.99.1.0/24 oifname to-peer masquerade
    ip saddr 10.99.2.0/24 oifname to-us masquerade
  }
}
`;

/** The same for user-mode Linux, which has no nftables. */
const olderTranslation = `*nat
-A POSTROUTING -s 10.99.1.0/24 -o to-peer -j MASQUERADE
-A POSTROUTING -s 10.99.2.0/24 -o to-us -j MASQUERADE
COMMIT
`;

async function translate(machine) {
  const { status } = await machine.exec('net', ['nft', '-f', '-'], { input: translation });
  if (status !== 0)
    await machine.run('net', ['iptables-legacy-restore'], { input: olderTranslation });
}

export async function buildNetwork(machine) {
  const ip = (namespace, input) =>
    machine.run(undefined, ['ip', ...(namespace ? ['-n', namespace] : []), '-batch', '-'], {
      input,
    });
  await ip(undefined, links);
  for (const name of namespaces) {
    const forwards = name === 'net' ? 1 : 0;
    const words = [`net.ipv4.ip_forward=${forwards}`, `net.ipv6.conf.all.forwarding=${forwards}`];
    await machine.run(name, ['sysctl', '-qw', 'net.ipv6.conf.all.accept_dad=0', ...words]);
  }
  await ip('us', side(1, 'us'));
  await ip('peer', side(2, 'peer'));
  await ip('net', `link set lo up\n${middle}`);
  await translate(machine);
  for (const family of [4, 6])
    await machine.run('us', ['ping', '-qn', '-c1', '-w10', addresses[family].peer]);
}
