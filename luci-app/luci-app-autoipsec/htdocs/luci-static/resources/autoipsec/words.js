'use strict';
'require baseclass';
'require autoipsec.sentences as sentences';

/*
 * Plain words for what the daemon reports. Everything here gives text, never markup: strangers have
 * a say in parts of it (`why`, `identity`), so whoever shows it makes text nodes of it.
 */

const states = {
	keyed: _('Encrypted'),
	pending: _('Being set up'),
	potential: _('Looking for a peer'),
	clear: _('Not encrypted'),
	deny: _('Blocked')
};

const classes = {
	'oe-permissive': _('Encrypt when possible'),
	'oe-paranoid': _('Insist on encryption'),
	'always-clear': _('Never encrypt'),
	'deny': _('Block'),
	'accept-only': _('Encrypt when the other side starts')
};

const finders = {
	'oe-dns': _('Reverse DNS'),
	'autovpn': _('AutoVPN')
};

const trusts = {
	unauthenticated: _('Not authenticated: safe from listeners only'),
	'first contact': _('Key taken as it came at the first meeting, and the same since'),
	dns: _('Key from unsigned DNS: safe from listeners only'),
	dnssec: _('Key vouched for by DNSSEC'),
	authority: _('Certificate of an authority that you trust'),
	fingerprint: _('You have compared its fingerprint')
};

/** The text without the full stop it may end in. */
const bare = (text) => String(text ?? '').replace(/\.+$/, '');

return baseclass.extend({
	/** In the order in which a person looks for them. */
	stateNames: Object.keys(states),
	classNames: Object.keys(classes),

	state: (name) => states[name] ?? String(name),
	policyClass: (name) => classes[name] ?? String(name),
	finder: (name) => name ? (finders[name] ?? String(name)) : '',
	trust: (peer) => trusts[peer.trust] ?? String(peer.trustText ?? peer.trust ?? ''),

	/** Seconds as a person says them, in one unit. */
	duration(seconds) {
		const s = Math.max(0, Math.round(seconds));

		if (s < 90)
			return _('%d s').format(s);
		if (s < 5400)
			return _('%d min').format(Math.round(s / 60));
		if (s < 129600)
			return _('%d h').format(Math.round(s / 3600));

		return _('%d days').format(Math.round(s / 86400));
	},

	ago(at, now) {
		return at > 0 ? _('%s ago').format(this.duration(now - at)) : _('not yet');
	},

	bytes: (count) => '%1024.1mB'.format(+count || 0),

	/** Why a connection is as it is, and until when. */
	explain(connection, now) {
		const { state, until } = connection;
		const left = until > 0 ? this.duration(until - now) : null;
		const told = [ this.reason(connection) ];

		if (left && state == 'keyed')
			told.push(_('Its keys hold for another %s.').format(left));
		else if (left && (state == 'clear' || state == 'deny'))
			told.push(_('Looked at again in %s.').format(left));

		// a reason may end in a question, and a unit in a full stop
		return told.join(' ').replace(/([?.])\.(?= |$)/g, '$1');
	},

	/** @private */
	reason({ state, why, class: name }) {
		const because = sentences.translate(bare(why));

		switch (state) {
		case 'keyed':
			return because ? _('Encrypted, because %s.').format(because) : _('Encrypted.');

		case 'pending':
			return _('A tunnel is being set up; packets wait for it.');

		case 'potential':
			return _('The DNS is asked whether somebody encrypts there; packets wait meanwhile.');

		case 'clear':
			return this.chosen(name, 'always-clear', _('Not encrypted, as you have set it for this network.')) ??
				this.chosen(name, 'accept-only', _('Not encrypted, as you have set it to wait for the other side to start.')) ??
				_('Not encrypted, as no tunnel can be had: %s.').format(because);

		case 'deny':
			return this.chosen(name, 'deny', _('Blocked, as you have set it for this network.')) ??
				this.chosen(name, 'oe-paranoid', _('Blocked, because you insist on encryption and it can not be had: %s.').format(because)) ??
				_('Blocked, because something is wrong there: %s.').format(because);

		default:
			return because;
		}
	},

	/** @private */
	chosen: (name, wanted, sentence) => name == wanted ? sentence : null
});
