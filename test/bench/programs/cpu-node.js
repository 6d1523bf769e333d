// As cpu-qjs.js, for Node.
import { readFileSync } from 'node:fs';

globalThis.residentKilobytes = () => Math.round(process.memoryUsage().rss / 1024);

globalThis.cpuMs = () => Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
