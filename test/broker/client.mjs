// A broker under test: starts it, sends requests, collects events.
import { spawn } from 'node:child_process';
import * as f from './frames.mjs';

/** A reply that was an ERROR frame. */
export class Refused extends Error {
  constructor(what, errno, text) {
    super(`${what}: ${text} (${errno})`);
    this.errno = errno;
    this.text = text;
  }
}

const sanitizerReport = /Sanitizer|runtime error/;

export class Broker {
  frames = []; // events nobody waited for yet
  waiters = [];
  requests = new Map();
  lastTag = 0;
  errorText = '';
  failure = undefined;

  /** `command`: emulator, if any, and the program. */
  constructor(command, options = {}) {
    this.child = spawn(command[0], command.slice(1), { stdio: 'pipe', ...options });
    const reader = new f.FrameReader();
    this.child.stdout.on('data', (bytes) => {
      try {
        for (const frame of reader.feed(bytes)) this.#take(frame);
      } catch (error) {
        this.failure ??= error;
      }
    });
    this.child.stderr.on('data', (bytes) => {
      this.errorText += bytes;
    });
    this.child.stdin.on('error', () => undefined); // the exit status tells
    this.ended = new Promise((resolve) => {
      this.child.on('close', (status, signal) => {
        this.#fail(new Error(`the broker ended (${status ?? signal}): ${this.errorText}`));
        resolve({ status, signal, errorText: this.errorText });
      });
    });
    this.hello = this.next(f.op.hello, 0);
    this.hello.catch(() => undefined);
  }

  #take(frame) {
    const request = this.requests.get(frame.tag);
    if (request && (frame.operation === f.op.ok || frame.operation === f.op.error)) {
      this.requests.delete(frame.tag);
      if (frame.operation === f.op.ok) request.resolve(frame.body);
      else request.reject(new Refused(request.what, frame.errno, frame.text));
      return;
    }
    const index = this.waiters.findIndex((w) => w.fits(frame));
    if (index < 0) this.frames.push(frame);
    else this.waiters.splice(index, 1)[0].resolve(frame);
  }

  #fail(error) {
    this.failure ??= error;
    for (const { reject } of [...this.requests.values(), ...this.waiters]) reject(error);
    this.requests.clear();
    this.waiters = [];
  }

  /** The next event of this kind for this tag (any without one). */
  next(operation, tag) {
    const fits = (frame) => frame.operation === operation && (tag ?? frame.tag) === frame.tag;
    const index = this.frames.findIndex(fits);
    if (index >= 0) return Promise.resolve(this.frames.splice(index, 1)[0]);
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => this.waiters.push({ fits, resolve, reject }));
  }

  /** The frame of a request and the promise of its reply's body. */
  prepare(operation, ...parts) {
    const tag = ++this.lastTag;
    const reply = new Promise((resolve, reject) => {
      this.requests.set(tag, { what: `operation ${operation}`, resolve, reject });
    });
    reply.catch(() => undefined); // a test may look at it later
    return { frame: f.frame(operation, tag, ...parts), reply };
  }

  request(operation, ...parts) {
    const { frame, reply } = this.prepare(operation, ...parts);
    this.child.stdin.write(frame);
    return reply;
  }

  async open(familyName, typeName, protocol = 0) {
    const codes = Buffer.from([f.family[familyName], f.type[typeName]]);
    return (await this.request(f.op.open, codes, f.u32(protocol))).readUInt32BE();
  }
  bind = (handle, address) => this.request(f.op.bind, f.u32(handle), address);
  connect = (handle, address) => this.request(f.op.connect, f.u32(handle), address);
  listen = (handle, backlog = 16) => this.request(f.op.listen, f.u32(handle), f.u32(backlog));
  send = (handle, payload, to = f.noAddress, from = f.noLocal) =>
    this.request(f.op.send, f.u32(handle), to, from, Buffer.from(payload));
  setOption = (handle, level, name, value) =>
    this.request(f.op.setOption, f.u32(handle), f.u32(level), f.u32(name), Buffer.from(value));
  close = (handle) => this.request(f.op.close, f.u32(handle));
  async localAddress(handle) {
    return new f.Body(await this.request(f.op.localAddress, f.u32(handle))).address();
  }

  /** An int as setsockopt wants it on the broker's machine. */
  async int(value) {
    const bytes = Buffer.alloc(4);
    if ((await this.hello).isBigEndian) bytes.writeInt32BE(value);
    else bytes.writeInt32LE(value);
    return bytes;
  }

  /** An inet socket bound to a free port of `ip`, and its address as a part of a request. */
  async bound(ip, typeName = 'datagram') {
    const handle = await this.open(ip.includes(':') ? 'inet6' : 'inet', typeName);
    await this.bind(handle, f.inet(ip, 0));
    const port = (await this.localAddress(handle)).bytes.readUInt16BE(0);
    return { handle, port, address: f.inet(ip, port) };
  }

  /** Closes standard input; the broker must end well and without a sanitizer's report. */
  async finish() {
    this.child.stdin.end();
    this.child.stdout.resume();
    const end = await this.ended;
    if (end.status !== 0 || sanitizerReport.test(end.errorText)) throw this.failure;
    return end;
  }

  kill() {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
  }
}
