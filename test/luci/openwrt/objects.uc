// Stand-ins for ubus objects of netifd and procd, which do not run in the tree of the test: what LuCI asks to
// draw a page, for a router with one WAN. Not OpenWrt.
'use strict';

const interfaces = [ 'loopback', 'lan', 'wan', 'wan6' ];

const quiet = (value) => ({ call: () => value });

return {
	system: {
		board: quiet({ hostname: 'OpenWrt', model: 'stand-in', release: { distribution: 'OpenWrt', version: 'test', description: 'OpenWrt test' } }),
		info: quiet({ uptime: 86400, localtime: time(), load: [ 0, 0, 0 ], memory: { total: 134217728, free: 67108864, shared: 0, buffered: 0 }, swap: {} })
	},
	'network.interface': {
		dump: quiet({ interface: map(interfaces, (name) => ({
			interface: name, up: true, available: true, proto: 'static', device: name, l3_device: name, data: {},
			'ipv4-address': name == 'wan' ? [ { address: '198.51.100.7', mask: 24 } ] : []
		})) })
	},
	network: { get_proto_handlers: quiet({ static: { no_device: false }, dhcp: {}, dhcpv6: {} }) },
	'luci-rpc': {
		getBoardJSON: quiet({}),
		getHostHints: quiet({}),
		getWirelessDevices: quiet({}),
		getNetworkDevices: quiet({})
	}
};
