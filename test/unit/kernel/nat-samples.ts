/** What `nft -j` of nftables 1.0.6 printed for a ruleset in the manner of fw4, with oddities added. */

export const chainsJson = JSON.stringify({
  nftables: [
    { metainfo: { version: '1.0.6', release_name: 'Lester Gooch #5', json_schema_version: 1 } },
    {
      chain: {
        family: 'inet',
        table: 'fw4',
        name: 'srcnat',
        handle: 1,
        type: 'nat',
        hook: 'postrouting',
        prio: 100,
        policy: 'accept',
      },
    },
    { chain: { family: 'inet', table: 'fw4', name: 'srcnat_wan', handle: 2 } },
    {
      chain: {
        family: 'ip',
        table: 'nat',
        name: 'POSTROUTING',
        handle: 1,
        type: 'nat',
        hook: 'postrouting',
        prio: 101,
        policy: 'accept',
      },
    },
  ],
});

export const fw4Json = JSON.stringify({
  nftables: [
    { metainfo: { version: '1.0.6', release_name: 'Lester Gooch #5', json_schema_version: 1 } },
    { table: { family: 'inet', name: 'fw4', handle: 8 } },
    {
      set: {
        family: 'inet',
        name: 'blocked',
        table: 'fw4',
        type: 'ipv4_addr',
        handle: 3,
        flags: ['interval'],
        elem: [
          '10.7.7.7',
          { range: ['10.8.0.1', '10.8.0.9'] },
          { prefix: { addr: '10.9.0.0', len: 16 } },
        ],
      },
    },
    {
      chain: {
        family: 'inet',
        table: 'fw4',
        name: 'srcnat',
        handle: 1,
        type: 'nat',
        hook: 'postrouting',
        prio: 100,
        policy: 'accept',
      },
    },
    { chain: { family: 'inet', table: 'fw4', name: 'srcnat_wan', handle: 2 } },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 5,
        comment: '!fw4: Handle wan IPv4/IPv6 srcnat traffic',
        expr: [
          {
            match: {
              op: '==',
              left: { meta: { key: 'oifname' } },
              right: { set: ['wan', 'pppoe-wan'] },
            },
          },
          { jump: { target: 'srcnat_wan' } },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 6,
        expr: [
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'lte*' } },
          {
            match: {
              op: '==',
              left: { payload: { protocol: 'ip', field: 'saddr' } },
              right: { prefix: { addr: '192.168.9.0', len: 24 } },
            },
          },
          { counter: { packets: 0, bytes: 0 } },
          { snat: { family: 'ip', addr: '203.0.113.9' } },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 7,
        expr: [
          { match: { op: '==', left: { meta: { key: 'iifname' } }, right: 'lan' } },
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'vpn' } },
          { masquerade: null },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 9,
        expr: [
          {
            vmap: {
              key: { meta: { key: 'oifname' } },
              data: {
                set: [
                  ['vm0', { jump: { target: 'srcnat_wan' } }],
                  ['vm1', { accept: null }],
                ],
              },
            },
          },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 10,
        expr: [
          {
            match: {
              op: '==',
              left: { payload: { protocol: 'ip', field: 'saddr' } },
              right: '@blocked',
            },
          },
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'set0' } },
          { masquerade: null },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 12,
        expr: [
          {
            match: {
              op: '!=',
              left: { payload: { protocol: 'ip', field: 'saddr' } },
              right: {
                set: [
                  { prefix: { addr: '10.0.0.0', len: 8 } },
                  { prefix: { addr: '172.16.0.0', len: 12 } },
                ],
              },
            },
          },
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'not0' } },
          { masquerade: { flags: 'fully-random' } },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 13,
        expr: [
          { match: { op: 'in', left: { ct: { key: 'status' } }, right: 'dnat' } },
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'refl0' } },
          { masquerade: null },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 14,
        expr: [
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'x0' } },
          {
            match: {
              op: '==',
              left: { payload: { protocol: 'ip', field: 'daddr' } },
              right: { prefix: { addr: '198.18.2.0', len: 24 } },
            },
          },
          { return: null },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 15,
        expr: [
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'x0' } },
          { goto: { target: 'srcnat_wan' } },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 16,
        expr: [
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'x0' } },
          { snat: { family: 'ip', addr: '1.2.3.4' } },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 17,
        expr: [
          {
            match: {
              op: '==',
              left: { payload: { protocol: 'ip6', field: 'saddr' } },
              right: { prefix: { addr: 'fd00::', len: 8 } },
            },
          },
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'six0' } },
          { snat: { family: 'ip6', addr: '2001:db8::9' } },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 18,
        expr: [
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'range0' } },
          { snat: { family: 'ip', addr: { range: ['203.0.113.10', '203.0.113.20'] } } },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat',
        handle: 19,
        expr: [
          { match: { op: '!=', left: { meta: { key: 'oifname' } }, right: 'lan0' } },
          { match: { op: '==', left: { meta: { key: 'mark' } }, right: 5 } },
          { masquerade: null },
        ],
      },
    },
    {
      rule: {
        family: 'inet',
        table: 'fw4',
        chain: 'srcnat_wan',
        handle: 20,
        comment: '!fw4: Masquerade IPv4 wan traffic',
        expr: [
          { match: { op: '==', left: { meta: { key: 'nfproto' } }, right: 'ipv4' } },
          { masquerade: null },
        ],
      },
    },
  ],
});

export const natJson = JSON.stringify({
  nftables: [
    { metainfo: { version: '1.0.6', release_name: 'Lester Gooch #5', json_schema_version: 1 } },
    { table: { family: 'ip', name: 'nat', handle: 9 } },
    {
      chain: {
        family: 'ip',
        table: 'nat',
        name: 'POSTROUTING',
        handle: 1,
        type: 'nat',
        hook: 'postrouting',
        prio: 101,
        policy: 'accept',
      },
    },
    {
      rule: {
        family: 'ip',
        table: 'nat',
        chain: 'POSTROUTING',
        handle: 2,
        expr: [
          { match: { op: '==', left: { meta: { key: 'oifname' } }, right: 'old0' } },
          { counter: { packets: 0, bytes: 0 } },
          { masquerade: null },
        ],
      },
    },
  ],
});
