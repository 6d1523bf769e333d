'use strict';
'require baseclass';
'require autoipsec.kinds as kinds';
'require autoipsec.words as words';

/* The options of the plugin `autovpn`; see fields.js. Two tabs: what a home may want, and the rest. */

const { flag, number, choice, text, list } = kinds;
const home = 'autovpn';
const expert = 'autovpn_expert';

const file = { pattern: /^\/[A-Za-z0-9_.\/-]{1,200}$/, allowed: _('an absolute path') };
const print = { pattern: /^[0-9a-fA-F]{64}$/, allowed: _('64 hexadecimal digits') };
const traffic = { pattern: /^(tcp|udp|icmp)$/, allowed: _('tcp, udp or icmp') };
const pause = { pattern: /^([1-9]|[1-5]\d|60)$/, allowed: _('1 to 60') };
const words200 = { pattern: /^.{0,200}$/, allowed: _('text of up to 200 characters') };
const words1024 = { pattern: /^.{0,1024}$/, allowed: _('text of up to 1024 characters') };
const octets = { pattern: /^([0-9a-fA-F]{2}){8,64}$/, allowed: _('8 to 64 octets in hexadecimal') };

const agreed = _('Both sides must agree.');

const fallback = [ [ 'allow', _('let through unencrypted') ], [ 'block', _('block for a while') ] ];

const options = [
	flag(home, 'autovpn_probe', _('Ask others for a tunnel'),
		_('Without it the router only answers those who ask.'), '1'),
	text(home, 'autovpn_contact_details', _('Who you are'), words1024,
		'To find out whether this is really us, ask our administrator by other means for the fingerprint that "autoipsec autovpn own" shows there, and compare it with the one that you see here.',
		_('For the administrators of peers, with the place where they find your fingerprint. Everybody on the Internet may get it.')),
	choice(home, 'autovpn_shared_secret', _('Remember peers for good'), [
		[ 'manual', _('when you say so') ], [ 'auto', _('each one, from the first meeting on') ]
	], 'manual', _('It ends only when both sides forget each other.')),
	choice(home, 'autovpn_fallback_unknown', _('No tunnel with somebody who was never met'), fallback, 'allow'),
	choice(home, 'autovpn_fallback_unverified', _('No tunnel with a peer that is not verified'), fallback, 'allow'),
	choice(home, 'autovpn_fallback_trusted_ca', _('No tunnel with a peer that an authority vouches for'), fallback, 'allow'),
	choice(home, 'autovpn_fallback_trusted', _('No tunnel with a peer that you trust'), fallback, 'block'),
	choice(home, 'autovpn_unverified', _('A peer that is not verified'), [
		[ 'tunnel', _('gets a tunnel') ], [ 'clear', _('stays unencrypted until you trust it') ]
	], 'tunnel', _('It is met and listed all the same.')),
	list(home, 'autovpn_authority', _('Authorities you trust'), file, '',
		_('Files with certificates (PEM): peers with a certificate of theirs are trusted.')),
	list(home, 'autovpn_revoked', _('Revoked certificates'), print, '', _('Fingerprints: they are forgotten and refused.')),
	number(home, 'autovpn_unverified_timeout', _('Forget a peer that was not met for'), [ 3600, 315360000 ], '2592000',
		_('Seconds. Only those that you have not looked at; below a week, a peer that comes back is a stranger too easily.')),

	list(expert, 'autovpn_managed', _('Certificates of a VPN of your own'), file, '', _('Files (PEM): AutoVPN leaves them alone.')),
	list(expert, 'autovpn_probe_protocols', _('Traffic that is worth a tunnel'), traffic, 'tcp',
		_('A probe for anything but TCP may disturb hosts that have no gateway of this kind.')),
	list(expert, 'autovpn_retransmit', _('Ask again after'), pause, '2 4', _('Seconds; two entries at most.')),
	choice(expert, 'autovpn_retry_key', _('One attempt is meant for'), [
		[ 'h1', _('a host outside') ], [ 'h1-h2', _('it together with the one inside') ]
	], 'h1'),
	number(expert, 'autovpn_retry_interval', _('No second attempt before'), [ 86400, 2592000 ], '86400', _('Seconds.')),
	number(expert, 'autovpn_nonce_lifetime', _('Wait for an answer to a probe'), [ 16, 3600 ], '120', _('Seconds.')),
	number(expert, 'autovpn_nonce_key_interval', _('Replace the key that seals nonces after'), [ 600, 604800 ], '86400', _('Seconds.')),
	number(expert, 'autovpn_probe_rate', _('Answers to probes in a second, at most'), [ 1, 1000 ], '10'),
	flag(expert, 'autovpn_verify_flow', _('Only answer for connections that are there'), '', '1'),
	choice(expert, 'autovpn_foreign_nonce', _('Answer to a nonce of another gateway'), [
		[ 'drop', _('drop') ], [ 'forward', _('let through, for a gateway behind this one') ]
	], 'drop'),
	choice(expert, 'autovpn_complete_embeds', _('Packet that a Probe Complete quotes'), [
		[ 'clear', _('the unencrypted one') ], [ 'response', _('the Probe Response') ]
	], 'clear'),
	number(expert, 'autovpn_icmp_class_num', _('Class-Num of objects in ICMP'), [ 247, 255 ], '251', agreed),
	choice(expert, 'autovpn_icmp_object_pad', _('Fill objects in ICMP'), [
		[ 'none', _('no') ], [ 'zero', _('with zeros up to 32-bit words') ]
	], 'none'),
	number(expert, 'autovpn_spi_marker', _('First word of a Probe Response'), [ 3, 255 ], '253', agreed),
	choice(expert, 'autovpn_spi_marker_len', _('Octets of that marker, as sent'), [ [ '16', '16' ], [ '4', '4' ] ], '16'),
	choice(expert, 'autovpn_spi_marker_accept', _('Octets of that marker, as understood'), [
		[ 'both', _('both') ], [ '16', '16' ], [ '4', '4' ]
	], 'both'),
	number(expert, 'autovpn_probe_sport', _('Port that a Probe Response comes from'), [ 1, 65535 ], '4500'),
	choice(expert, 'autovpn_ike_port', _('Port at which IKE begins'), [ [ '4500', '4500' ], [ '500', '500' ] ], '4500'),
	text(expert, 'autovpn_vendor_id', _('Name of this software in probes'), words200, 'autovpn.qjs/1',
		_('Text, or 0x and hexadecimal octets.')),
	number(expert, 'autovpn_max_peers', _('Peers remembered, at most'), [ 10, 4000 ], '500'),
	number(expert, 'autovpn_persist_interval', _('Least time between two writes to the flash'), [ 0, 604800 ], '21600', _('Seconds.')),
	number(expert, 'autovpn_contact_max', _('Longest text of a peer'), [ 0, 1024 ], '1024', _('Octets.')),
	number(expert, 'autovpn_secret_length', _('Length of shared secrets'), [ 0, 1024 ], '0',
		_('Octets; 0 for what the negotiated PRF gives. Both sides must agree.')),
	flag(expert, 'autovpn_secret_echo_required', _('Shared secrets have to be confirmed by name')),
	flag(expert, 'autovpn_secret_strict', _('A peer with a shared secret has to use it'), '', '1'),
	flag(expert, 'autovpn_secret_rollover', _('A shared secret vouches for a new certificate'), '', '1'),
	choice(expert, 'autovpn_unknown_nonce', _('Call with a nonce that is none of ours'), [
		[ 'ignore', _('no answer') ], [ 'plain', _('taken as any other call') ]
	], 'ignore'),
	number(expert, 'autovpn_ike_payload_nonce', _('IKE payload AutoVPN Nonce'), [ 128, 255 ], '224', agreed),
	number(expert, 'autovpn_ike_payload_contact', _('IKE payload Contact Details'), [ 128, 255 ], '225', agreed),
	number(expert, 'autovpn_notify_shared_secret', _('Notification AUTOVPN_SHARED_SECRET'), [ 40960, 65535 ], '64840', agreed),
	text(expert, 'autovpn_ike_vendor_id', _('Vendor ID of AutoVPN in IKE'), octets, '06bbc0252d498cef8caf5bea3edc0aa120ee3506', agreed)
];

return baseclass.extend({
	name: 'autovpn',
	title: words.finder('autovpn'),
	help: _('Asks whoever sends traffic here, and believes in the same key from then on.'),
	tabs: [ [ home, words.finder('autovpn') ], [ expert, _('AutoVPN, experts') ] ],
	options
});
