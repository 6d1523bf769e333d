/** A tunnel for tests, and texts that iproute2 6.1 printed on Linux 6.1. */

import { fromHex } from '../../../src/core/bytes/hex.js';
import type { ChildSa } from '../../../src/core/kernel/child-sa.js';
import { address, prefix } from '../../../src/core/net/address.js';

const all = (block: string) => ({
  prefix: prefix(block),
  protocol: 0,
  startPort: 0,
  endPort: 65535,
});

export const firstReqid = 0x41490000;

export function sampleSa(more: Partial<ChildSa> = {}): ChildSa {
  return {
    local: address('198.18.100.1'),
    remote: address('198.18.100.2'),
    mode: 'tunnel',
    inbound: {
      spi: 0x1001,
      keys: {
        kind: 'aead',
        name: 'rfc4106(gcm(aes))',
        key: fromHex('a1'.repeat(20)),
        icvBits: 128,
      },
    },
    outbound: {
      spi: 0x1002,
      keys: {
        kind: 'aead',
        name: 'rfc4106(gcm(aes))',
        key: fromHex('b2'.repeat(20)),
        icvBits: 128,
      },
    },
    ours: all('198.18.100.1/32'),
    theirs: all('198.18.2.9/32'),
    softSeconds: 3000,
    hardSeconds: 3600,
    ...more,
  };
}

export const stateText = `src 198.18.100.1 dst 198.18.100.2
	proto esp spi 0x00001002(4098) reqid 1095303168(0x41490000) mode tunnel
	replay-window 0 seq 0x00000000 flag af-unspec (0x00100000)
	aead rfc4106(gcm(aes)) <<Keys hidden>> 128
	anti-replay esn context:
	 seq-hi 0x0, seq 0x0, oseq-hi 0x0, oseq 0x0
	 replay_window 64, bitmap-length 2
	 00000000 00000000 
	sel src 10.0.0.1/32 dst 10.9.0.1/32 uid 0
	lifetime config:
	  limit: soft (INF)(bytes), hard (INF)(bytes)
	  limit: soft (INF)(packets), hard (INF)(packets)
	  expire add: soft 0(sec), hard 0(sec)
	  expire use: soft 0(sec), hard 0(sec)
	lifetime current:
	  840(bytes), 10(packets)
	  add 2026-11-21 08:25:52 use 2026-11-21 08:25:53
	stats:
	  replay-window 0 replay 0 failed 0
src 198.18.100.2 dst 198.18.100.1
	proto esp spi 0x00001001(4097) reqid 1095303168(0x41490000) mode tunnel
	replay-window 64 seq 0x00000000 flag  (0x00000000)
	lifetime current:
	  420(bytes), 5(packets)
	  add 2026-11-21 08:25:52 use -
src 2001:db8::1 dst 2001:db8::2
	proto ah spi 0x00000005(5) reqid 16389(0x00004005) mode transport
	lifetime current:
	  0(bytes), 0(packets)
	  add 2026-11-21 08:25:52 use -
`;

export const policyText = `src 10.3.0.0/16 dst 10.4.0.0/16 uid 0
	dir fwd action allow index 50 priority 0 ptype main share any flag  (0x00000000)
	lifetime config:
	  limit: soft (INF)(bytes), hard (INF)(bytes)
	lifetime current:
	  0(bytes), 0(packets)
	  add 2026-11-21 08:25:55 use -
src 10.3.0.0/16 dst 10.4.0.0/16 uid 0
	dir out action block index 25 priority 0 ptype main share any flag  (0x00000000)
	lifetime current:
	  0(bytes), 0(packets)
	  add 2026-11-21 08:25:54 use -
	mark 0x1/0xff 
	if_id 0x7
src 2001:db8::1/128 dst 2001:db8:1::1/128 proto tcp dport 80 uid 0
	dir out action allow index 17 priority 100000 ptype main share any flag  (0x00000000)
	lifetime current:
	  0(bytes), 0(packets)
	  add 2026-11-21 08:25:54 use -
	tmpl src 198.18.0.1 dst 198.18.0.2
		proto esp spi 0x00000000(0) reqid 70001(0x00011171) mode tunnel
		level required share any 
		enc-mask ffffffff auth-mask ffffffff comp-mask ffffffff
src 198.18.100.1/32 dst 198.18.2.9/32 uid 0
	dir out action allow index 9 priority 1879048192 ptype main share any flag  (0x00000000)
	lifetime current:
	  0(bytes), 0(packets)
	  add 2026-11-21 08:25:54 use 2026-11-21 08:25:59
	tmpl src 198.18.100.1 dst 198.18.100.2
		proto esp spi 0x00000000(0) reqid 1095303168(0x41490000) mode tunnel
		level required share any 
		enc-mask ffffffff auth-mask ffffffff comp-mask ffffffff
src 0.0.0.0/0 dst 0.0.0.0/0 uid 0
	socket in action allow index 11 priority 0 ptype main share any flag  (0x00000000)
	lifetime current:
	  0(bytes), 0(packets)
	  add 2026-11-21 08:25:54 use -
`;

export const monitorText = `Flushed policy ptype main 
src 198.18.0.1/32 dst 10.9.0.1/32 
	dir out priority 100000 ptype main 
	tmpl src 198.18.0.1 dst 198.18.0.2
		proto esp reqid 70000 mode tunnel
Updated src 10.3.0.0/16 dst 10.4.0.0/16 
	dir fwd priority 0 ptype main 
acquire proto esp 
  sel src 198.18.0.1/32 dst 10.9.0.1/32 proto udp sport 42094 dport 1025 dev d0 
  policy src 198.18.0.1/32 dst 10.9.0.1/32 
    	dir out priority 100000 ptype main 
    	tmpl src 198.18.0.1 dst 198.18.0.2
    		proto esp reqid 70000 mode tunnel

Expired src 198.18.0.1 dst 198.18.0.2
	proto esp spi 0x00001000 reqid 70000 mode tunnel
	replay-window 0 flag af-unspec
	hard 0
Expired src 198.18.0.1 dst 198.18.0.2
	proto esp spi 0x00001000 reqid 70000 mode tunnel
	replay-window 0 flag af-unspec
	hard 1
`;
