// KVM or TCG? /dev/kvm can be there, open, and then hang: only a boot tells, and only for a while.
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureWorkFolder } from './folders.mjs';
import { startQemu } from './qemu.mjs';

const probeMs = 8000;

/** 'kvm' when a guest boots with it here within seconds, else 'tcg'. Remembered until reboot. */
export async function chooseAccelerator(kernel) {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return 'tcg';
  }
  const memory = path.join(ensureWorkFolder(), 'accelerator.json');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const known = remembered(memory);
  if (known?.boot === boot) return known.accelerator;
  const accelerator = (await bootsWithKvm(kernel)) ? 'kvm' : 'tcg';
  writeFileSync(memory, JSON.stringify({ boot, accelerator }));
  return accelerator;
}

function remembered(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

async function bootsWithKvm(kernel) {
  const guest = startQemu({
    kernel,
    accelerator: 'kvm',
    cpus: 1,
    memory: '256M',
    append: 'lab.probe=1',
    shares: [],
    consoleFile: '/dev/null',
  });
  let timer;
  const tooLate = new Promise((resolve) => {
    timer = setTimeout(resolve, probeMs, false);
  });
  const alive = guest.control.then(
    (socket) => new Promise((resolve) => socket.once('data', () => resolve(true))),
  );
  const works = await Promise.race([alive, tooLate, guest.ended.then(() => false)]);
  clearTimeout(timer);
  // a hanging one may not even die: do not wait for its end
  guest.child.kill('SIGKILL');
  guest.child.unref();
  guest.control.then((socket) => socket.destroy());
  return works;
}
