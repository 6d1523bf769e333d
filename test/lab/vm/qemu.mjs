// Starts qemu with the lab's kernel and three byte channels (output, errors, control) that are Unix
// sockets on this side and virtio ports in the guest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { initramfsFor } from './initramfs.mjs';

/**
 * `notests`: the kernel's self tests of ciphers take seconds under emulation, at first use.
 * `norandmaps`: code at the same address in each process need not be translated again.
 * `rcu_expedited`: changes of namespaces, devices and tables wait for less.
 */
const kernelOptions =
  'console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off audit=0 nokaslr norandmaps ' +
  'tsc=reliable random.trust_cpu=on cryptomgr.notests=1 no_timer_check rcupdate.rcu_expedited=1';

/** How qemu runs the guest. An emulated processor has what pays: ciphers, but no wide registers. */
const accelerators = {
  kvm: { accel: 'kvm', cpu: 'host' },
  tcg: {
    accel: 'tcg,thread=multi,tb-size=256',
    cpu: 'qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes,+pclmulqdq,+rdrand',
  },
};

const channelNames = ['output', 'errors', 'control'];

/**
 * `options`: kernel, accelerator ('kvm' or 'tcg'), cpus, memory (as qemu writes it), append (words
 * for the kernel's command line), shares (`{ tag, path, writable }`), consoleFile, forwards (pairs of
 * TCP ports: on loopback here, on the guest's eth0).
 * Gives the child process and the channels, each a promise of a connected socket.
 */
export function startQemu(options) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'autoipsec-vm-'));
  const channels = channelNames.map((name) => listen(path.join(folder, name)));
  const log = openSync(options.consoleFile, 'a');
  const child = spawn('qemu-system-x86_64', qemuArguments(options, folder), {
    stdio: ['ignore', log, log],
    // Ctrl-C is for us to pass on, not for qemu
    detached: true,
  });
  closeSync(log);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: 127, error }));
    child.once('exit', (code, signal) => resolve({ status: code ?? 128, signal }));
  }).then((result) => {
    for (const channel of channels) channel.server.close();
    rmSync(folder, { recursive: true, force: true });
    return result;
  });
  const [output, errors, control] = channels.map((channel) => channel.connected);
  return { child, output, errors, control, ended };
}

function listen(file) {
  const server = net.createServer();
  const connected = once(server, 'connection').then(([socket]) => socket);
  server.listen(file);
  return { server, connected };
}

function qemuArguments(options, folder) {
  const { kernel, accelerator, cpus, memory, append, shares, consoleFile, forwards = [] } = options;
  const { accel, cpu } = accelerators[accelerator];
  return [
    ...['-accel', accel, '-cpu', cpu],
    ...['-machine', 'pc', '-smp', String(cpus), '-m', memory],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-serial', `file:${consoleFile}`],
    ...['-kernel', kernel.image, '-initrd', initramfsFor(kernel.release)],
    ...['-append', `${kernelOptions} ${append}`],
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    ...channelNames.flatMap((name, index) => [
      ...['-chardev', `socket,id=${name},path=${path.join(folder, name)}`],
      ...['-device', `virtserialport,chardev=${name},name=${name},nr=${index + 1}`],
    ]),
    ...shares.flatMap(({ tag, path: shared, writable }) => [
      '-virtfs',
      `local,path=${shared},mount_tag=${tag},security_model=none,multidevs=remap` +
        (writable ? '' : ',readonly=on'),
    ]),
    ...(forwards.length === 0 ? [] : networkArguments(forwards)),
  ];
}

/** A card that leads nowhere but from these ports of loopback to 10.0.2.15 in the guest. */
function networkArguments(forwards) {
  const rules = forwards.map(([here, there]) => `,hostfwd=tcp:127.0.0.1:${here}-:${there}`);
  return [
    ...['-netdev', `user,id=card,restrict=on${rules.join('')}`],
    ...['-device', 'virtio-net-pci,netdev=card,romfile='],
  ];
}
