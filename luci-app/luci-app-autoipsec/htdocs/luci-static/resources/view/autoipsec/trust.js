'use strict';
'require view';
'require poll';
'require dom';
'require autoipsec.calls as calls';
'require autoipsec.copyable as copyable';
'require autoipsec.fingerprint as fingerprint';
'require autoipsec.page as page';
'require autoipsec.words as words';

const readonly = !L.hasViewPermission();

const states = {
	Unverified: {
		kind: 'seen', word: _('Not verified'),
		help: _('It had this key each time since it was first seen. Who is behind it nobody has checked.')
	},
	Trusted: {
		kind: 'trusted', word: _('Trusted'),
		help: _('Its key was compared, or an authority that you trust vouches for it.')
	},
	Untrusted: {
		kind: 'distrusted', word: _('Not trusted'),
		help: _('You said that this key is not the one of whom it claims to be. No tunnel is made with it.')
	},
	Managed: {
		kind: 'trusted', word: _('Managed'),
		help: _('It is in the configuration, which decides about it.')
	}
};

const stateOf = (peer) => states[peer.state] ?? { kind: 'seen', word: String(peer.state), help: '' };

/** A fingerprint to compare by eye. */
const shown = (label, value) => E('div', {}, [
	E('strong', {}, [ label ]),
	E('div', { 'class': 'autoipsec-plain autoipsec-fingerprint' }, [ fingerprint.groups(value) ])
]);

/** Asks the router, says how it went, and looks at the peers again. */
async function act(self, asked, done) {
	const answer = await asked;

	page.tell(answer.error ?? done, !!answer.error);
	self.show(await calls.peers());
}

/** To be trusted, a fingerprint has to be typed: a button alone would be pressed. */
function askTrust(self, peer) {
	const verdict = E('p', { 'role': 'status' });
	const input = E('input', { 'type': 'text', 'class': 'cbi-input-text', 'autocomplete': 'off', 'spellcheck': 'false' });
	const words = {
		short: _('Type all of it, or its last 16 digits.'),
		same: _('✓ It is the same.'),
		other: _('✗ It is another one. Do not trust this peer.')
	};
	const trust = (close) => page.button(_('Trust this peer'), () => {
		close();
		return act(self, calls.trust(peer.id, fingerprint.digits(input.value)), _('%s is trusted.').format(peer.name));
	}, { kind: 'positive', isOff: true });

	page.dialog(_('Trust %s?').format(peer.name), [
		E('p', {}, [ _('Ask the people whom this peer claims to be for the fingerprint of their router, by telephone or from their web site, not by the network that you want to protect.') ]),
		E('div', { 'class': 'autoipsec-pair' }, [
			shown(_('The key of this peer'), peer.fingerprint),
			E('label', {}, [ E('strong', {}, [ _('What you got from them') ]), input, verdict ])
		]),
		E('p', {}, [ _('Trusted means: you have compared its key. When no tunnel can be had, its traffic is blocked, unless you have set it otherwise; it is not forgotten by time.') ])
	], (close) => {
		const button = trust(close);
		const judge = () => {
			const found = fingerprint.compare(input.value, peer.fingerprint);

			verdict.textContent = words[found];
			button.disabled = found != 'same';
		};

		input.addEventListener('input', judge);
		judge();

		return [ button ];
	});
}

function askDistrust(self, peer) {
	const reason = E('input', { 'type': 'text', 'class': 'cbi-input-text', 'maxlength': 200 });

	page.dialog(_('Do you distrust %s?').format(peer.name), [
		E('p', {}, [ _('Its tunnels end at once, and none is made with this key again, whoever starts it. What happens to its traffic then is what you have set for its network.') ]),
		E('label', {}, [ E('strong', {}, [ _('Why (a note for you)') ]), reason ])
	], (close) => [ page.button(_('Distrust this peer'), () => {
		close();
		return act(self, calls.distrust(peer.id, reason.value.trim() || undefined), _('%s is not trusted.').format(peer.name));
	}, { kind: 'negative' }) ]);
}

function askRemove(self, peer) {
	const sure = E('input', { 'type': 'checkbox' });

	page.dialog(_('Forget %s?').format(peer.name), [
		E('p', {}, [ _('Its key and what you said about it are forgotten, a shared secret too. Whoever comes next under this name is taken as new: do this when they told you that they have a new key.') ]),
		E('label', {}, [ sure, ' ', _('They told me so.') ])
	], (close) => {
		const button = page.button(_('Forget this peer'), () => {
			close();
			return act(self, calls.remove(peer.id), _('%s is forgotten.').format(peer.name));
		}, { kind: 'negative', isOff: true });

		sure.addEventListener('change', () => { button.disabled = !sure.checked; });

		return [ button ];
	});
}

/** Another key under the same name: nothing here makes it go away but a verdict. */
const alarm = ({ conflict, fingerprint: known }, now) => E('div', { 'class': 'alert-message error', 'role': 'alert' }, [
	E('h4', {}, [ _('Alarm: another key came under this name') ]),
	E('p', {}, [ _('Somebody may pose as this peer, or it has a new key. No tunnel is made with the other key. Ask them; then distrust the peer, or forget it to take the new key.') ]),
	E('div', { 'class': 'autoipsec-pair' }, [ shown(_('The key that is known'), known), shown(_('The other key'), conflict.fingerprint) ]),
	E('p', {}, [ _('From %s, %d times, last %s.').format(conflict.address, conflict.count, words.ago(conflict.lastSeen, now)) ])
]);

function card(self, peer, now) {
	const { kind, word, help } = stateOf(peer);
	const isMine = peer.state == 'Managed' || readonly;

	return E('section', { 'class': 'autoipsec-card', 'data-peer': peer.id, 'aria-label': peer.name }, [
		E('h4', {}, [ peer.name ]),
		E('p', {}, [ page.badge(kind, word), ' ', help ]),
		peer.conflict ? alarm(peer, now) : shown(_('Fingerprint'), peer.fingerprint),
		page.facts([
			[ _('Address'), peer.address ],
			[ _('May speak for'), L.toArray(peer.addresses).join(', ') ],
			[ _('Tunnels now'), peer.tunnels == null ? null : String(peer.tunnels) ],
			[ _('First seen'), words.ago(peer.firstSeen, now) ],
			[ _('Last seen'), words.ago(peer.lastSeen, now) ],
			[ _('Shared secret'), peer.hasSecret ? _('yes: it stays known until it is forgotten by hand') : _('no') ],
			[ _('Your note'), peer.reason ]
		]),
		peer.contact ? E('div', {}, [
			E('strong', {}, [ _('What it says of itself (unchecked)') ]),
			E('div', { 'class': 'autoipsec-plain autoipsec-contact' }, [ peer.contact ])
		]) : '',
		E('div', { 'class': 'autoipsec-actions' }, [
			page.button(_('Trust…'), () => askTrust(self, peer), { hint: _('Trust %s').format(peer.name), isOff: isMine || !!peer.conflict || peer.trustedBy == 'person' }),
			page.button(_('Distrust…'), () => askDistrust(self, peer), { hint: _('Distrust %s').format(peer.name), isOff: isMine || peer.state == 'Untrusted' }),
			page.button(_('Forget…'), () => askRemove(self, peer), { hint: _('Forget %s').format(peer.name), isOff: isMine })
		])
	]);
}

/** Puts a card in the place of another; the focus stays on the button that had it, or goes to the next one. */
function exchange(old, fresh) {
	const focused = old.contains(document.activeElement) ? document.activeElement : null;
	const label = focused?.getAttribute('aria-label');

	old.replaceWith(fresh);

	if (focused) {
		const buttons = [ ...fresh.querySelectorAll('button:enabled') ];

		(buttons.find((each) => each.getAttribute('aria-label') == label) ?? buttons[0])?.focus();
	}
}

/** How this router shows itself; nothing while no interface has AutoVPN. */
const ownCard = ({ error, name, fingerprint: print, contact }) => error ? '' : E('details', { 'class': 'autoipsec-card' }, [
	E('summary', {}, [ _('What others see of this router: its fingerprint and contact text') ]),
	E('p', {}, [ _('Give them the fingerprint by telephone or on your web site, so that they can compare it.') ]),
	page.facts([ [ _('Name'), name ] ]),
	E('strong', {}, [ _('Fingerprint') ]),
	copyable.field(_('Fingerprint of this router'), fingerprint.groups(print), 3),
	E('strong', {}, [ _('What it says of itself') ]),
	copyable.field(_('Contact text of this router'), contact, 3),
	E('p', {}, [ E('a', { 'href': L.url('admin/vpn/autoipsec/settings') }, [ _('Change the text in the settings of AutoVPN') ]) ])
]);

/** Alarms first, then who was seen last. */
const byInterest = (a, b) => (!!b.conflict - !!a.conflict) || (b.lastSeen - a.lastSeen);

return view.extend({
	load: () => Promise.all([ calls.peers(), calls.own() ]),

	render([ answer, own ]) {
		this.list = E('div');
		this.show(answer);
		poll.add(() => calls.peers().then((fresh) => this.show(fresh)), 5);

		return E('div', {}, [
			page.top(_('Trust'), _('Peers that were met without an arrangement, and how far you trust them.')),
			ownCard(own),
			this.list
		]);
	},

	/** @private Draws what has changed only: a reader keeps his place, and hears an alarm once. */
	show(answer) {
		const now = Math.floor(Date.now() / 1000);
		const peers = L.toArray(answer.peers).sort(byInterest);
		const fresh = peers.map((peer) => card(this, peer, now));

		if (peers.length == 0)
			fresh.push(E('p', {}, [ answer.error ?? _('No peer is known yet. Peers found by AutoVPN appear here when they are met for the first time; those found in the DNS are judged by the DNS and need no verdict of yours.') ]));

		fresh.forEach((node, i) => {
			const old = this.list.children[i];

			if (!old)
				this.list.append(node);
			else if (!old.isEqualNode(node))
				exchange(old, node);
		});

		while (this.list.children.length > fresh.length)
			this.list.lastElementChild.remove();
	},

	handleSave: null,
	handleSaveApply: null,
	handleReset: null
});
