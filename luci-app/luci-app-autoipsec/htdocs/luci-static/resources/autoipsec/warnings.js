'use strict';
'require baseclass';
'require autoipsec.sentences as sentences';

/*
 * What a person should look at, and what to do about it. The daemon's own warnings come without
 * advice (it is on the command line that speaks to experts), so the advice for a home user is here;
 * findings of `check` bring theirs.
 */

const settings = { label: _('Go to the settings'), path: 'admin/vpn/autoipsec/settings' };
const interfaces = { label: _('Go to the interfaces'), path: 'admin/network/network' };
const trust = { label: _('Go to the peers'), path: 'admin/vpn/autoipsec/trust' };

const firewall = { label: _('Go to the firewall'), path: 'admin/network/firewall' };

/** Which warning of the daemon, and what helps. */
const advices = [
	[ /^no WAN is up/, _('Look whether the line is up, and whether its interface is ticked in the settings.'), interfaces ],
	[ /^WAN .* has no address/, _('Nothing can be encrypted there before the interface has an address. Look whether the line is up.'), interfaces ],
	[ /^WAN .* has the device of/, _('Two interfaces share one line, and the settings of the first one count. Make them the same, or switch one of them off.'), settings ],
	[ /does not check DNSSEC/, _('Install a resolver on this router that does (unbound-daemon, or dnsmasq-full with DNSSEC switched on), or name one that you trust in the settings.'), settings ],
	[ /^flow offloading is on/, _('Switch it off under Network → Firewall, or what it translates goes out unencrypted.'), firewall ],
	[ /keys of all tunnels/, _('Switch the key log off as soon as you are done with it.'), settings ],
];

const fallback = _('Let the check at the foot of this page look at it.');

/** What a finding of `check` is about, and what was found. */
const told = ({ what, found }) => '%s: %s'.format(sentences.translate(what), sentences.translate(found));

return baseclass.extend({
	/** `{ what, todo, link? }` for a sentence of the daemon. */
	fromDaemon(sentence) {
		const [ , todo, link ] = advices.find(([ pattern ]) => pattern.test(sentence)) ?? [ null, fallback ];

		return { what: sentences.translate(sentence), todo, link };
	},

	/** The same for findings of `check` that are not well; what the daemon warns of anyway is left out. */
	fromCheck(findings) {
		return L.toArray(findings)
			.filter(({ level, what }) => level == 'FAIL' || (level == 'warn' && what == 'clock'))
			.map((finding) => ({ what: told(finding), todo: sentences.translate(finding.remedy) ?? '' }));
	},

	/** Whether `fromPeers` tells the same, and more. */
	isAboutPeer: (sentence) => /^autovpn: another certificate/.test(sentence),

	/** The same for peers under whose name another key came. */
	fromPeers(peers) {
		return L.toArray(peers).filter((peer) => peer.conflict).map((peer) => ({
			what: _('Another key came under the name of %s.').format(peer.name),
			todo: _('Somebody may pose as this peer. No tunnel is made with the other key.'),
			link: trust,
			isAlarm: true
		}));
	},

	/** The daemon is not to be asked, though it should be. */
	notRunning: (error) => ({
		what: _('The service does not run: %s').format(error),
		todo: _('See the system log for the reason; it is started under System → Startup.'),
		link: { label: _('Go to the system log'), path: 'admin/status/logs' }
	}),

	switchedOff: () => ({
		what: _('Automatic IPsec is switched off, so nothing is encrypted.'),
		todo: _('Switch it on and tick how peers are found on your interfaces to the Internet.'),
		link: settings
	}),

	/** One line of `check`, its level in words. */
	finding(finding) {
		const { level, remedy } = finding;
		const words = { ok: _('fine'), warn: _('could be better'), FAIL: _('to be mended') };

		return E('li', { 'class': 'autoipsec-finding' }, [
			E('strong', {}, [ '%s: '.format(words[level] ?? level) ]),
			told(finding),
			remedy ? E('small', {}, [ '→ ' + sentences.translate(remedy) ]) : ''
		]);
	},

	render({ what, todo, link, isAlarm }) {
		return E('div', { 'class': 'alert-message %s'.format(isAlarm ? 'error' : 'warning'), 'role': 'alert' }, [
			E('h4', {}, [ isAlarm ? _('Alarm') : _('Warning') ]),
			E('p', {}, [ what ]),
			E('p', {}, [ todo ]),
			link ? E('a', { 'class': 'btn', 'href': L.url(link.path) }, [ link.label ]) : ''
		]);
	}
});
