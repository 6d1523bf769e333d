// Linux as a program of this machine (user-mode Linux): its processes run on the bare processor, where
// qemu without KVM translates each instruction. Debian's has namespaces and ESP, but no nftables, and
// one processor.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { needPackages } from '../../tools/apt.mjs';
import { commandScript, machineFailed, tail, timedOut } from './command.mjs';
import { ensureWorkFolder, workFolder } from './folders.mjs';

/** A boot that takes longer is none. */
const probeSeconds = 60;
const packages = ['user-mode-linux', 'iptables', 'gcc', 'libc6-dev'];

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Whether it runs here: it needs ptrace, which containers may forbid. */
export async function bootsUml() {
  try {
    const options = { timeoutSeconds: probeSeconds, quiet: true };
    return (await runInUml(['true'], options)) === 0;
  } catch (error) {
    process.stderr.write(`vm: no user-mode Linux: ${error.message}\n`);
    return false;
  }
}

/** As runInVm; `options.cpus` makes no difference. */
export async function runInUml(argv, options = {}) {
  await needPackages(packages);
  const run = mkdtempSync(path.join(ensureWorkFolder(), 'run-'));
  const consoleFile = path.join(run, 'console.log');
  writeFileSync(path.join(run, 'command.sh'), commandScript(argv, options));
  const tell = options.quiet ? () => {} : (text) => process.stderr.write(`vm: ${text}\n`);
  tell('starting user-mode Linux');
  const ended = await follow(start(run, consoleFile, options.memory ?? '1G'), options);
  const status = statusOf(run) ?? ended;
  if (status === machineFailed) tell(`ended early; its console said:\n${tail(consoleFile)}`);
  if (status === timedOut) tell(`no end after ${options.timeoutSeconds} s`);
  rmSync(run, { recursive: true, force: true });
  return status;
}

function start(run, consoleFile, memory) {
  const log = openSync(consoleFile, 'a');
  const root = ['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro'];
  const consoles = ['con=null', 'con0=null,fd:1', 'con1=null,fd:3', 'con2=null,fd:4'];
  const words = [`init=${here('uml-guest.sh')}`, `lab.work=${workFolder}`, `lab.run=${run}`];
  const child = spawn('linux.uml', [`mem=${memory}`, 'quiet', ...root, ...consoles, ...words], {
    env: { ...process.env, LD_PRELOAD: registersLibrary(run), TMPDIR: '/dev/shm' },
    stdio: ['ignore', log, log, 'pipe', 'pipe'],
    // Ctrl-C is for us to pass on
    detached: true,
  });
  closeSync(log);
  return child;
}

function registersLibrary(folder) {
  const library = path.join(folder, 'uml-registers.so');
  const argv = ['-O2', '-Wall', '-shared', '-fPIC', '-o', library, here('uml-registers.c')];
  if (spawnSync('gcc', argv, { stdio: 'inherit' }).status === 0) return library;
  throw new Error('uml-registers.c does not compile');
}

/** Passes on what it says until it ends; gives the status for an end before its time. */
async function follow(child, { stdout = process.stdout, stderr = process.stderr, ...options }) {
  child.stdio[3].pipe(stdout, { end: false });
  child.stdio[4].pipe(stderr, { end: false });
  let status = machineFailed;
  const kill = () => endGroup(child);
  const late = () => {
    status = timedOut;
    kill();
  };
  const limit = options.timeoutSeconds && setTimeout(late, options.timeoutSeconds * 1000);
  process.once('exit', kill);
  options.signal?.addEventListener('abort', kill);
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  options.signal?.removeEventListener('abort', kill);
  process.off('exit', kill);
  clearTimeout(limit);
  return status;
}

function statusOf(run) {
  const file = path.join(run, 'status');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
}

/** Its processes are processes of this machine. */
function endGroup({ pid, exitCode }) {
  if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
}
