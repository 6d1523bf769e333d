// Random and mutated frames, the same ones in each run. They reach the kernel (netlink requests,
// options, raw sockets), so only in a namespace of its own.
import assert from 'node:assert/strict';
import * as f from './frames.mjs';
import { refused } from './support.mjs';

export const tests = [];
const test = (name, run) => tests.push([name, run]);

/** Numbers below `limit` from a seed: mulberry32. */
function random(seed) {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

const randomBytes = (pick, length) => Buffer.from(Array.from({ length }, () => pick(256)));

/** A good frame body of some operation, on one of the handles that may exist. */
function sample(pick, handles) {
  const handle = f.u32(handles.length ? handles[pick(handles.length)] : pick(1024));
  const port = 10000 + pick(8);
  const addresses = [
    f.inet('127.0.0.1', port),
    f.inet('::1', port),
    f.unix(`s${pick(4)}`),
    f.unix(`\0s${pick(4)}`),
    f.address(f.family.netlink, Buffer.alloc(10)),
    f.noAddress,
  ];
  const address = addresses[pick(addresses.length)];
  const locals = [f.noLocal, f.noLocal, f.local('127.0.0.1', pick(3)), f.local('::1', pick(3))];
  const bodies = [
    [f.op.open, Buffer.from([1 + pick(5), 1 + pick(3)]), f.u32(pick(4) ? 0 : pick(256))],
    [f.op.bind, handle, address],
    [f.op.bindDevice, handle, Buffer.from(pick(2) ? 'lo' : '')],
    [f.op.connect, handle, address],
    [f.op.listen, handle, f.u32(pick(1000))],
    [f.op.setOption, handle, f.u32(pick(2) ? 1 : pick(300)), f.u32(pick(80)), f.u32(pick(3))],
    [f.op.send, handle, address, locals[pick(4)], randomBytes(pick, pick(64))],
    [f.op.localAddress, handle],
    [f.op.close, handle],
  ];
  const [operation, ...parts] = bodies[pick(bodies.length)];
  return { operation, body: Buffer.concat(parts) };
}

function mutate(pick, body) {
  const bytes = Buffer.from(body);
  for (let count = pick(4); count > 0 && bytes.length > 0; count--) {
    const edges = [0, 1, 127, 128, 255, pick(256)];
    bytes[pick(bytes.length)] = edges[pick(edges.length)];
  }
  if (pick(8) === 0) return bytes.subarray(0, pick(bytes.length + 1));
  if (pick(8) === 0) return Buffer.concat([bytes, randomBytes(pick, pick(40))]);
  return bytes;
}

/** Frames as a broken script would send them; each gets one reply, some only when closed. */
function makeBatch(pick, broker, handles, count) {
  const frames = [];
  for (let i = 0; i < count; i++) {
    const { operation, body } = sample(pick, handles);
    const isSane = pick(3) === 0;
    const code = isSane || pick(20) ? operation : pick(256);
    frames.push(broker.prepare(code, isSane ? body : mutate(pick, body)));
  }
  return frames;
}

test('fuzz: 20,000 good, mutated and random frames', async ({ broker, isolated, skip }) => {
  if (!isolated) skip('needs a network namespace of its own: unshare -rn is not allowed here');
  const pick = random(20260704);
  const handles = [];
  let answers = 0;
  for (let batch = 0; batch < 100; batch++) {
    const requests = makeBatch(pick, broker, handles, 200);
    for (const { frame, reply } of requests) {
      const isOpen = frame[4] === f.op.open;
      reply.then(
        (body) => {
          answers++;
          if (isOpen) handles.push(body.readUInt32BE());
        },
        () => answers++,
      );
    }
    broker.child.stdin.write(Buffer.concat(requests.map((r) => r.frame)));
    await refused(broker.close(0), 'EBADF'); // it still answers
    broker.frames.length = 0;
    if (batch % 10 === 9) for (const handle of handles.splice(0)) broker.close(handle);
  }
  // Every slot a frame may have filled: accepted streams are among them.
  for (const frame of broker.frames) if (frame.handle) broker.close(frame.handle);
  await refused(broker.close(0), 'EBADF');
  assert.ok(answers > 19000, `${answers} answers`);
});

test('fuzz: streams of random bytes', async ({ start, isolated, skip }) => {
  if (!isolated) skip('needs a network namespace of its own: unshare -rn is not allowed here');
  const pick = random(1);
  for (let run = 0; run < 60; run++) {
    const broker = start();
    const parts = [];
    // First some frames whose length is right, so that the bytes are looked at.
    for (let i = pick(50); i > 0; i--) {
      const body = randomBytes(pick, 1 + pick(40));
      body[0] = pick(12);
      parts.push(f.u32(body.length), body);
    }
    if (run % 2) parts.push(randomBytes(pick, 200));
    broker.child.stdin.end(Buffer.concat(parts));
    const { status, errorText } = await broker.ended;
    if (status === 1) assert.match(errorText, /^autoipsec-broker: a frame of \d+ bytes, [^\n]*\n$/);
    else assert.deepEqual([status, errorText], [0, '']);
  }
});
