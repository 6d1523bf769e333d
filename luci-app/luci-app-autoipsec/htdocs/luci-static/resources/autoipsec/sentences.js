'use strict';
'require baseclass';

/*
 * Sentences of the daemon and of the command line in the language of the reader. They come in English, with
 * addresses, names and other sentences in them; each template stands here as `_()` takes it. What is not here
 * stays English. A test finds every template in the sources that say it.
 */

const templates = (_) => [
	// Why a connection is as it is
	_('a %s record names %s as gateway'),
	_('the peer asked for it'),
	_('probes have shown %s on the path'),
	_('it stood before a restart'),
	_('%s: the DNSSEC signature is wrong, somebody may forge the answer'),
	_('%s: the DNSSEC signature is wrong'),
	_('%s: the record is malformed (%s)'),
	_('no answer from DNS, %s'),
	_('no record at %s'),
	_('no key for %s in the DNS (OE-35)'),
	_('no address for %s in the DNS'),
	_('key or address of %s is not vouched for by DNSSEC'),
	_('the %s record is not vouched for by DNSSEC'),
	_('the %s record names %s as gateway and is not vouched for by DNSSEC'),
	_('name does not exist'),
	_('no record of this type'),
	_('no name server is known'),
	_('no answer from %s in %d ms'),
	_('gateway %s: %s'),
	_('no answer from %s within %d s; filtered?'),
	_('UDP port %s of %s'),
	_('answered IKE_SA_INIT, then silent for %d s'),
	_('no answer about the tunnel within %d s'),
	_('refused: %s'),
	_('the peer does not accept our proof (%s)'),
	_('the peer is proven and refuses the tunnel: %s'),
	_('the peer deletes the IKE SA'),
	_('the gateway is this router itself'),
	_('no gateway on the Internet has such an address'),
	_('WAN %s has no address of the family of %s'),
	_('no plugin of this WAN looks for gateways'),
	_('no plugin of this WAN works'),
	_('another IPsec policy on this router covers the pair; it is not touched'),
	_('no tunnel with a known peer (%s), and clear is not allowed with it'),

	// Warnings
	_('no WAN is up; nothing is encrypted'),
	_('WAN %s has no address'),
	_('WAN %s has the device of %s, and goes by its settings'),
	_('the resolver does not check DNSSEC signatures: encryption is safe from listeners, not from whoever can forge DNS answers'),
	_('key_log is on: the keys of all tunnels are written to %s, and whoever reads them there can read the traffic'),

	// What `check` finds, and what to do
	_('Ready.'),
	_('Ready, but %s.'),
	_('Not ready: %s.'),
	_('%d to mend'),
	_('%d could be better'),
	_('configuration'),
	_('clock'),
	_('kernel and tools'),
	_('ciphers'),
	_('daemon'),
	_('port %s'),
	_('own key'),
	_('own records'),
	_('name servers'),
	_('%s is valid'),
	_('the service is switched off'),
	_('%s UTC can not be right'),
	_('let NTP set it (service sysntpd start): signatures can not be judged without'),
	_('all parts are there'),
	_('AES-GCM first, which is fast here (%s)'),
	_('ChaCha20-Poly1305 first, as AES is slow here (%s)'),
	_('it runs and holds the ports 500 and 4500'),
	_('it does not run'),
	_('free'),
	_('can not be had: %s'),
	_('stop the other IKE daemon (strongSwan, libreswan), or do not use this service'),
	_('its network device is not known'),
	_('%s has no global address'),
	_('%s is private: somebody before this router translates it again, so nobody can look up records for it or call it'),
	_('tunnels can be started from here under the name of option fqdn'),
	_('ask for a public address, or give the WAN a name with option fqdn to start tunnels at least'),
	_('no WAN is enabled'),
	_('look at the name servers first'),
	_("publish what 'autoipsec records' prints, so that others encrypt to you"),
	_('%d published'),
	_('not vouched for by DNSSEC as seen from here'),
	_('have the zone signed, or anybody who forges DNS can pose as this router'),
	_('start the daemon once, it makes the key'),
	_('there is no key in %s'),
	_('look at /etc/resolv.conf, or name servers with list name_server'),
	_('%s answered'),
	_('answers come validated from a trusted name server'),
	_('a signature of the root or of the own zone is wrong'),
	_('look at the clock, then at the zone: somebody may forge answers'),
	_('no answer comes validated: tunnels are safe from listeners, not from active attackers'),
	_('run a validating resolver on this router (unbound-daemon, or dnsmasq-full with dnssec), or name one with list trusted_name_server'),
	_('none in the configuration and none in /etc/resolv.conf'),

	// Own records
	_('%s at %s: %s (%s)'),
	_('missing'),
	_('differs'),
	_('unknown'),
	_('vouched for by DNSSEC'),
	_('not vouched for by DNSSEC'),
	_('the DNSSEC signature is wrong'),
	_('other records only'),
	_('%d published, none with this gateway and key'),
	_('Who sends to %s shall encrypt, and %s itself is the gateway: for the router and for the hosts that are hidden behind this address. TXT is the older form, IPSECKEY the newer one.'),
	_('The key with which %s signs, for peers that it calls and that read KEY records.'),
	_('The key with which %s signs, for peers that it calls. Its address needs no record for that, but nobody will call it without one there.'),
	_("%s on '%s' is a private address: nobody can look up records for it. Give the WAN a name with option fqdn to start tunnels all the same."),
	_("WAN '%s' has no address now."),
	_("%s is private: its hosts are hidden behind the router's own address, whose records count for them."),
	_('No WAN has an address of the family of %s.'),

	// Refusals
	_('the daemon is not running (%s)'),
	_('the daemon gave no answer'),
	_('the plugin autovpn is not in use'),
	_("no peer '%s' is known"),
	_('that is not the fingerprint of %s, nor its last 16 digits: nothing is changed'),
	_('it is managed: the configuration decides about it'),
	_('another certificate has this name already'),
	_('something else is being tried')
];

/** What is longer is no sentence of ours. */
const longest = 600;
const deepest = 4;

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const pattern = (english) => new RegExp('^%s$'.format(
	english.split(/(%[sd])/).map((part) => ({ '%s': '(.+?)', '%d': '(\\d+)' })[part] ?? literal(part)).join('')));

const inReadersWords = templates(_);
// those with more words of their own first: others would take them for a name
const known = templates((english) => english)
	.map((english, i) => ({ english, matches: pattern(english), words: inReadersWords[i] }))
	.sort((a, b) => b.english.length - a.english.length);

/** The parts of a list or of `what: why`, each for itself. */
function piecewise(text, depth) {
	for (const joint of [ '; ', ': ', ', ' ]) {
		const at = text.indexOf(joint);

		if (at > 0)
			return translated(text.slice(0, at), depth + 1) + joint + translated(text.slice(at + joint.length), depth + 1);
	}

	return text;
}

function translated(text, depth) {
	if (depth > deepest)
		return text;

	for (const { matches, words } of known) {
		const found = text.match(matches);

		if (found)
			return words.format(...found.slice(1).map((each) => translated(each, depth + 1)));
	}

	return piecewise(text, depth);
}

return baseclass.extend({
	/** A sentence as the reader has it; text, never markup. */
	translate: (text) => text == null || String(text).length > longest ? text : translated(String(text), 0)
});
