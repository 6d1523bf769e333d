// Runs a command in a virtual machine that sees this machine's files, on a Debian kernel with ESP:
//   node test/lab/vm.mjs run [--timeout SECONDS] [--cpus N] [--memory 1G] [--direct] -- COMMAND…
// The command's output and exit status are passed on. Where the running kernel has all the lab needs
// and we are root, `--direct` runs the command here instead, in a mount and network namespace.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { needPackages } from '../tools/apt.mjs';
import { chooseAccelerator } from './vm/accelerator.mjs';
import { commandScript, machineFailed, tail, timedOut } from './vm/command.mjs';
import { canRunDirectly, runDirectly } from './vm/direct.mjs';
import { ensureWorkFolder, workFolder } from './vm/folders.mjs';
import { findKernel } from './vm/kernel.mjs';
import { startQemu } from './vm/qemu.mjs';
import { bootsUml, runInUml } from './vm/uml.mjs';

export { machineFailed, timedOut } from './vm/command.mjs';
export { projectRoot, workFolder } from './vm/folders.mjs';

/**
 * Boots, runs `argv` (in `cwd`, with `env` added to a small environment) and gives its exit status.
 * `options`: timeoutSeconds, cpus, memory, cwd, env, stdout, stderr (streams), signal (AbortSignal:
 * interrupts the command), quiet (no word about the boot), forwards (pairs of TCP ports: what comes to
 * the first one on loopback here goes to the second one of the guest, once the command set up eth0).
 */
export async function runInVm(argv, options = {}) {
  const kernel = await requiredKernel();
  const run = mkdtempSync(path.join(ensureWorkFolder(), 'run-'));
  const consoleFile = path.join(run, 'console.log');
  writeFileSync(path.join(run, 'command.sh'), commandScript(argv, options));
  const accelerator = await chooseAccelerator(kernel);
  const tell = options.quiet ? () => {} : (text) => process.stderr.write(`vm: ${text}\n`);
  tell(`starting Linux ${kernel.release} (${accelerator})`);
  const guest = startQemu({
    kernel,
    accelerator,
    cpus: options.cpus ?? 2,
    memory: options.memory ?? '1G',
    append: `lab.work=${workFolder} lab.run=${run} lab.guest=${guestScript}`,
    shares: [
      { tag: 'host', path: '/', writable: false },
      { tag: 'work', path: workFolder, writable: true },
    ],
    consoleFile,
    forwards: options.forwards,
  });
  const status = await followGuest(guest, options);
  if (status === machineFailed) tell(`ended early; its console said:\n${tail(consoleFile)}`);
  if (status === timedOut) tell(`no end after ${options.timeoutSeconds} s`);
  rmSync(run, { recursive: true, force: true });
  return status;
}

const guestScript = fileURLToPath(new URL('vm/guest.sh', import.meta.url));

/** Packages without which no guest starts. */
const packages = ['qemu-system-x86', 'busybox-static', 'kmod'];

async function requiredKernel() {
  await needPackages(packages);
  if (findKernel() === undefined) await needPackages(['linux-image-amd64']);
  const kernel = findKernel();
  if (kernel === undefined) throw new Error('vm: no kernel with 9p in /boot (linux-image-amd64)');
  return kernel;
}

/** Streams what the guest says and gives the command's exit status. */
async function followGuest(guest, options) {
  const { stdout = process.stdout, stderr = process.stderr, timeoutSeconds, signal } = options;
  const streams = [];
  guest.output.then((socket) => streams.push(forward(socket, stdout)));
  guest.errors.then((socket) => streams.push(forward(socket, stderr)));
  let told = '';
  let isLate = false;
  const control = await Promise.race([guest.control, guest.ended.then(() => undefined)]);
  // the guest hears nothing before it has said "ready"
  const interrupt = () => signal?.aborted && told.includes('ready') && control.write('interrupt\n');
  control?.on('error', () => {});
  control?.setEncoding('utf8').on('data', (text) => {
    told += text;
    interrupt();
  });
  signal?.addEventListener('abort', interrupt);
  const onExit = () => guest.child.kill('SIGKILL');
  process.once('exit', onExit);
  const limit =
    timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          guest.child.kill('SIGKILL');
        }, timeoutSeconds * 1000);
  const { error } = await guest.ended;
  clearTimeout(limit);
  process.off('exit', onExit);
  signal?.removeEventListener('abort', interrupt);
  if (error) throw error;
  await Promise.all(streams);
  if (isLate) return timedOut;
  const match = /exit (\d+)/.exec(told);
  return match ? Number(match[1]) : machineFailed;
}

function forward(socket, stream) {
  socket.on('data', (bytes) => stream.write(bytes));
  return new Promise((resolve) => socket.once('close', resolve).on('error', resolve));
}

/**
 * In the running kernel where that can carry the lab (or `options.direct` asks), else in a VM.
 * `options.needsNftables`: false where user-mode Linux will do, which is faster than emulation.
 */
export async function runInLab(argv, options = {}) {
  const direct = options.direct ?? canRunDirectly();
  if (direct) return runDirectly(argv, options);
  const isUml = options.needsNftables === false && (await isEmulated()) && (await bootsUml());
  return isUml ? runInUml(argv, options) : runInVm(argv, options);
}

const isEmulated = async () => (await chooseAccelerator(await requiredKernel())) === 'tcg';

/** An AbortSignal for the first Ctrl-C or TERM; the second one ends this process. */
export function abortOnSignal() {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) {
    process.on(name, () => (controller.signal.aborted ? process.exit(130) : controller.abort()));
  }
  return controller.signal;
}

const usage = 'usage: vm.mjs run [--timeout S] [--cpus N] [--memory 1G] [--direct] -- COMMAND…';

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      timeout: { type: 'string' },
      cpus: { type: 'string' },
      memory: { type: 'string' },
      direct: { type: 'boolean' },
    },
  });
  const [verb, ...argv] = positionals;
  if (verb !== 'run' || argv.length === 0) {
    console.error(usage);
    return 2;
  }
  const options = {
    ...(values.timeout && { timeoutSeconds: Number(values.timeout) }),
    ...(values.cpus && { cpus: Number(values.cpus) }),
    ...(values.memory && { memory: values.memory }),
    signal: abortOnSignal(),
  };
  return values.direct ? runDirectly(argv, options) : runInVm(argv, options);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main();
}
