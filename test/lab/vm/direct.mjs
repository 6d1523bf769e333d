// The same without a virtual machine, where the running kernel has ESP, nftables with queue and
// NAT, and we are root: the command gets a network and mount namespace of its own.
import { spawn, spawnSync } from 'node:child_process';

const probe = `
ip link set lo up &&
ip link add lab0 type veth peer name lab1 &&
tc qdisc add dev lab0 root netem delay 1ms &&
ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 reqid 1 mode tunnel \\
  aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128 &&
nft 'table inet lab { chain a { type filter hook prerouting priority 0; queue num 1 bypass; }
  chain b { type nat hook postrouting priority 100; masquerade; } }'`;

/** Whether this machine's own kernel can carry the lab. */
export function canRunDirectly() {
  if (process.getuid() !== 0) return false;
  const result = spawnSync('unshare', ['--net', 'sh', '-c', probe], { stdio: 'ignore' });
  return result.status === 0;
}

// what the lab mounts or writes under /run and /etc/netns stays in here
const prepare = `
mount --make-rprivate / && mount -t tmpfs run /run && mkdir -p /run/netns /etc/netns &&
mount -t tmpfs netns /etc/netns && ip link set lo up && exec "$@"`;

/** As runInVm, on the running kernel. */
export function runDirectly(argv, options = {}) {
  const { cwd, env, timeoutSeconds, signal } = options;
  const child = spawn('unshare', ['--net', '--mount', 'sh', '-c', prepare, 'sh', ...argv], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: (timeoutSeconds ?? 0) * 1000,
  });
  signal?.addEventListener('abort', () => child.kill('SIGINT'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 124));
  });
}
