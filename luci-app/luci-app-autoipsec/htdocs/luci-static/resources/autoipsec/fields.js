'use strict';
'require baseclass';
'require autoipsec.autovpn as autovpn';
'require autoipsec.kinds as kinds';
'require autoipsec.words as words';

/*
 * Every option of /etc/config/autoipsec, as the form shows it. The daemon's schema (src/core/config
 * and the plugins' options) decides what there is, what is allowed and what holds without a value; a
 * test compares both. Titles and help are for somebody who runs a home.
 */

const { flag, number, choice, text, list } = kinds;

const folder = { pattern: /^\/[A-Za-z0-9_.\/-]{0,200}$/, allowed: _('an absolute path') };
const bit = { pattern: /^0x[0-9a-fA-F]{1,8}$/, allowed: _('one bit, like 0x20000000') };
const hex = { pattern: /^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/, allowed: _('a number from 0x1 to 0xffff0000') };
const fqdn = { pattern: /^([A-Za-z0-9_][A-Za-z0-9_-]*\.)+[A-Za-z0-9_-]*[A-Za-z_][A-Za-z0-9_-]*\.?$/, allowed: _('a full name like gw.example.org') };
const address = { datatype: 'ipaddr("nomask")' };
const network = { datatype: 'or(ipaddr("nomask"), cidr)' };
const proposal = {
	pattern: /^[a-z0-9]+(-[a-z0-9]+)*$/,
	allowed: _('names joined by dashes, like aes128gcm16-prfsha256-x25519')
};

const classes = words.classNames.map((name) => [ name, words.policyClass(name) ]);

const main = [
	flag('general', 'enabled', _('Switch on'),
		_('Off, the service starts nothing and touches nothing.')),
	choice('general', 'log_level', _('Messages in the system log'), [
		[ 'error', _('only errors') ],
		[ 'warning', _('errors and warnings') ],
		[ 'info', _('what matters to a person') ],
		[ 'debug', _('everything, to look for a mistake') ]
	], 'info'),

	list('names', 'name_server', _('Name servers to ask'), address, '',
		_('Without any, those that the router itself uses.')),
	list('names', 'trusted_name_server', _('Name servers that check DNSSEC for us'), address, '',
		_('Their word is believed, beside that of a resolver on this router. Name one only when nobody else can write to the path to it.')),
	number('names', 'dns_port', _('Port of the name servers'), [ 1, 65535 ], '53'),

	number('waiting', 'patience', _('Wait for a silent peer'), [ 0.5, 300 ], '5',
		_('Seconds. Whoever opens a page waits that long too, before it goes its way without a tunnel.')),
	number('waiting', 'dns_patience', _('Wait for the DNS'), [ 0.5, 300 ], '3', _('Seconds.')),
	number('waiting', 'no_record_lifespan', _('Ask again where nobody encrypts, after'), [ 1, 604800 ], '21600', _('Seconds.')),
	number('waiting', 'refused_lifespan', _('Ask again where a peer said no, after'), [ 1, 604800 ], '3600', _('Seconds.')),
	number('waiting', 'silent_lifespan', _('Ask again where a peer was silent, after'), [ 1, 604800 ], '600', _('Seconds.')),
	flag('waiting', 'reject_denied', _('Tell senders that they are blocked'),
		_('With an ICMP message instead of silence.')),

	choice('renewal', 'key_type', _('Kind of key'), [
		[ 'rsa', _('RSA: every peer understands it') ],
		[ 'ecdsa-p256', _('ECDSA P-256: shorter, for new peers only') ],
		[ 'ed25519', _('Ed25519: shorter, for new peers only') ]
	], 'rsa', _('For the key that is made at the first start; a key that is there stays.')),
	number('renewal', 'sa_soft_lifetime', _('Renew the keys of a tunnel after'), [ 60, 86400 ], '3240', _('Seconds.')),
	number('renewal', 'sa_hard_lifetime', _('Never use them longer than'), [ 60, 86400 ], '3600', _('Seconds; more than above.')),
	number('renewal', 'sa_soft_bytes', _('Renew them after so much data'), [ 0, 999999999999999 ], '900000000000',
		_('Bytes in one direction; 0 for any amount.')),
	number('renewal', 'sa_hard_bytes', _('Never use them for more data than'), [ 0, 999999999999999 ], '1000000000000',
		_('Bytes; more than above, or 0 for any amount.')),
	number('renewal', 'sa_soft_packets', _('Renew them after so many packets'), [ 0, 4294967295 ], '3000000000',
		_('In one direction; 0 for any number.')),
	number('renewal', 'sa_hard_packets', _('Never use them for more packets than'), [ 0, 4294967295 ], '4000000000',
		_('More than above, or 0 for any number.')),
	number('renewal', 'ike_soft_lifetime', _('Renew the keys between two routers after'), [ 60, 604800 ], '14400', _('Seconds.')),
	number('renewal', 'ike_hard_lifetime', _('Never use those longer than'), [ 60, 604800 ], '18000', _('Seconds; more than above.')),

	list('expert', 'ike_proposal', _('Algorithms of the key exchange'), proposal, '',
		_('The best first, like aes128gcm16-prfsha256-x25519; nothing else is offered or taken. Without any, all that are good.')),
	list('expert', 'esp_proposal', _('Algorithms of the tunnels'), proposal, '',
		_('Likewise, like aes128gcm16-esn.')),
	text('expert', 'mark_bit', _('Bit of the packet mark'), bit, '0x20000000',
		_('Change it when another service uses the same bit.')),
	number('expert', 'first_queue', _('First netfilter queue'), [ 0, 65519 ], '4500',
		_('Each interface uses one from here on.')),
	text('expert', 'first_reqid', _('First request ID in the kernel'), hex, '0x41490000',
		_('65536 of them belong to this service, and nothing else is touched.')),
	text('expert', 'state_folder', _('Folder of the private key'), folder, '/etc/autoipsec',
		_('Kept over a reboot.')),
	text('expert', 'run_folder', _('Folder in memory'), folder, '/var/run/autoipsec',
		_('For what survives a crash of the service.')),
	text('expert', 'metrics_file', _('File for metrics'),
		{ pattern: /^\/(var|tmp)\/[A-Za-z0-9_/-]{1,200}\.prom$/, allowed: _('a path like /var/prometheus/autoipsec.prom') }, '',
		_('In the format of Prometheus. Without it, none are written.')),
	flag('expert', 'key_log', _('Write the keys of all tunnels to files'),
		_('For debugging with Wireshark only: whoever reads these files can read the traffic.'))
];

const wan = [
	{ kind: 'network', tab: 'general', uci: 'interface', title: _('Interface'), default: '' },
	flag('general', 'enabled', _('Use it')),
	{ kind: 'plugins', tab: 'general', uci: 'plugin', default: '' },
	choice('general', 'default_class', _('Traffic without a rule'), classes, 'oe-permissive',
		_('What happens with destinations that no rule below names.')),
	text('advanced', 'fqdn', _('Name of this router'), fqdn, '',
		_('Shown to peers instead of the address: for a router whose address changes. It can start tunnels, and nobody can start one to it.')),
	choice('advanced', 'masquerade', _('Local network hidden behind the address'), [
		[ 'auto', _('as the firewall says') ], [ 'yes', _('Yes') ], [ 'no', _('No') ]
	], 'auto'),
	flag('advanced', 'include_private', _('Private addresses too'),
		_('Look for peers at private addresses beyond this interface.')),
	text('advanced', 'device', _('Network device'), { pattern: /^[A-Za-z0-9_.@:-]{1,15}$/, allowed: _('a device like eth1') }, '',
		_('Without it, the device of the interface.'))
];

const plugins = [
	{
		name: 'oe-dns',
		title: words.finder('oe-dns'),
		help: _('The DNS says who encrypts for an address, and with which key.'),
		tabs: [ [ 'oe-dns', words.finder('oe-dns') ] ],
		options: [
			flag('oe-dns', 'oe_dns_require_dnssec', _('Only records that DNSSEC vouches for'),
				_('Safe against forged DNS answers, but few zones are signed.')),
			flag('oe-dns', 'oe_dns_unsigned_delegation', _('Unsigned records may name another machine'),
				_('Whoever can forge DNS answers can then take encrypted traffic to himself.'))
		]
	},
	autovpn
];

const policy = [
	list('general', 'destination', _('Traffic to'), network, '0.0.0.0/0 ::/0',
		_('Addresses or networks, like 192.0.2.0/24 or 2001:db8::/32. The longest that fits wins.')),
	list('general', 'source', _('From'), network, '',
		_('Only for traffic from these addresses or networks; without any, from everywhere.')),
	choice('general', 'class', _('What to do'), classes, 'oe-permissive')
];

return baseclass.extend({ main, wan, plugins, policy });
