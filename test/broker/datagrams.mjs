// Datagram, raw, netlink and packet sockets; the error queue; options.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as f from './frames.mjs';
import { refused } from './support.mjs';

const loopbackIndex = 1;
const ips = { udp4: '127.0.0.1', udp6: '::1' };

export const tests = [];
const test = (name, run) => tests.push([name, run]);

const swapped = Buffer.from([0, 0, 0, loopbackIndex]).readUInt32LE();

for (const [name, ip] of Object.entries(ips)) {
  test(`${name}: message with peer and local address`, async ({ broker }) => {
    const a = await broker.bound(ip);
    const b = await broker.bound(ip);
    await broker.send(a.handle, 'hello', b.address);
    const got = await broker.next(f.op.message, b.handle);
    assert.equal(got.payload.toString(), 'hello');
    assert.equal(got.flags, 0);
    assert.deepEqual(f.address(got.peer.family, got.peer.bytes), a.address);
    assert.deepEqual(got.local.ip, f.ipBytes(ip));
  });

  test(`${name}: interface of a message, and for one`, async ({ broker, isEmulated, skip }) => {
    const a = await broker.bound(ip);
    await broker.send(a.handle, 'in', a.address);
    const { interfaceIndex } = (await broker.next(f.op.message, a.handle)).local;
    if (isEmulated && interfaceIndex === swapped) {
      skip('qemu-user does not swap the bytes of ancillary data');
    }
    assert.equal(interfaceIndex, loopbackIndex);
    await broker.send(a.handle, 'out', a.address, f.local('', loopbackIndex));
    await broker.next(f.op.message, a.handle);
    await broker.send(a.handle, 'out', a.address, f.local(ip, loopbackIndex));
    await broker.next(f.op.message, a.handle);
    await refused(broker.send(a.handle, 'x', a.address, f.local('', 9999)), 'ENODEV');
  });

  test(`${name}: empty and longest datagrams`, async ({ broker }) => {
    const a = await broker.bound(ip);
    const b = await broker.bound(ip);
    const longest = 65535 - 8 - (ip.includes(':') ? 0 : 20);
    for (const length of [0, 1, 9000, longest]) {
      const payload = Buffer.alloc(length, 0xa5);
      await broker.send(a.handle, payload, b.address);
      const got = await broker.next(f.op.message, b.handle);
      assert.ok(got.payload.equals(payload), `${length} bytes`);
    }
    await refused(broker.send(a.handle, Buffer.alloc(longest + 1), b.address), 'EMSGSIZE');
  });

  test(`${name}: connected, without a destination`, async ({ broker }) => {
    const a = await broker.bound(ip);
    const b = await broker.bound(ip);
    await refused(broker.send(a.handle, 'nowhere'), 'EDESTADDRREQ');
    await broker.connect(a.handle, b.address);
    await broker.send(a.handle, 'there');
    assert.equal((await broker.next(f.op.message, b.handle)).payload.toString(), 'there');
  });

  test(`${name}: closed port is reported from the error queue`, async ({ broker }) => {
    const a = await broker.bound(ip);
    const gone = await broker.bound(ip);
    await broker.close(gone.handle);
    await broker.send(a.handle, 'anybody?', gone.address);
    const got = await broker.next(f.op.socketError, a.handle);
    const expected = ip.includes(':') ? [3, 1, 4] : [2, 3, 3];
    assert.deepEqual([got.origin, got.icmpType, got.icmpCode], expected);
    assert.deepEqual(f.address(got.peer.family, got.peer.bytes), gone.address);
    assert.notEqual(got.errno, 0);
  });

  test(`${name}: an error for one peer does not stop the next datagram`, async ({ broker }) => {
    const a = await broker.bound(ip);
    const b = await broker.bound(ip);
    const gone = await broker.bound(ip);
    await broker.close(gone.handle);
    const body = (to) => [f.u32(a.handle), to, f.noLocal, Buffer.from('x')];
    const first = broker.prepare(f.op.send, ...body(gone.address));
    const second = broker.prepare(f.op.send, ...body(b.address));
    // One write: the second is done before the broker looks at the error queue again.
    broker.child.stdin.write(Buffer.concat([first.frame, second.frame]));
    await first.reply;
    await second.reply;
    await broker.next(f.op.message, b.handle);
    await broker.next(f.op.socketError, a.handle);
  });
}

test('udp4: source address of choice', async ({ broker }) => {
  const a = await broker.bound('0.0.0.0');
  const b = await broker.bound('127.0.0.1');
  await broker.send(a.handle, 'x', b.address, f.local('127.0.0.9', 0));
  const got = await broker.next(f.op.message, b.handle);
  assert.deepEqual(f.address(got.peer.family, got.peer.bytes), f.inet('127.0.0.9', a.port));
  await refused(broker.send(a.handle, 'x', b.address, f.local('::1', 0)), 'EINVAL');
});

test('udp6: source address of choice', async ({ broker, isolated, skip }) => {
  if (!isolated) skip('needs a second loopback address, made in a namespace of its own');
  const a = await broker.bound('::');
  const b = await broker.bound('::1');
  await broker.send(a.handle, 'x', b.address, f.local('fd00::9', 0));
  const got = await broker.next(f.op.message, b.handle);
  assert.deepEqual(f.address(got.peer.family, got.peer.bytes), f.inet('fd00::9', a.port));
  await refused(broker.send(a.handle, 'x', b.address, f.local('127.0.0.1', 0)), 'EINVAL');
});

test('setsockopt: raw bytes reach the kernel', async ({ broker }) => {
  const [, reuse, broadcast] = (await broker.hello).constants;
  const level = (await broker.hello).constants[0];
  const on = await broker.int(1);
  const a = await broker.bound('127.0.0.1');
  const everybody = f.inet('127.255.255.255', a.port);
  await refused(broker.send(a.handle, 'x', everybody), 'EACCES');
  await broker.setOption(a.handle, level, broadcast, on);
  await broker.send(a.handle, 'x', everybody);

  const twin = await broker.open('inet', 'datagram');
  await refused(broker.bind(twin, a.address), 'EADDRINUSE');
  await broker.setOption(a.handle, level, reuse, on);
  await broker.setOption(twin, level, reuse, on);
  await broker.bind(twin, a.address);

  await refused(broker.setOption(a.handle, level, 0x7ffe, on), 'ENOPROTOOPT');
  await refused(broker.setOption(a.handle, level, reuse, ''), 'EINVAL');
});

test('setsockopt: buffer sizes', async ({ broker }) => {
  const [level, , , receive, send] = (await broker.hello).constants;
  const a = await broker.bound('127.0.0.1');
  for (const name of [receive, send]) {
    await broker.setOption(a.handle, level, name, await broker.int(65536));
  }
});

for (const [name, position] of [
  ['SO_MARK', 5],
  ['SO_RCVBUFFORCE', 6],
]) {
  test(`setsockopt: ${name}`, async ({ broker, isEmulated, skip }) => {
    const { constants } = await broker.hello;
    const a = await broker.bound('127.0.0.1');
    const value = await broker.int(4096);
    try {
      await broker.setOption(a.handle, constants[0], constants[position], value);
    } catch (error) {
      if (isEmulated && error.text === 'Protocol not available') {
        skip(`qemu-user does not pass on ${name}`);
      }
      // Root of a namespace may not: the kernel has understood what was asked.
      assert.equal(error.text, 'Operation not permitted');
    }
  });
}

test('bind to device', async ({ broker }) => {
  const a = await broker.bound('127.0.0.1');
  const bindDevice = (name) => broker.request(f.op.bindDevice, f.u32(a.handle), Buffer.from(name));
  await bindDevice('lo');
  await broker.send(a.handle, 'me', a.address);
  await broker.next(f.op.message, a.handle);
  await refused(bindDevice('nosuch0'), 'ENODEV');
  await bindDevice('');
  await refused(bindDevice('x'.repeat(16)), 'EBADMSG');
});

test('netlink: RTM_GETLINK dump finds lo', async ({ broker }) => {
  const { isBigEndian } = await broker.hello;
  const socket = await broker.open('netlink', 'raw', 0);
  await broker.bind(socket, f.address(f.family.netlink, Buffer.alloc(10)));
  assert.equal((await broker.localAddress(socket)).bytes.length, 10);
  const header = Buffer.alloc(32); // nlmsghdr (length, type 18, flags REQUEST|DUMP) and ifinfomsg
  const write16 = isBigEndian ? 'writeUInt16BE' : 'writeUInt16LE';
  header[isBigEndian ? 'writeUInt32BE' : 'writeUInt32LE'](32);
  header[write16](18, 4);
  header[write16](0x301, 6);
  await broker.send(socket, header, f.address(f.family.netlink, Buffer.alloc(10)));
  const types = [];
  const read16 = isBigEndian ? 'readUInt16BE' : 'readUInt16LE';
  const read32 = isBigEndian ? 'readUInt32BE' : 'readUInt32LE';
  let seen = '';
  while (!types.includes(3)) {
    const { payload, peer } = await broker.next(f.op.message, socket);
    assert.deepEqual([peer.family, peer.bytes.length], [f.family.netlink, 10]);
    seen += payload.toString('latin1');
    for (let at = 0; at < payload.length; at += (payload[read32](at) + 3) & ~3) {
      types.push(payload[read16](at + 4));
    }
  }
  assert.ok(types.includes(16), 'RTM_NEWLINK');
  assert.ok(seen.includes('lo\0'), 'name of lo');
});

test('netlink: lost messages are reported', async ({ broker, isolated, skip }) => {
  if (!isolated) skip('changes addresses, only in a namespace of its own');
  const { constants, isBigEndian } = await broker.hello;
  const socket = await broker.open('netlink', 'raw', 0);
  const groups = Buffer.alloc(10);
  groups[isBigEndian ? 'writeUInt32BE' : 'writeUInt32LE'](0x10, 6); // RTMGRP_IPV4_IFADDR
  await broker.bind(socket, f.address(f.family.netlink, groups));
  await broker.setOption(socket, constants[0], constants[3], await broker.int(4096));
  broker.child.kill('SIGSTOP');
  const commands = ['add', 'del'].map((what) => `address ${what} 127.0.0.77/32 dev lo\n`).join('');
  spawnSync('ip', ['-batch', '-'], { input: commands.repeat(100) });
  broker.child.kill('SIGCONT');
  const { errno, origin, peer } = await broker.next(f.op.socketError, socket);
  assert.deepEqual([origin, peer.family], [0, 0]);
  assert.equal(errno, isBigEndian ? 132 : 105); // ENOBUFS of MIPS and of the others
  await broker.next(f.op.message, socket);
});

test('raw icmp: echo request and reply', async ({ broker }) => {
  const socket = await broker.open('inet', 'raw', 1);
  const echo = Buffer.from('0800f7fd00010001', 'hex'); // checksum of type 8, id 1, sequence 1
  await broker.send(socket, echo, f.inet('127.0.0.1', 0));
  const types = new Set();
  while (!types.has(0)) {
    const got = await broker.next(f.op.message, socket);
    assert.deepEqual(got.local.ip, f.ipBytes('127.0.0.1'));
    types.add(got.payload[(got.payload[0] & 15) * 4]);
  }
});

test('raw icmpv6: echo request and reply', async ({ broker }) => {
  const socket = await broker.open('inet6', 'raw', 58);
  await broker.send(socket, Buffer.from('8000000000010001', 'hex'), f.inet('::1', 0));
  const types = new Set();
  while (!types.has(129)) types.add((await broker.next(f.op.message, socket)).payload[0]);
});

test('packet: datagrams of lo are seen', async ({ broker }) => {
  const { isBigEndian } = await broker.hello;
  const ethIp = isBigEndian ? 0x0800 : 0x0008; // htons(ETH_P_IP)
  const socket = await broker.open('packet', 'datagram', ethIp);
  const link = Buffer.alloc(18); // sockaddr_ll: protocol, interface index, nothing else
  link.writeUInt16BE(0x0800, 0);
  link[isBigEndian ? 'writeInt32BE' : 'writeInt32LE'](loopbackIndex, 2);
  await broker.bind(socket, f.address(f.family.packet, link));
  const a = await broker.bound('127.0.0.1');
  await broker.send(a.handle, 'find me', a.address);
  let got;
  do got = await broker.next(f.op.message, socket);
  while (!got.payload.toString('latin1').endsWith('find me'));
  assert.deepEqual([got.peer.family, got.peer.bytes.length], [f.family.packet, 18]);
});
