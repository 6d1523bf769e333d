// The router's firewall as OpenWrt's fw4 writes it for a LAN and a WAN zone.

/**
 * `isMasqueraded`: IPv4 of the LAN leaves with the WAN address. `forward`: the LAN host that gets
 * connections to port 80 of the WAN address (masqueraded LANs only).
 */
export function firewallText({ isMasqueraded, forward }) {
  const source = isMasqueraded
    ? 'meta nfproto ipv4 masquerade comment "!fw4: Masquerade IPv4 wan traffic"'
    : '';
  const target = forward
    ? `meta nfproto ipv4 tcp dport 80 counter dnat ip to ${forward}:80 comment "!fw4: web"`
    : '';
  return `table inet fw4 {
  chain input {
    type filter hook input priority filter; policy accept;
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state vmap { established : accept, related : accept }
    iifname "lan" jump forward_lan
    iifname "wan" jump forward_wan
  }
  chain forward_lan {
    jump accept_to_wan
  }
  chain forward_wan {
    ct status dnat accept comment "!fw4: Accept port forwards"
    ${isMasqueraded ? 'meta nfproto ipv6 accept' : 'oifname "lan" accept'}
  }
  chain accept_to_wan {
    meta nfproto ipv4 oifname "wan" ct state invalid counter drop comment "!fw4: Prevent NAT leakage"
    oifname "wan" counter accept comment "!fw4: accept wan IPv4/IPv6 traffic"
  }
  chain dstnat {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "wan" jump dstnat_wan
  }
  chain dstnat_wan {
    ${target}
  }
  chain srcnat {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "wan" jump srcnat_wan
  }
  chain srcnat_wan {
    ${source}
  }
  chain mangle_forward {
    type filter hook forward priority mangle; policy accept;
    iifname "wan" tcp flags & (fin | syn | rst) == syn tcp option maxseg size set rt mtu
    oifname "wan" tcp flags & (fin | syn | rst) == syn tcp option maxseg size set rt mtu
  }
}
`;
}
