// CPU time of this process in milliseconds, where the kernel tells it: other programs on the same
// machine do not count in it.
// biome-ignore lint/style/useNodejsImportProtocol: QuickJS's module, not Node's
import * as os from 'os';
import * as std from 'std';

globalThis.residentKilobytes = () => {
  std.gc();
  const file = std.open('/proc/self/status', 'r');
  const text = file?.readAsString() ?? '';
  file?.close();
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]);
};

globalThis.cpuMs = () => {
  // The kernel adds up when a process leaves the processor, or a clock tick comes.
  os.sleep(0);
  const file = std.open('/proc/self/schedstat', 'r');
  const line = file?.getline();
  file?.close();
  return Number(line?.split(' ')[0]) / 1e6;
};
